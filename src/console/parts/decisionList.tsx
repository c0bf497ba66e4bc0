import { useCallback } from 'preact/hooks';
import type { DecisionJson } from '../../contract/operators/decision.ts';
import { usePages } from '../data/usePages.ts';
import { useRepeated } from '../data/useRepeated.ts';
import { Link } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';
import { shortenId } from '../text/ids.ts';
import { Listed } from './loaded.tsx';
import { Ago } from './now.tsx';
import { DecisionState } from './states.tsx';
import { Table } from './table.tsx';
import type { Column } from './table.tsx';
import { OfferName, Plain } from './text.tsx';

/** Milliseconds between two looks. */
const PAUSE = 5_000;

const COLUMNS: readonly Column<DecisionJson>[] = [
  {
    title: 'When',
    cell: ({ id, at }) => (
      <Link to={{ page: 'decisions', id }}>
        <Ago at={at} />
      </Link>
    ),
  },
  { title: 'Decided', cell: ({ code }) => <DecisionState code={code} /> },
  {
    title: 'Licence',
    cell: ({ licence }) =>
      licence !== null && (
        <Link to={{ page: 'licences', id: licence }}>
          <Plain text={licence} />
        </Link>
      ),
  },
  { title: 'Offer', cell: ({ offer, claimedOffer }) => <OfferName name={offer ?? claimedOffer ?? ''} /> },
  { title: 'Cloud', cell: ({ cloud }) => cloud },
  {
    title: 'Subscription',
    cell: ({ cloud, subscription }) => (
      <Link to={{ page: 'decisions', query: { cloud, subscription } }}>
        <code title={subscription}>{shortenId(subscription)}</code>
      </Link>
    ),
  },
  {
    title: 'VM',
    cell: ({ vmId }) => (
      <Link to={{ page: 'vms', id: vmId }}>
        <code title={vmId}>{shortenId(vmId)}</code>
      </Link>
    ),
  },
];

const NOTHING_FITS = 'Nothing was decided yet that fits.';

export interface DecisionListProps {
  readonly filter: Readonly<Record<string, string | undefined>>;
  /** Whether it is read again every few seconds, while somebody can see it. */
  readonly isLive: boolean;
  /** Titles of columns that say the same in every row. */
  readonly without?: readonly string[];
  readonly empty?: string;
}

/** Decisions, the newest first. */
export function DecisionList({ filter, isLive, without = [], empty = NOTHING_FITS }: DecisionListProps) {
  const { api } = useSession();
  const key = JSON.stringify(filter);
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) => {
      const query = { ...(JSON.parse(key) as typeof filter), continuation };
      return api.read('listDecisions', { query, ...(signal && { signal }) });
    },
    [api, key],
  );
  const list = usePages(key, read);
  // Without a token there is nothing to follow.
  useRepeated(list.reload, PAUSE, isLive && list.trouble?.kind !== 'signed_out');
  return (
    <Listed list={list} empty={empty}>
      {(items) => (
        <Table
          caption="Decisions, the newest first"
          columns={COLUMNS.filter(({ title }) => !without.includes(title))}
          items={items}
          keyOf={({ id }) => id}
        />
      )}
    </Listed>
  );
}
