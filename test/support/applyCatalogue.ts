import type { OfferStore } from '../../src/catalogue/offers/changeOffers.ts';
import type { CatalogueStore } from '../../src/catalogue/store.ts';
import { finish } from '../../src/contract/pieces.ts';
import type { Pieces } from '../../src/contract/pieces.ts';
import type { Change } from '../../src/contract/stored.ts';
import { countPlan, placeInCatalogue } from '../../src/catalogue/file/cataloguePlan.ts';
import type { CatalogueFile } from '../../src/catalogue/file/cataloguePlan.ts';
import { findLongOffers } from '../../src/catalogue/file/licenceLife.ts';
import { CatalogueError } from '../../src/catalogue/file/parseCatalogue.ts';
import { planCatalogue } from '../../src/catalogue/file/planCatalogue.ts';
import { readStored } from '../../src/catalogue/file/readStored.ts';
import { writeTogether } from '../../src/catalogue/file/writeTogether.ts';

/** How many of each were created, changed and left. */
type Counted = ReturnType<typeof finish<ReturnType<typeof countPlan> extends Pieces<infer C> ? C : never>>;

export interface ApplyOptions {
  readonly change: Change;
  /** Says what would be written, and writes nothing. */
  readonly dryRun?: boolean;
  /** Milliseconds: offers whose licences may last longer are refused. Without it none is. */
  readonly life?: number;
}

/**
 * Makes a store hold what a catalogue file says, without a service before it. What the file does not name stays as it is. A file that was applied
 * in part can be applied again: what is the same is not written.
 *
 * @throws CatalogueError if an offer's licences may last too long, if a licence has no offer, or clashes with what the store holds, or if another operator wrote at
 * the same time; nothing is written then
 * @throws StoreUnavailableError
 */
export async function applyCatalogue(
  store: CatalogueStore & OfferStore,
  file: CatalogueFile,
  { change, dryRun = false, life = Number.POSITIVE_INFINITY }: ApplyOptions,
): Promise<Counted> {
  const planned = planCatalogue(await readStored(store), file);
  const problems = planned.ok ? findLongOffers(planned.plan.offers, life) : planned.problems;
  if (!planned.ok || problems.length > 0) throw new CatalogueError(problems.map(placeInCatalogue));
  if (!dryRun && !(await writeTogether(store, planned.plan, change))) {
    const message = 'someone else changed a row of it at the same time: look at it, and apply the file again';
    throw new CatalogueError([{ field: '', message }]);
  }
  return finish(countPlan(planned.plan));
}
