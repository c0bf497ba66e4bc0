import { forEachAtOnce } from '../catalogue/atOnce.ts';
import type { Licence } from '../catalogue/licence.ts';
import type { CatalogueStore } from '../catalogue/store.ts';
import { parsePoolName, poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { ANY, foldCase } from '../contract/planName.ts';
import type { DecisionRecord } from '../decisions/decisionRecord.ts';
import type { ActivationStore } from '../seats/store.ts';
import type { PassStep } from './passDaily.ts';
import { projectLicence } from './projectLicence.ts';
import type { LicenceProjectionStore } from './projectLicence.ts';
import { projectLog } from './projectLog.ts';
import type { Projection, ProjectionNeeds } from './projectLog.ts';
import type { KnownId, LicenceViewStore, SearchStore, ViewMarkStore } from './store.ts';

export interface SearchNeeds extends ProjectionNeeds {
  readonly store: ProjectionNeeds['store'] & LicenceProjectionStore & ViewMarkStore & Pick<SearchStore, 'putIds'>;
}

/**
 * Makes subscriptions and VMs of the log known to the search, and copies licences that a VM changed by a claim code. Repeating
 * it changes nothing.
 *
 * @throws {StoreUnavailableError} what was written until then stays
 */
export function projectSearch({ store, now }: SearchNeeds): Promise<Projection> {
  return projectLog(
    { store, now },
    {
      readMark: async () => {
        const mark = await store.readMark('search');
        return mark && { value: mark.value.at, version: mark.version };
      },
      write: async (slice, { until }, version) => {
        await store.putIds(newestOf(slice.flatMap(idsOf)));
        const claimed = slice.filter(({ code }) => code === 'subscription_claimed').map(({ licenceId }) => licenceId);
        await forEachAtOnce([...new Set(claimed)], async (id) => {
          if (id !== null) await projectLicence(store, foldCase(id));
        });
        const written = await store.writeMark('search', { at: until, place: null }, version);
        return written.outcome === 'written' ? { value: until, version: written.version } : null;
      },
    },
  );
}

type Met = Pick<DecisionRecord, 'cloud' | 'subscriptionId' | 'vmId' | 'at'>;

/** What is known of a decision's subscription and VM. */
export function idsOf({ cloud, subscriptionId, vmId, at }: Met): readonly KnownId[] {
  return [
    { kind: 'subscription', cloud, id: foldCase(subscriptionId), at },
    { kind: 'vm', cloud, id: foldCase(vmId), at },
  ];
}

function subscriptionsOf({ subscriptions }: Licence, at: number): readonly KnownId[] {
  if (subscriptions === ANY) return [];
  return subscriptions.map(({ cloud, subscriptionId }) => ({ kind: 'subscription', cloud, id: subscriptionId, at }));
}

/** One of each. */
export function newestOf(ids: readonly KnownId[]): readonly KnownId[] {
  const newest = new Map<string, KnownId>();
  for (const one of ids) {
    const key = `${one.kind} ${one.cloud} ${one.id}`;
    const known = newest.get(key);
    if (known === undefined || known.at < one.at) newest.set(key, one);
  }
  return [...newest.values()];
}

export interface SearchPassNeeds {
  readonly store: LicenceProjectionStore &
    Pick<CatalogueStore, 'pageLicences'> &
    Pick<LicenceViewStore, 'pagePlaces'> &
    Pick<ActivationStore, 'pageActivations'> &
    Pick<SearchStore, 'putIds'> & { readonly nextPool: (after: string | null) => Promise<SeatPool | null> };
}

/** Of one step. */
const PAGE = 100;
const MAX_PAGE = 1_000;

/**
 * All licences with their subscriptions; what is copied of licences that are gone; and the VMs of all pools, because a VM
 * that renews for longer than the log is kept is in none of its rows.
 */
export function passSearch({ store }: SearchPassNeeds): readonly PassStep[] {
  return [
    async (place, { begun, isForced }) => {
      const { items, next } = await store.pageLicences(pageFrom(place, PAGE));
      await store.putIds(newestOf(items.flatMap(({ value }) => subscriptionsOf(value, begun))));
      await forEachAtOnce(items, ({ value }) => projectLicence(store, foldCase(value.id), isForced));
      return next;
    },
    async (place) => {
      const { items, next } = await store.pagePlaces(pageFrom(place, PAGE));
      await forEachAtOnce(items, ({ id }) => projectLicence(store, id));
      return next;
    },
    (place, { begun }) => passVms(store, place, begun),
  ];
}

function pageFrom(place: string | null, size: number) {
  return { size, ...(place !== null && { continuation: place }) };
}

/** One page of the VMs of one pool. */
async function passVms(store: SearchPassNeeds['store'], place: string | null, begun: number): Promise<string | null> {
  const [name = '', continuation] = place === null ? [] : place.split(' ');
  const pool = continuation === undefined ? await store.nextPool(name === '' ? null : name) : parsePoolName(name);
  if (pool === null) return null;
  const { items, next } = await store.pageActivations({ pool }, pageFrom(continuation ?? null, MAX_PAGE));
  await store.putIds(newestOf(items.flatMap(({ value }) => idsOf({ ...value, at: begun }))));
  return next === null ? poolName(pool) : `${poolName(pool)} ${next}`;
}
