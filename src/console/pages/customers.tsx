import { LicenceRows } from '../parts/customers/licenceRows.tsx';
import { PoolRows } from '../parts/customers/poolRows.tsx';
import { Choice, DayField, Words, stay } from '../parts/filters.tsx';
import { EFFECTIVE_WORDS } from '../parts/states.tsx';
import { Switch } from '../parts/switch.tsx';
import { useNavigation } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';
import { isUuid } from '../text/ids.ts';

const KINDS = [
  ['licence', 'Licences'],
  ['marketplace', 'Marketplace'],
  ['trial', 'Trials'],
] as const;

type Kind = (typeof KINDS)[number][0];

const ORDERS = [
  ['', 'licence id'],
  ['customer', 'customer'],
  ['end', 'end'],
  ['changed', 'newest change'],
] as const;

const POOL_ORDERS = [
  ['', 'fullest first'],
  ['name', 'subscription'],
] as const;

/** A row for each licence, or for each subscription that has seats without one. */
export function CustomersPage() {
  const { place, go } = useNavigation();
  const kind = KINDS.find(([name]) => name === place.query['kind'])?.[0] ?? 'licence';
  const choose = (value: Kind) => {
    go({ page: 'customers', query: { kind: value === 'licence' ? '' : value } }, { replace: true });
  };
  return (
    <>
      <div class="headline">
        <h1>Customers</h1>
        <Switch label="Who" value={kind} options={KINDS} change={choose} />
      </div>
      {kind === 'licence' ? <Licences /> : <Pools kind={kind} />}
    </>
  );
}

/** The query of the address, and how to change one value of it. */
function useFilters() {
  const { place, go } = useNavigation();
  const set = (name: string) => (value: string) => {
    go({ page: 'customers', query: { ...place.query, [name]: value } }, { replace: true });
  };
  return { query: place.query, set };
}

const OFFER = /^[^/]+\/[^/]+\/[^/]+$/;

function Licences() {
  const { query } = useFilters();
  const { words = '', state = '', offer = '', endsBefore = '', cloud = '', subscription = '', sort = '' } = query;
  const unfit = findUnfit(offer, subscription);
  const ends = /^\d{4}-\d\d-\d\d$/.test(endsBefore) ? `${endsBefore}T00:00:00Z` : endsBefore;
  return (
    <>
      <LicenceFilters />
      {unfit === null ? (
        <LicenceRows query={{ query: words, status: state, offer, endsBefore: ends, cloud, subscription, sort }} />
      ) : (
        <p class="empty">{unfit}</p>
      )}
    </>
  );
}

function findUnfit(offer: string, subscription: string): string | null {
  if (offer !== '' && !OFFER.test(offer)) {
    return 'Write the whole name of an offer, such as contoso/gateway/standard. * stands for every plan.';
  }
  if (subscription === '' || isUuid(subscription)) return null;
  return 'Write the whole id of a subscription, such as 6f1c1a52-0b7e-4c43-9d3c-3f5f0d1f8a11.';
}

function LicenceFilters() {
  const { acceptedClouds } = useSession();
  const { query, set } = useFilters();
  const { words = '', state = '', offer = '', endsBefore = '', cloud = '', subscription = '', sort = '' } = query;
  const clouds = acceptedClouds.map((name) => [name, name] as const);
  return (
    <form class="filters" onSubmit={stay}>
      <Words label="Words of customer, licence or note" value={words} change={set('words')} />
      <Choice label="State" value={state} options={[['', 'every state'], ...EFFECTIVE_WORDS]} change={set('state')} />
      <Choice label="In the order of" value={sort} options={ORDERS} change={set('sort')} />
      <details class="others" open={[offer, endsBefore, cloud, subscription].some((value) => value !== '')}>
        <summary>More filters</summary>
        <div>
          <Words label="Offer" value={offer} change={set('offer')} />
          <DayField label="Ends before" value={endsBefore.slice(0, 10)} change={set('endsBefore')} />
          <Choice label="Cloud" value={cloud} options={[['', 'every cloud'], ...clouds]} change={set('cloud')} />
          <Words label="Subscription" value={subscription} change={set('subscription')} />
        </div>
      </details>
    </form>
  );
}

function Pools({ kind }: { readonly kind: Exclude<Kind, 'licence'> }) {
  const { query, set } = useFilters();
  const sort = query['sort'] ?? '';
  return (
    <>
      <form class="filters" onSubmit={stay}>
        <Choice label="In the order of" value={sort} options={POOL_ORDERS} change={set('sort')} />
      </form>
      <PoolRows kind={kind} isFullestFirst={sort === ''} />
    </>
  );
}
