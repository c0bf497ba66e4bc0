import { useState } from 'preact/hooks';
import type { LicenceDetailJson } from '../../contract/operators/records.ts';
import { useNow } from '../parts/now.tsx';
import { useMay } from '../session/context.ts';
import { effectiveStatus } from '../text/effective.ts';
import type { LicenceAsk, LicenceAskKind } from './licenceChange.ts';
import { LicenceDialogue } from './licenceDialogue.tsx';

export interface LicenceActionsProps {
  readonly detail: LicenceDetailJson;
  /** Nothing was changed here, but perhaps by somebody else. */
  readonly reload: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string, isDeleted: boolean) => void;
}

type Action = Extract<LicenceAskKind, 'seats' | 'end' | 'suspend' | 'resume' | 'revoke' | 'delete'>;

const LABELS: Readonly<Record<Action, string>> = {
  seats: 'Change the seats …',
  end: 'Change the end …',
  suspend: 'Suspend …',
  resume: 'Resume …',
  revoke: 'Revoke …',
  delete: 'Delete …',
};

const ENDING: readonly Action[] = ['suspend', 'revoke', 'delete'];

/** What an operator can do with a licence: what its state calls for stands out. */
export function LicenceActions({ detail, reload, finish }: LicenceActionsProps) {
  const [ask, setAsk] = useState<LicenceAsk | null>(null);
  const now = useNow();
  if (!useMay('Operator')) return null;
  const { licence } = detail;
  const effective = effectiveStatus(licence, now);
  const primary = licence.status === 'active' ? (effective === 'expired' ? 'end' : 'seats') : 'resume';
  const actions: readonly Action[] = [
    ...(['seats', 'end'] as const),
    licence.status === 'active' ? 'suspend' : 'resume',
    ...(licence.status === 'revoked' ? [] : (['revoke'] as const)),
    'delete',
  ];
  return (
    <div class="actions unprinted">
      {actions.map((action) => (
        <button
          key={action === 'resume' ? 'suspend' : action}
          type="button"
          class={action === primary ? 'primary' : ENDING.includes(action) ? 'ending' : ''}
          onClick={() => {
            setAsk(askOf(detail, action));
          }}
        >
          {LABELS[action]}
        </button>
      ))}
      {ask !== null && (
        <LicenceDialogue
          item={{ licence, etag: detail.etag, changedBy: detail.changedBy, changedAt: detail.changedAt }}
          ask={ask}
          close={() => {
            setAsk(null);
            reload();
          }}
          finish={(said) => {
            setAsk(null);
            finish(said, ask.kind === 'delete');
          }}
        />
      )}
    </div>
  );
}

function askOf({ licence }: LicenceDetailJson, action: Action): LicenceAsk {
  if (action === 'seats') return { kind: action, seats: licence.seats };
  return action === 'end' ? { kind: action, validUntil: licence.validUntil } : { kind: action };
}
