import { useState } from 'preact/hooks';
import { Plain } from '../parts/text.tsx';
import { useNavigation } from '../routing/navigation.tsx';
import { useMay } from '../session/context.ts';
import { CureDialogue } from './cureDialogue.tsx';
import { findCures } from './cures.ts';
import type { Cure, Refusal } from './cures.ts';

export interface CureButtonsProps {
  readonly refusal: Refusal;
  /** Nothing was changed here, but perhaps by somebody else. */
  readonly reload: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string) => void;
}

/** What cures a refusal: buttons for those who can write, and for everybody what others have to do. */
export function CureButtons({ refusal, reload, finish }: CureButtonsProps) {
  const [open, setOpen] = useState<Cure | null>(null);
  const { go } = useNavigation();
  const mayWrite = useMay('Operator');
  const cures = findCures(refusal);
  const buttons = mayWrite ? cures.filter((cure) => cure.by !== 'reading') : [];
  const close = () => {
    setOpen(null);
  };
  return (
    <>
      {buttons.length > 0 && (
        <div class="actions unprinted">
          {buttons.map((cure, index) => (
            <button
              key={cure.label}
              type="button"
              class={index === 0 ? 'primary' : ''}
              onClick={() => {
                if (cure.by === 'newOffer') go({ page: 'offers', query: { new: cure.name } });
                else setOpen(cure);
              }}
            >
              {cure.label}
            </button>
          ))}
        </div>
      )}
      {cures.map((cure) => cure.by === 'reading' && <p key={cure.text}>{<Plain text={cure.text} />}</p>)}
      {open !== null && (
        <CureDialogue
          cure={open}
          refusal={refusal}
          close={() => {
            close();
            reload();
          }}
          finish={(said) => {
            close();
            finish(said);
          }}
        />
      )}
    </>
  );
}
