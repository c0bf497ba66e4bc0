import { isDeepStrictEqual } from 'node:util';

import { findOffer } from '../findOffer.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { foldCase, formatPlanName, isSamePlan } from '../planName.ts';
import type { CatalogueStore, Change, Stored, Written } from '../store.ts';
import { findClashes, licensedPlan, sellsTheSame } from './clashes.ts';
import { CatalogueError } from './parseCatalogue.ts';
import type { CatalogueFile } from './parseCatalogue.ts';

export interface ApplyOptions {
  readonly change: Change;
  /** Says what would be written, and writes nothing. */
  readonly dryRun?: boolean;
}

export interface ApplyCounts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

export interface ApplyReport {
  readonly offers: ApplyCounts;
  readonly licences: ApplyCounts;
}

/**
 * Makes the store hold what a catalogue file says. What the file does not name stays as it is. A file that was applied
 * in part can be applied again: what is the same is not written.
 *
 * @throws CatalogueError if a licence has no offer, or clashes with what the store holds, or if another operator wrote at
 * the same time
 * @throws StoreUnavailableError
 */
export async function applyCatalogue(
  store: CatalogueStore,
  file: CatalogueFile,
  { change, dryRun = false }: ApplyOptions,
): Promise<ApplyReport> {
  const storedOffers = await store.listOffers();
  const storedLicences = await store.listLicences();
  const offers = planUpserts(file.offers, storedOffers, isSameOffer);
  const resolved = resolveLicences(file, storedOffers);
  const licences = planUpserts(resolved, storedLicences, isSameLicence);
  checkClashes(merged(file.offers, storedOffers, isSameOffer), merged(resolved, storedLicences, isSameLicence));
  if (!dryRun) {
    await write(offers, (offer, version) => store.writeOffer(offer, version, change));
    await write(licences, (licence, version) => store.writeLicence(licence, version, change));
  }
  return { offers: count(offers), licences: count(licences) };
}

interface Upsert<T> {
  readonly value: T;
  readonly stored: Stored<T> | null;
}

type IsSame<T> = (left: T, right: T) => boolean;

function isSameOffer(left: Offer, right: Offer): boolean {
  return isSamePlan(left.plan, right.plan);
}

function isSameLicence(left: Licence, right: Licence): boolean {
  const isSameSubscription = left.cloud === right.cloud && left.subscriptionId === right.subscriptionId;
  return isSameSubscription && isSamePlan(left.plan, right.plan);
}

function planUpserts<T>(values: readonly T[], stored: readonly Stored<T>[], isSame: IsSame<T>): readonly Upsert<T>[] {
  return values.map((value) => ({ value, stored: stored.find((row) => isSame(row.value, value)) ?? null }));
}

/** What the store will hold. */
function merged<T>(values: readonly T[], stored: readonly Stored<T>[], isSame: IsSame<T>): readonly T[] {
  const kept = stored.map((row) => row.value).filter((old) => !values.some((value) => isSame(old, value)));
  return [...kept, ...values];
}

/** Gives each licence the name that its offer has: a licence may name it by an alias, and in any case of letters. */
function resolveLicences(file: CatalogueFile, stored: readonly Stored<Offer>[]): readonly Licence[] {
  const offers = merged(file.offers, stored, isSameOffer);
  const problems: string[] = [];
  const resolved = file.licences.map((licence, index) => {
    const match = findOffer(offers, licence.plan, undefined);
    const place = `licences[${index}].offer`;
    if (!match.found) {
      problems.push(
        `${place}: there is no offer ${formatPlanName(licence.plan)}: add it to the file, or correct the name`,
      );
      return licence;
    }
    if (match.offer.mode === 'marketplace') {
      problems.push(`${place}: the offer is in marketplace mode, where licences have no effect: remove the licence`);
    }
    return { ...licence, plan: match.plan };
  });
  if (problems.length > 0) throw new CatalogueError(problems);
  return resolved;
}

function checkClashes(offers: readonly Offer[], licences: readonly Licence[]): void {
  const sameName = findClashes(offers, sellsTheSame).map(([first, second]) => {
    const names = [first, second].map((index) => (offers[index] ? formatPlanName(offers[index].plan) : ''));
    return `The offers ${names.join(' and ')} share a name of the product: remove the alias from one of them.`;
  });
  const sameId = findClashes(licences, (licence) => [foldCase(licence.id)]).map(
    ([first]) => `Two licences would have the id ${licences[first]?.id ?? ''}: choose another.`,
  );
  const sameRow = findClashes(licences, licensedPlan).map(
    ([, second]) => `Two licences name the same offer, one by an alias: ${licences[second]?.id ?? ''}. Merge the two.`,
  );
  const problems = [...sameName, ...sameId, ...sameRow];
  if (problems.length > 0) throw new CatalogueError(problems);
}

async function write<T>(
  upserts: readonly Upsert<T>[],
  writeRow: (value: T, version: string | null) => Promise<Written>,
): Promise<void> {
  for (const { value, stored } of upserts) {
    if (stored !== null && isDeepStrictEqual(stored.value, value)) continue;
    const { outcome } = await writeRow(value, stored?.version ?? null);
    if (outcome === 'written') continue;
    throw new CatalogueError([
      'Someone else changed the same row at the same time: look at it, and apply the file again.',
    ]);
  }
}

function count<T>(upserts: readonly Upsert<T>[]): ApplyCounts {
  const created = upserts.filter((upsert) => upsert.stored === null).length;
  const unchanged = upserts.filter(({ value, stored }) => isDeepStrictEqual(stored?.value, value)).length;
  return { created, updated: upserts.length - created - unchanged, unchanged };
}
