import { useState } from 'preact/hooks';
import { OFFER_HELP } from '../../contract/offerHelp.ts';
import type { OfferMember } from '../../contract/offerHelp.ts';
import type { OfferItemJson } from '../../contract/operators/records.ts';
import type { OfferAsk } from '../changes/offerChange.ts';
import { OfferDialogue } from '../changes/offerDialogue.tsx';
import { State } from '../parts/icons.tsx';
import { Done } from '../parts/notices.tsx';
import { Ago } from '../parts/now.tsx';
import { Facts } from '../parts/table.tsx';
import { Id, OfferName, Plain } from '../parts/text.tsx';
import { Link } from '../routing/navigation.tsx';
import { useMay } from '../session/context.ts';
import { describeValue, titleOf } from '../text/members.ts';
import { describeDuration } from '../text/time.ts';

export interface OfferViewProps {
  readonly item: OfferItemJson;
  /** What was just done. */
  readonly said: string;
  readonly edit: () => void;
  /** Nothing was changed here, but perhaps by somebody else. */
  readonly reload: () => void;
  readonly finish: (said: string, isDeleted: boolean) => void;
}

/** One offer, with what can be done with it. */
export function OfferView({ item, said, edit, reload, finish }: OfferViewProps) {
  const { offer } = item;
  return (
    <>
      <p>
        <OfferState status={offer.status} />
      </p>
      <OfferActions {...{ item, edit, reload, finish }} />
      <Done said={said} />
      <dl class="facts">
        {Object.entries(offer)
          .filter(([name]) => name !== 'offer' && name !== 'status')
          .map(([name, value]) => (
            <div key={name}>
              <dt title={OFFER_HELP[name as OfferMember]}>{titleOf(name)}</dt>
              <dd>
                <Plain text={describeMember(value)} />
              </dd>
            </div>
          ))}
      </dl>
      <Facts
        facts={[
          [
            'Changed',
            <>
              <Ago at={item.changedAt} /> by <Id id={item.changedBy} what="the object id of who changed it" />
            </>,
          ],
        ]}
      />
    </>
  );
}

function describeMember(value: unknown): string {
  return typeof value === 'string' && /^P[T\d]/.test(value) ? describeDuration(value) : describeValue(value);
}

export function OfferState({ status }: { readonly status: string }) {
  return <State is={status === 'active' ? 'good' : 'warn'} word={status} />;
}

function OfferActions({ item, edit, reload, finish }: Omit<OfferViewProps, 'said'>) {
  const [ask, setAsk] = useState<OfferAsk | null>(null);
  if (!useMay('Operator')) return null;
  const status = item.offer.status === 'active' ? 'suspend' : 'resume';
  const open = (kind: 'suspend' | 'resume' | 'delete') => () => {
    setAsk({ kind });
  };
  return (
    <div class="actions unprinted">
      <button type="button" class={status === 'suspend' ? 'primary' : ''} onClick={edit}>
        Change …
      </button>
      <button type="button" class={status === 'suspend' ? 'ending' : 'primary'} onClick={open(status)}>
        {status === 'suspend' ? 'Suspend …' : 'Resume …'}
      </button>
      <button type="button" class="ending" onClick={open('delete')}>
        Delete …
      </button>
      {ask !== null && (
        <OfferDialogue
          item={item}
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

export function DeletedOffer({ name, said }: { readonly name: string; readonly said: string }) {
  return (
    <>
      <h1>
        <OfferName name={name} />
      </h1>
      <Done said={said} />
      <p>
        <Link to={{ page: 'offers' }}>Look at the other offers</Link>
      </p>
    </>
  );
}
