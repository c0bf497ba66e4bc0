import { useState } from 'preact/hooks';
import type { OfferItemJson } from '../../contract/operators/records.ts';
import { ChangeDialogue } from '../parts/dialogue.tsx';
import { OfferName } from '../parts/text.tsx';
import { Versions } from '../parts/versions.tsx';
import { useSession } from '../session/context.ts';
import { paramsOf, planOfferChange } from './offerChange.ts';
import type { OfferAsk } from './offerChange.ts';
import { Touched } from './touched.tsx';
import { tryAndApply } from './tryAndApply.ts';

export interface OfferDialogueProps {
  readonly item: OfferItemJson;
  readonly ask: OfferAsk;
  readonly close: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string) => void;
}

/** Changes one offer, and starts over where somebody else was quicker. Offers reach many customers: their name is typed. */
export function OfferDialogue({ item, ask, close, finish }: OfferDialogueProps) {
  const { api } = useSession();
  const [{ offer, etag }, setCurrent] = useState(item);
  const { title, button, patch, isEnding, describe, done, command } = planOfferChange(offer, ask);
  const params = paramsOf(offer.offer);
  const [endpoint, body] = patch === null ? (['deleteOffer', {}] as const) : (['patchOffer', { body: patch }] as const);
  return (
    <ChangeDialogue
      key={etag}
      title={title}
      verb={button}
      isEnding={isEnding}
      asked={JSON.stringify(ask)}
      typed={offer.offer}
      describe={({ effect }) => (
        <>
          {describe(effect)} <Touched licences={effect.licences} />
        </>
      )}
      command={command}
      {...tryAndApply(api, endpoint, { params, etag, ...body })}
      close={close}
      finish={() => {
        finish(done);
      }}
      showVersions={() => (
        <Versions
          read={offer}
          mine={patch === null ? null : { ...offer, ...patch }}
          readNow={(signal) => api.read('readOffer', { params, signal })}
          membersOf={(now) => now.offer}
          restart={setCurrent}
          close={close}
        />
      )}
    >
      <p class="subject">
        <OfferName name={offer.offer} />
      </p>
    </ChangeDialogue>
  );
}
