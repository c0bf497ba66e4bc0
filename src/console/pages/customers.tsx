import { useCallback } from 'preact/hooks';
import type { LicenceItemJson } from '../../contract/operators/records.ts';
import { usePages } from '../data/usePages.ts';
import { Choice, Words, stay } from '../parts/filters.tsx';
import { Listed } from '../parts/loaded.tsx';
import { Ago, Day, useNow } from '../parts/now.tsx';
import { EFFECTIVE_WORDS, LicenceState } from '../parts/states.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { OfferName, Plain } from '../parts/text.tsx';
import { Link, useNavigation } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';
import { effectiveStatus } from '../text/effective.ts';

const COLUMNS: readonly Column<LicenceItemJson>[] = [
  {
    title: 'Customer',
    cell: ({ licence }) => (
      <Link to={{ page: 'licences', id: licence.id }}>
        <Plain text={licence.customer?.name ?? licence.id} />
      </Link>
    ),
  },
  { title: 'Licence', cell: ({ licence }) => licence.customer !== null && <Plain text={licence.id} /> },
  { title: 'State', cell: ({ licence }) => <LicenceState licence={licence} /> },
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

/** Whether every word that was typed begins a word of what the row says. */
function hasWords({ licence }: LicenceItemJson, words: string): boolean {
  const said = [
    licence.id,
    licence.offer,
    licence.note,
    licence.customer?.name ?? '',
    licence.customer?.reference ?? '',
  ];
  const text = ` ${said.join(' ').toLowerCase()}`;
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => word === '' || [' ', '-', '.', '/', '_'].some((before) => text.includes(before + word)));
}

/** A row for each licence. */
export function CustomersPage() {
  const { api } = useSession();
  const { place, go } = useNavigation();
  const now = useNow();
  const { words = '', state = '' } = place.query;
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) =>
      api.read('listLicences', { query: { limit: '1000', continuation }, ...(signal && { signal }) }),
    [api],
  );
  const list = usePages('licences', read);
  const change = (query: Readonly<Record<string, string>>) => {
    go({ page: 'customers', query: { ...place.query, ...query } }, { replace: true });
  };
  const isShown = (item: LicenceItemJson) =>
    hasWords(item, words) && (state === '' || effectiveStatus(item.licence, now) === state);
  return (
    <>
      <h1>Customers</h1>
      <form class="filters" onSubmit={stay}>
        <Words
          label="Words of name, licence, offer or note"
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
      <Listed list={list} empty="There is no licence yet. Grant one with “countersign licences grant”.">
        {(items) => <Rows items={items} shown={items.filter(isShown)} hasMore={list.hasMore} />}
      </Listed>
    </>
  );
}

interface RowsProps {
  readonly items: readonly LicenceItemJson[];
  readonly shown: readonly LicenceItemJson[];
  readonly hasMore: boolean;
}

function Rows({ items, shown, hasMore }: RowsProps) {
  return (
    <>
      <p class="quiet" role="status">
        {shown.length} of {items.length} licences{hasMore && ' that were loaded; there are more'}
      </p>
      {shown.length > 0 && (
        <Table caption="Licences" columns={COLUMNS} items={shown} keyOf={({ licence }) => licence.id} />
      )}
    </>
  );
}
