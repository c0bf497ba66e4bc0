import { useCallback } from 'preact/hooks';
import type { ListedLicenceJson } from '../../contract/operators/licenceList.ts';
import { usePages } from '../data/usePages.ts';
import { Choice, Words, stay } from '../parts/filters.tsx';
import { Listed } from '../parts/loaded.tsx';
import { Ago, Day } from '../parts/now.tsx';
import { EFFECTIVE_WORDS, LicenceState } from '../parts/states.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { OfferName, Plain } from '../parts/text.tsx';
import { Link, useNavigation } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';

const COLUMNS: readonly Column<ListedLicenceJson>[] = [
  {
    title: 'Customer',
    cell: ({ licence }) => (
      <Link to={{ page: 'licences', id: licence.id }}>
        <Plain text={licence.customer?.name ?? licence.id} />
      </Link>
    ),
  },
  { title: 'Licence', cell: ({ licence }) => licence.customer !== null && <Plain text={licence.id} /> },
  { title: 'State', cell: ({ licence, effective }) => <LicenceState licence={licence} effective={effective} /> },
  { title: 'Offer', cell: ({ licence }) => <OfferName name={licence.offer} /> },
  { title: 'Seats', cell: ({ licence }) => licence.seats, isNumber: true },
  { title: 'Ends', cell: ({ licence }) => <Day at={licence.validUntil} none="no end" /> },
  { title: 'Note', cell: ({ licence }) => licence.note !== '' && <Clamped text={licence.note} /> },
  { title: 'Changed', cell: ({ changedAt }) => <Ago at={changedAt} /> },
];

function Clamped({ text }: { readonly text: string }) {
  return (
    <span class="clamped">
      <Plain text={text} />
    </span>
  );
}

/** A row for each licence. */
export function CustomersPage() {
  const { api } = useSession();
  const { place, go } = useNavigation();
  const { words = '', state = '' } = place.query;
  const isFiltered = words !== '' || state !== '';
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) =>
      api.read('listLicences', { query: { query: words, status: state, continuation }, ...(signal && { signal }) }),
    [api, words, state],
  );
  const list = usePages(`licences ${state} ${words}`, read);
  const change = (query: Readonly<Record<string, string>>) => {
    go({ page: 'customers', query: { ...place.query, ...query } }, { replace: true });
  };
  return (
    <>
      <h1>Customers</h1>
      <form class="filters" onSubmit={stay}>
        <Words
          label="Words of customer, licence or note"
          value={words}
          change={(text) => {
            change({ words: text });
          }}
        />
        <Choice
          label="State"
          value={state}
          options={[['', 'every state'], ...EFFECTIVE_WORDS]}
          change={(value) => {
            change({ state: value });
          }}
        />
      </form>
      <Listed
        list={list}
        empty={
          isFiltered ? 'No licence fits.' : 'There is no licence yet. Grant one with “countersign licences grant”.'
        }
      >
        {(items) => (
          <>
            <p class="quiet" role="status">
              {items.length === 1 ? '1 licence' : `${items.length} licences`}
              {list.hasMore && ', and there are more'}
            </p>
            <Table caption="Licences" columns={COLUMNS} items={items} keyOf={({ licence }) => licence.id} />
          </>
        )}
      </Listed>
    </>
  );
}
