import { useCallback } from 'preact/hooks';
import type { OfferItemJson } from '../../contract/operators/records.ts';
import { usePages } from '../data/usePages.ts';
import { State } from '../parts/icons.tsx';
import { Listed } from '../parts/loaded.tsx';
import { Ago } from '../parts/now.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { OfferName } from '../parts/text.tsx';
import { useSession } from '../session/context.ts';
import { describeDuration } from '../text/time.ts';

const COLUMNS: readonly Column<OfferItemJson>[] = [
  { title: 'Offer', cell: ({ offer }) => <OfferName name={offer.offer} /> },
  {
    title: 'State',
    cell: ({ offer }) => <State is={offer.status === 'active' ? 'good' : 'warn'} word={offer.status} />,
  },
  { title: 'Mode', cell: ({ offer }) => offer.mode },
  { title: 'Clouds', cell: ({ offer }) => (offer.clouds === '*' ? 'every cloud' : offer.clouds.join(', ')) },
  { title: 'Lifetime', cell: ({ offer }) => describeDuration(offer.lifetime) },
  { title: 'Grace', cell: ({ offer }) => describeDuration(offer.grace) },
  { title: 'Lease', cell: ({ offer }) => describeDuration(offer.lease) },
  { title: 'Changed', cell: ({ changedAt }) => <Ago at={changedAt} /> },
];

export function OffersPage() {
  const { api } = useSession();
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) =>
      api.read('listOffers', { query: { continuation }, ...(signal && { signal }) }),
    [api],
  );
  return (
    <>
      <h1>Offers</h1>
      <Listed
        list={usePages('offers', read)}
        empty="There is no offer yet. Apply a catalogue with “countersign apply”."
      >
        {(items) => <Table caption="Offers" columns={COLUMNS} items={items} keyOf={({ offer }) => offer.offer} />}
      </Listed>
    </>
  );
}
