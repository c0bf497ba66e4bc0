import { randomUUID } from 'node:crypto';

import type { PlanName } from '../../contract/planName.ts';
import type { Offer } from '../offer.ts';
import { isInTheWay, noticeNames } from './offerList.ts';
import type { Notice, OfferListStore } from './offerList.ts';
import { offerKey } from './offerNames.ts';

/*
 * Writing what needs an offer. Whoever removes an offer needs their own notice until the end: it is taken away here, so
 * that they look again, and find the grant. So the grant is what holds, unless the offer is gone already.
 */

export interface Grant {
  /** For people. */
  readonly about: string;
  readonly plans: readonly PlanName[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether the offers are still there on which this was judged. */
  readonly isFounded: (offers: readonly Offer[]) => boolean;
}

type GrantStore = Pick<OfferListStore, 'readOfferList' | 'putNotice' | 'dropNotice'>;

const ATTEMPTS = 5;

/**
 * Says that something is about to be written under some offers.
 *
 * @returns null where they are not there, or no longer
 * @throws {StoreUnavailableError}
 */
export async function beginGrant(store: GrantStore, grant: Grant): Promise<Notice | null> {
  const { about, plans, at } = grant;
  const notice: Notice = {
    id: randomUUID(),
    kind: 'grant',
    about,
    names: noticeNames(plans.map((plan) => offerKey({ plan }))),
    at,
  };
  await store.putNotice(notice);
  if (await stopRemovals(store, notice, grant)) return notice;
  await store.dropNotice(notice.id);
  return null;
}

/**
 * To be called once it is written.
 *
 * @returns false where the write must be undone: this was taken for a process that has ended, and the offer was removed
 * @throws {StoreUnavailableError}
 */
export async function endGrant(store: GrantStore, notice: Notice, grant: Grant): Promise<boolean> {
  return (await store.dropNotice(notice.id)) || stopRemovals(store, notice, grant);
}

async function stopRemovals(store: GrantStore, notice: Notice, { isFounded }: Grant): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { offers, notices } = await store.readOfferList();
    if (!isFounded(offers.map(({ value }) => value))) return false;
    const removals = notices.filter((one) => one.kind === 'removal' && isInTheWay(notice, one));
    const stopped = await Promise.all(removals.map(({ id }) => store.dropNotice(id)));
    // One that was no longer there may have removed the offer.
    if (!stopped.includes(false)) return true;
  }
  return false;
}

interface Granted {
  readonly outcome: string;
}

/**
 * Writes one thing under an offer.
 *
 * @param undo takes back what was written
 * @returns `unfounded`, with nothing written, where the offer is not there, or no longer
 * @throws {StoreUnavailableError} it may have been written
 */
export async function grantUnder<T extends Granted>(
  store: GrantStore,
  grant: Grant,
  { write, undo }: { readonly write: () => Promise<T>; readonly undo: (written: T) => Promise<unknown> },
): Promise<T | { readonly outcome: 'unfounded' }> {
  const notice = await beginGrant(store, grant);
  if (notice === null) return { outcome: 'unfounded' };
  const written = await write();
  if ((await endGrant(store, notice, grant)) || written.outcome !== 'written') return written;
  await undo(written);
  return { outcome: 'unfounded' };
}
