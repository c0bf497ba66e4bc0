import { isDeepStrictEqual } from 'node:util';

import type { CatalogueStore } from '../store.ts';
import type { Change } from '../../contract/stored.ts';
import { placeInCatalogue } from './cataloguePlan.ts';
import type { CatalogueFile, CataloguePlan, Upsert } from './cataloguePlan.ts';
import { findLongOffers } from './licenceLife.ts';
import { CatalogueError } from './parseCatalogue.ts';
import { planCatalogue } from './planCatalogue.ts';
import { readStored } from './readStored.ts';
import { writeTogether } from './writeTogether.ts';

export interface ApplyOptions {
  readonly change: Change;
  /** Says what would be written, and writes nothing. */
  readonly dryRun?: boolean;
  /** Milliseconds: offers whose licences may last longer are refused. Without it none is. */
  readonly life?: number;
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
 * @throws CatalogueError if an offer's licences may last too long, if a licence has no offer, or clashes with what the store holds, or if another operator wrote at
 * the same time; nothing is written then
 * @throws StoreUnavailableError
 */
export async function applyCatalogue(
  store: CatalogueStore,
  file: CatalogueFile,
  { change, dryRun = false, life = Number.POSITIVE_INFINITY }: ApplyOptions,
): Promise<ApplyReport> {
  const planned = planCatalogue(await readStored(store), file);
  const problems = planned.ok ? findLongOffers(planned.plan.offers, life) : planned.problems;
  if (!planned.ok || problems.length > 0) throw new CatalogueError(problems.map(placeInCatalogue));
  if (!dryRun && !(await writeTogether(store, planned.plan, change))) {
    const message = 'someone else changed a row of it at the same time: look at it, and apply the file again';
    throw new CatalogueError([{ field: '', message }]);
  }
  return countPlan(planned.plan);
}

export function countPlan({ offers, licences }: CataloguePlan): ApplyReport {
  return { offers: count(offers), licences: count(licences) };
}

function count<T>(upserts: readonly Upsert<T>[]): ApplyCounts {
  const created = upserts.filter((upsert) => upsert.stored === null).length;
  const unchanged = upserts.filter(({ value, stored }) => isDeepStrictEqual(stored?.value, value)).length;
  return { created, updated: upserts.length - created - unchanged, unchanged };
}
