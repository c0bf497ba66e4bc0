import { useState } from 'preact/hooks';
import type { OverrideJson } from '../../contract/operators/override.ts';
import { ApiError } from '../data/problems.ts';
import { useData } from '../data/useData.ts';
import { ChangeDialogue } from '../parts/dialogue.tsx';
import { OfferName } from '../parts/text.tsx';
import { Versions } from '../parts/versions.tsx';
import { useSession } from '../session/context.ts';
import { tellSeated } from './effect.ts';
import { EndField, SeatsField } from './fields.tsx';
import { paramsOf } from './offerChange.ts';
import { overrideCommand } from './overrideCommand.ts';
import type { OverridePlace, OverrideTerms } from './overrideCommand.ts';
import { tryAndApply } from './tryAndApply.ts';

export interface OverrideDialogueProps {
  readonly place: OverridePlace;
  /** What is asked for at first; fields may change it. */
  readonly terms: OverrideTerms;
  readonly close: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string) => void;
}

interface Present {
  readonly override: OverrideJson | null;
  readonly etag?: string;
}

/** Sets terms of one subscription instead of the offer's, in marketplace mode. */
export function OverrideDialogue(props: OverrideDialogueProps) {
  const { api } = useSession();
  const params = { ...paramsOf(props.place.offer), cloud: props.place.cloud, subscription: props.place.subscription };
  const read = (signal: AbortSignal): Promise<Present> =>
    api.read('readOverride', { params, signal }).catch((error: unknown) => {
      if (error instanceof ApiError && error.trouble.kind === 'missing') return { override: null };
      throw error;
    });
  const { value, reload } = useData('override', read);
  if (value === null) return null;
  return <OneTry {...props} key={value.etag ?? ''} present={value} params={params} read={read} reload={reload} />;
}

interface OneTryProps extends OverrideDialogueProps {
  readonly present: Present;
  readonly params: Readonly<Record<string, string>>;
  readonly read: (signal: AbortSignal) => Promise<Present>;
  readonly reload: () => void;
}

const AS_THE_OFFER = {
  status: 'active',
  seats: null,
  overage: null,
  validUntil: null,
  features: {},
  note: '',
} as const;

function OneTry({ place, terms, present, params, read, reload, close, finish }: OneTryProps) {
  const { api } = useSession();
  const [asked, setAsked] = useState<OverrideTerms | null>(terms);
  const before = present.override ?? AS_THE_OFFER;
  const body = { ...before, ...asked };
  const write = { params, body, ...(present.etag !== undefined && { etag: present.etag }) };
  return (
    <ChangeDialogue
      title="Change the terms of this subscription"
      verb="Change the terms"
      isEnding={false}
      asked={asked === null ? null : JSON.stringify(asked)}
      describe={({ effect }) => `${tellSeated(effect)} Other subscriptions keep what the offer says.`}
      command={(reason) => overrideCommand(place, asked ?? {}, reason)}
      {...tryAndApply(api, 'putOverride', write)}
      close={close}
      finish={() => {
        finish('The subscription has its own terms now.');
      }}
      showVersions={() => (
        <Versions
          read={before}
          mine={body}
          readNow={read}
          membersOf={(now) => now.override ?? AS_THE_OFFER}
          restart={reload}
          close={close}
        />
      )}
    >
      <p class="subject">
        <OfferName name={place.offer} />
      </p>
      {terms.seats !== undefined && (
        <SeatsField
          value={terms.seats}
          change={(seats) => {
            setAsked(seats === null ? null : { seats });
          }}
        />
      )}
      {terms.validUntil !== undefined && (
        <EndField
          label="End"
          none="No end"
          value={terms.validUntil}
          change={(validUntil) => {
            setAsked(validUntil === undefined ? null : { validUntil });
          }}
        />
      )}
    </ChangeDialogue>
  );
}
