import { useCallback } from 'preact/hooks';
import type { ListedLicenceJson } from '../../../contract/operators/licenceList.ts';
import { usePages } from '../../data/usePages.ts';
import { Link } from '../../routing/navigation.tsx';
import { useSession } from '../../session/context.ts';
import { Listed } from '../loaded.tsx';
import { Ago, Day } from '../now.tsx';
import { SeatBar } from '../seatBar.tsx';
import { LicenceState } from '../states.tsx';
import { Table } from '../table.tsx';
import type { Column } from '../table.tsx';
import { OfferName, Plain } from '../text.tsx';

const COLUMNS: readonly Column<ListedLicenceJson>[] = [
  { title: 'Customer', cell: (item) => <Customer licence={item.licence} /> },
  { title: 'State', cell: ({ licence, effective }) => <LicenceState licence={licence} effective={effective} /> },
  { title: 'Seats', cell: (item) => <Seats item={item} /> },
  { title: 'Ends', cell: ({ licence }) => <Day at={licence.validUntil} none="no end" /> },
  { title: 'Last seen', cell: ({ counted }) => <Ago at={counted?.lastSeen ?? null} /> },
];

const CHANGED: Column<ListedLicenceJson> = { title: 'Changed', cell: ({ changedAt }) => <Ago at={changedAt} /> };

/** Licences of one page. */
const PAGE = '50';

export interface LicenceRowsProps {
  /** As `GET /licences` takes it. */
  readonly query: Readonly<Record<string, string>>;
}

/** A row for each licence, with how many seats are taken. */
export function LicenceRows({ query }: LicenceRowsProps) {
  const { api } = useSession();
  const key = JSON.stringify(query);
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) => {
      const asked = { ...(JSON.parse(key) as typeof query), counted: 'true', limit: PAGE, continuation };
      return api.read('listLicences', { query: asked, ...(signal && { signal }) });
    },
    [api, key],
  );
  const list = usePages(`licences ${key}`, read);
  const { sort = '', ...filters } = query;
  const isFiltered = Object.values(filters).some((value) => value !== '');
  return (
    <Listed
      list={list}
      empty={
        isFiltered
          ? 'No licence fits. Take a filter away, or search for other words.'
          : 'There is no licence yet. Grant one with “countersign licences grant”.'
      }
    >
      {(items) => (
        <>
          <p class="quiet" role="status">
            {items.length === 1 ? '1 licence' : `${items.length} licences`}
            {list.hasMore && ', and there are more'}
          </p>
          <Table
            caption="Licences"
            columns={sort === 'changed' ? [...COLUMNS, CHANGED] : COLUMNS}
            items={items}
            keyOf={({ licence }) => licence.id}
          />
        </>
      )}
    </Listed>
  );
}

function Customer({ licence: { id, customer, offer } }: Pick<ListedLicenceJson, 'licence'>) {
  return (
    <>
      <Link to={{ page: 'licences', id }}>
        <Plain text={customer?.name ?? id} />
      </Link>
      <span class="beneath">
        {customer !== null && (
          <>
            <Plain text={id} />
            {' · '}
          </>
        )}
        <OfferName name={offer} />
      </span>
    </>
  );
}

function Seats({ item: { licence, counted } }: { readonly item: ListedLicenceJson }) {
  const { seats } = licence;
  if (counted === null || counted === undefined) return <>{seats}</>;
  return <SeatBar taken={counted.taken} over={counted.over} seats={seats} />;
}
