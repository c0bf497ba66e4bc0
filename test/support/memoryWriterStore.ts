import type { SubscriptionOverride } from '../../src/catalogue/holding.ts';
import type { Offer } from '../../src/catalogue/offer.ts';
import { MAX_EDITS } from '../../src/catalogue/offers/offerList.ts';
import type { Notice, OfferEdit, OfferListStore } from '../../src/catalogue/offers/offerList.ts';
import { offerKey } from '../../src/catalogue/offers/offerNames.ts';
import type { HoldingKey } from '../../src/catalogue/holding.ts';
import type { OverrideStore } from '../../src/catalogue/store.ts';
import type { Change, Recorded, Stored } from '../../src/contract/stored.ts';
import { isSamePlan } from '../../src/contract/planName.ts';
import { createLicenceRows } from './memoryLicences.ts';
import { MemoryRows } from './memoryRows.ts';
import type { WriterStore } from './callRoute.ts';

/** What operators write, in memory, under the store's own rules. */
export function createMemoryWriterStore(): WriterStore {
  const { store, readAll } = createLicenceRows();
  const unused = () => Promise.reject(new Error('No history asks for this.'));
  return {
    ...createOffers(),
    ...store,
    ...createOverrides(),
    listLicences: () => Promise.resolve(readAll()),
    // More than those of the plan: whoever asks looks at each of them.
    listLicencesOf: () => Promise.resolve(readAll()),
    ...{ readClaim: unused, pageClaims: unused, writeClaim: unused, deleteClaim: unused },
    ...{
      holdsAnOffer: unused,
      readHoldings: unused,
      pageOffers: unused,
      pageLicences: unused,
      countSeated: unused,
      nextPool: unused,
    },
  };
}

interface Changed<T> {
  readonly value: T;
  readonly change: Change;
}

const asRow = <T>({ value, version }: Stored<Changed<T>>): Recorded<T> => ({ ...value, version });

function createOffers(): OfferListStore & Pick<WriterStore, 'listOffers' | 'readOffer'> {
  const offers = new MemoryRows<Changed<Offer>>();
  const notices = new Map<string, Notice>();
  let version = 0;
  const list = () => [...offers.rows.values()].map(asRow);
  const isAsRead = ({ value, stored }: OfferEdit) => {
    const row = value ?? stored?.value;
    return row !== undefined && offers.judge(offerKey(row), stored?.version ?? null) === 'written';
  };
  const write = ({ value, stored, change }: OfferEdit): string => {
    if (value !== null) return offers.put(offerKey(value), { value, change });
    if (stored !== null) offers.rows.delete(offerKey(stored.value));
    return '';
  };
  return {
    listOffers: () => Promise.resolve(list()),
    readOffer: (plan) => Promise.resolve(list().find(({ value }) => isSamePlan(value.plan, plan)) ?? null),
    readOfferList: () =>
      Promise.resolve({
        offers: list(),
        version: version === 0 ? null : `${version}`,
        notices: [...notices.values()],
      }),
    writeOffers: (edits, condition) => {
      if (edits.length > MAX_EDITS) return Promise.reject(new Error('Too many for one transaction.'));
      const isNoticed = condition.notice === null || notices.has(condition.notice);
      const isSame = condition.list === (version === 0 ? null : `${version}`);
      if (!isSame || !isNoticed || !edits.every(isAsRead)) return Promise.resolve({ outcome: 'changed' });
      version += 1;
      notices.delete(condition.notice ?? '');
      return Promise.resolve({ outcome: 'written', versions: edits.map(write) });
    },
    putNotice: (notice) => {
      notices.set(notice.id, notice);
      return Promise.resolve();
    },
    dropNotice: (id) => Promise.resolve(notices.delete(id)),
  };
}

function createOverrides(): OverrideStore {
  const overrides = new MemoryRows<Changed<SubscriptionOverride>>();
  const nameOf = ({ cloud, subscriptionId, plan }: HoldingKey) => `${cloud}/${subscriptionId}/${offerKey({ plan })}`;
  return {
    readOverride: async (key) => {
      const row = await overrides.read(nameOf(key));
      return row === null ? null : asRow(row);
    },
    listOverridesOf: (plan) => {
      const all = [...overrides.rows.values()].map((row) => row.value.value);
      return Promise.resolve(all.filter((one) => isSamePlan(one.plan, plan)));
    },
    writeOverride: (value, version, change) => overrides.write(nameOf(value), { value, change }, version),
    deleteOverride: (key, version) => overrides.delete(nameOf(key), version),
  };
}
