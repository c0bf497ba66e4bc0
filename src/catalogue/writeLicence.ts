import { randomUUID } from 'node:crypto';

import { isSameName } from '../contract/planName.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { Change, DeleteOutcome, Recorded, Written } from '../contract/stored.ts';
import { forEachAtOnce } from './atOnce.ts';
import { claimHolding, giveUpHolding } from './claimHolding.ts';
import type { Claim, HoldingStore, LookUp, Spent } from './claimHolding.ts';
import { holdingKeys, namingOf } from './holding.ts';
import type { HoldingKey } from './holding.ts';
import type { Licence } from './licence.ts';
import type { CatalogueStore } from './store.ts';

type LicenceRows = HoldingStore & Pick<CatalogueStore, 'readLicence' | 'writeLicence' | 'deleteLicence'>;

/** A licence as it shall be, and as it is; `stored: null` where it is not there. */
interface LicenceChange {
  readonly value: Licence;
  readonly stored: (Recorded<Licence> & { readonly claim?: string }) | null;
}

/** `held`: another licence has one of the subscriptions. `busy`: others change one of them at the same time. */
export type LicenceWritten =
  Written | { readonly outcome: 'busy' } | { readonly outcome: 'held'; readonly by: string; readonly key: HoldingKey };

/**
 * Writes a licence, and has each of its subscriptions under it alone. The subscriptions are claimed first and given up last:
 * what a process that ends in between leaves behind has no effect, for a licence counts only where it names a subscription
 * and the subscription's row names it.
 *
 * @throws {StoreUnavailableError} the licence may have been written
 */
export async function writeLicence(
  store: LicenceRows,
  { value, stored }: LicenceChange,
  change: Change,
): Promise<LicenceWritten> {
  const before = stored?.value ?? null;
  const keys = holdingKeys(value);
  const news = keys.filter((key) => isNews(before, value, key, change.at));
  const claim = randomUUID();
  const { obstacle, claimed } = await claimAll(store, news, { id: value.id, at: change.at, claim });
  const settled = stored?.claim ?? null;
  const written =
    obstacle ??
    (await store.writeLicence(value, stored?.version ?? null, change, news.length > 0 ? claim : (settled ?? claim)));
  const given = { id: value.id, at: change.at, claim, settled };
  if (written.outcome !== 'written') await giveUpAll(store, claimed, given);
  else if (stored === null) return keepClaims(store, news, { written, given });
  else await giveUpAll(store, findRemoved(stored.value, keys), given);
  return written;
}

/**
 * Deletes a licence, and then gives its subscriptions up.
 *
 * @param at milliseconds since the epoch
 * @throws {StoreUnavailableError}
 */
export async function deleteLicence(
  store: LicenceRows,
  { value, version, claim: settled = null }: Recorded<Licence> & { readonly claim?: string | null },
  at: number,
): Promise<DeleteOutcome> {
  const outcome = await store.deleteLicence(value.id, version);
  if (outcome !== 'changed')
    await giveUpAll(store, holdingKeys(value), { id: value.id, at, claim: randomUUID(), settled });
  return outcome;
}

function isNews(before: Licence | null, after: Licence, key: HoldingKey, at: number): boolean {
  const naming = namingOf(after, key, at);
  const earlier = before === null ? null : namingOf(before, key, at);
  return naming !== null && naming !== earlier && earlier !== 'stays';
}

function findRemoved(before: Licence, keys: readonly HoldingKey[]): readonly HoldingKey[] {
  const kept = new Set(keys.map(nameOf));
  return holdingKeys(before).filter((key) => !kept.has(nameOf(key)));
}

function nameOf({ cloud, subscriptionId }: HoldingKey): string {
  return `${cloud}/${subscriptionId}`;
}

interface Claimed {
  readonly obstacle: Exclude<LicenceWritten, Written> | null;
  /** What the licence had no claim to before. */
  readonly claimed: readonly HoldingKey[];
}

async function claimAll(store: LicenceRows, keys: readonly HoldingKey[], given: Omit<Claim, 'key'>): Promise<Claimed> {
  let obstacle: Claimed['obstacle'] = null;
  const claimed: HoldingKey[] = [];
  const lookUp = lookUpIn(store);
  await forEachAtOnce(keys, async (key) => {
    if (obstacle !== null) return;
    const answer = await claimHolding(store, lookUp, { key, ...given });
    if (answer.outcome === 'held') obstacle = { ...answer, key };
    else if (answer.outcome === 'busy') obstacle = { outcome: 'busy' };
    else if (answer.isNew) claimed.push(key);
  });
  return { obstacle, claimed };
}

interface Inserted {
  readonly written: Extract<Written, { outcome: 'written' }>;
  readonly given: Omit<Spent, 'key'>;
}

/**
 * Whoever deleted a licence of the same id, which was written while this one was on its way, may have given up what both had
 * claimed: it is claimed again or, where another licence has it by now, the new licence is deleted.
 */
async function keepClaims(
  store: LicenceRows,
  keys: readonly HoldingKey[],
  { written, given }: Inserted,
): Promise<LicenceWritten> {
  const lost: HoldingKey[] = [];
  await forEachAtOnce(keys, async (key) => {
    const row = await store.readHolding(key);
    if (row?.value.licences.some((id) => isSameName(id, given.id)) !== true) lost.push(key);
  });
  const { obstacle, claimed } = await claimAll(store, lost, given);
  if (obstacle === null) return written;
  await store.deleteLicence(given.id, written.version);
  await giveUpAll(store, [...keys, ...claimed], given);
  return obstacle;
}

/** What is not given up now is found to be without effect later. */
async function giveUpAll(store: LicenceRows, keys: readonly HoldingKey[], given: Omit<Spent, 'key'>): Promise<void> {
  try {
    await forEachAtOnce(keys, (key) => giveUpHolding(store, lookUpIn(store), { key, ...given }));
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
  }
}

function lookUpIn(store: LicenceRows): LookUp {
  return (id) => store.readLicence(id);
}
