import { useCallback } from 'preact/hooks';
import type { PoolJson } from '../../../contract/operators/pool.ts';
import { usePages } from '../../data/usePages.ts';
import { Link } from '../../routing/navigation.tsx';
import { useSession } from '../../session/context.ts';
import { Id } from '../text.tsx';
import { State } from '../icons.tsx';
import { Listed } from '../loaded.tsx';
import { Ago } from '../now.tsx';
import { SeatBar } from '../seatBar.tsx';
import { Table } from '../table.tsx';
import type { Column } from '../table.tsx';
import { OfferName } from '../text.tsx';

const COLUMNS: readonly Column<PoolJson>[] = [
  { title: 'Subscription', cell: (pool) => <Subscription pool={pool} /> },
  { title: 'State', cell: (pool) => <PoolState pool={pool} /> },
  { title: 'Seats', cell: ({ taken, limit, over }) => <SeatBar taken={taken} seats={limit} over={over} /> },
  { title: 'Refused, 24 h', cell: ({ refused }) => refused.last24h.toLocaleString('en'), isNumber: true },
  { title: 'Last seen', cell: ({ lastSeen }) => <Ago at={lastSeen} /> },
];

const PAGE = '50';

export interface PoolRowsProps {
  readonly kind: 'marketplace' | 'trial';
  readonly isFullestFirst: boolean;
}

/** A row for each subscription that has seats without a licence. */
export function PoolRows({ kind, isFullestFirst }: PoolRowsProps) {
  const { api } = useSession();
  const sort = isFullestFirst ? 'fullest' : 'name';
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) =>
      api.read('listPools', { query: { kind, sort, limit: PAGE, continuation }, ...(signal && { signal }) }),
    [api, kind, sort],
  );
  const empty =
    kind === 'trial'
      ? 'No subscription has begun a trial.'
      : 'No VM has come from a subscription in marketplace mode yet.';
  return (
    <Listed list={usePages(`pools ${kind} ${sort}`, read)} empty={empty}>
      {(items) => <Table caption="Subscriptions" columns={COLUMNS} items={items} keyOf={({ pool }) => pool} />}
    </Listed>
  );
}

function Subscription({ pool: { cloud, subscription, offer } }: { readonly pool: PoolJson }) {
  return (
    <>
      <Id id={subscription} what="the id of the subscription" />
      <Link to={{ page: 'decisions', query: { cloud, subscription } }}>decisions</Link>
      <span class="beneath">
        {cloud} · <OfferName name={offer} />
      </span>
    </>
  );
}

function PoolState({ pool: { taken, limit, over } }: { readonly pool: PoolJson }) {
  if (limit === 0) return <State is="bad" word="ended" />;
  if (over > 0) return <State is="warn" word="beyond the seats" />;
  return limit !== 'unlimited' && taken >= limit ? (
    <State is="warn" word="full" />
  ) : (
    <State is="good" word="within the seats" />
  );
}
