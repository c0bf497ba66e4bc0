import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { LicenceItemJson } from '../../contract/operators/records.ts';
import { useData } from '../data/useData.ts';
import { Dialogue } from '../parts/dialogue.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { useSession } from '../session/context.ts';
import { AttachChooser } from './attachChooser.tsx';
import type { Cure, Refusal } from './cures.ts';
import { GrantDialogue } from './grantDialogue.tsx';
import { LicenceDialogue } from './licenceDialogue.tsx';
import { OfferDialogue } from './offerDialogue.tsx';
import { paramsOf } from './offerChange.ts';
import { OverrideDialogue } from './overrideDialogue.tsx';
import { VmDialogue } from './vmDialogue.tsx';

export interface CureDialogueProps {
  readonly cure: Cure;
  readonly refusal: Refusal;
  readonly close: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string) => void;
}

export function CureDialogue({ cure, refusal, close, finish }: CureDialogueProps) {
  const { api } = useSession();
  const { cloud, subscription } = refusal.decision;
  const rest = { close, finish };
  switch (cure.by) {
    case 'licence':
      return (
        <Item read={(signal) => api.read('readLicence', { params: { id: cure.id }, signal })} close={close}>
          {(item) => <LicenceDialogue item={item} ask={cure.ask} {...rest} />}
        </Item>
      );
    case 'offer':
      return (
        <Item read={(signal) => api.read('readOffer', { params: paramsOf(cure.name), signal })} close={close}>
          {(item) => <OfferDialogue item={item} ask={cure.ask} {...rest} />}
        </Item>
      );
    case 'override':
      return <OverrideDialogue place={{ offer: cure.name, cloud, subscription }} terms={cure.terms} {...rest} />;
    case 'vm':
      return refusal.now.activation === null ? null : (
        <VmDialogue vm={refusal.now.activation} verb={cure.verb} {...rest} />
      );
    case 'attach':
      return <Attach offer={cure.name} refusal={refusal} {...rest} />;
    case 'grant':
      return <GrantDialogue of={{ offer: cure.name, cloud, subscription }} {...rest} />;
    case 'newOffer':
    case 'reading':
      return null;
  }
}

interface AttachProps extends Omit<CureDialogueProps, 'cure'> {
  readonly offer: string;
}

/** First the licence is chosen, then the change is asked for as any other. */
function Attach({ offer, refusal: { decision }, close, finish }: AttachProps) {
  const [item, setItem] = useState<LicenceItemJson | null>(null);
  const { cloud, subscription } = decision;
  if (item === null) return <AttachChooser offer={offer} choose={setItem} close={close} />;
  const ask = { kind: 'addSubscription', cloud, subscription } as const;
  return <LicenceDialogue item={item} ask={ask} close={close} finish={finish} />;
}

interface ItemProps<T> {
  readonly read: (signal: AbortSignal) => Promise<T>;
  readonly close: () => void;
  readonly children: (item: T) => ComponentChildren;
}

/** What is to be changed, as it is now. */
function Item<T>({ read, close, children }: ItemProps<T>) {
  const data = useData('item', read);
  if (data.value !== null) return <>{children(data.value)}</>;
  return (
    <Dialogue title="Looking at what is there now" close={close}>
      <Loaded data={data}>{() => null}</Loaded>
      <div class="buttons">
        <button type="button" onClick={close}>
          Cancel
        </button>
      </div>
    </Dialogue>
  );
}
