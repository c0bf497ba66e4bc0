import { useState } from 'preact/hooks';
import { ChangeDialogue } from '../parts/dialogue.tsx';
import { Notice } from '../parts/notices.tsx';
import { OfferName } from '../parts/text.tsx';
import { useSession } from '../session/context.ts';
import { EndField, SeatsField, TextField } from './fields.tsx';
import { grantCommand, readGrant, writeGrant } from './grant.ts';
import type { Grant, GrantDraft } from './grant.ts';
import { tryAndApply } from './tryAndApply.ts';

export interface GrantDialogueProps {
  readonly of: Pick<Grant, 'offer' | 'cloud' | 'subscription'>;
  readonly close: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string) => void;
}

/** Grants a licence to one subscription. */
export function GrantDialogue({ of, close, finish }: GrantDialogueProps) {
  const { api } = useSession();
  const [draft, setDraft] = useState<GrantDraft>({ ...of, id: '', seats: 1, validUntil: null, customer: '' });
  const set = (change: Partial<GrantDraft>) => {
    setDraft((before) => ({ ...before, ...change }));
  };
  const grant = readGrant(draft);
  const write = { params: { id: draft.id }, ...(grant !== null && { body: writeGrant(grant) }) };
  return (
    <ChangeDialogue
      title="Grant a licence"
      verb="Grant the licence"
      isEnding={false}
      asked={grant === null ? null : JSON.stringify(grant)}
      describe={({ old }) =>
        old === null
          ? 'A new licence. VMs of the subscription get licences under it from then on.'
          : 'There is a licence with this id already. Choose another id, or change that licence on its page.'
      }
      command={(reason) => (grant === null ? '' : grantCommand(grant, reason))}
      {...tryAndApply(api, 'putLicence', write)}
      close={close}
      finish={() => {
        finish(`The licence ${draft.id} is granted.`);
      }}
      showVersions={() => <Taken id={draft.id} close={close} />}
    >
      <GrantFields draft={draft} set={set} />
    </ChangeDialogue>
  );
}

interface GrantFieldsProps {
  readonly draft: GrantDraft;
  readonly set: (change: Partial<GrantDraft>) => void;
}

function GrantFields({ draft, set }: GrantFieldsProps) {
  return (
    <>
      <p class="subject">
        <OfferName name={draft.offer} />
      </p>
      <TextField
        label="Id of the licence"
        help="Letters, digits, “.”, “_” and “-”, such as fabrikam-2027."
        value={draft.id}
        change={(id) => {
          set({ id: id.trim() });
        }}
      />
      <TextField
        label="Customer"
        value={draft.customer}
        change={(customer) => {
          set({ customer });
        }}
      />
      <SeatsField
        value={1}
        change={(seats) => {
          set({ seats });
        }}
      />
      <EndField
        label="End"
        none="No end"
        value={null}
        change={(validUntil) => {
          set({ validUntil });
        }}
      />
    </>
  );
}

/** Somebody else has taken the id, or the subscription. */
function Taken({ id, close }: { readonly id: string; readonly close: () => void }) {
  return (
    <>
      <Notice title="There is such a licence already">
        <p>Nothing was written. Look at the licence {id}, then start over.</p>
      </Notice>
      <div class="buttons">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </>
  );
}
