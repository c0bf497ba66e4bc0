import { forEachAtOnce } from '../atOnce.ts';
import { holdingKeys, namingOf } from '../holding.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import type { OfferStore } from '../offers/changeOffers.ts';
import { areLicensed } from '../offers/grantLicence.ts';
import { beginGrant, endGrant } from '../offers/grantUnder.ts';
import { inTurns, mapPieces } from '../../contract/pieces.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import { PartlyWrittenError } from './partlyWritten.ts';
import type { CatalogueStore } from '../store.ts';
import { deleteLicence, writeLicence } from '../writeLicence.ts';
import type { Change } from '../../contract/stored.ts';
import { isChanged } from './cataloguePlan.ts';
import type { CataloguePlan, Upsert } from './cataloguePlan.ts';
import { offerSteps } from './offerSteps.ts';
import { ownVersion } from './step.ts';
import type { Step } from './step.ts';

/** Milliseconds: after them what was written is taken back, for which the platform has to leave time. */
const MAX_WRITING = 120_000;

/** Milliseconds: whoever waits has to be told what is left before the platform ends the request. */
const MAX_TAKING_BACK = 60_000;

type RowStore = OfferStore &
  Pick<CatalogueStore, 'readLicence' | 'writeLicence' | 'deleteLicence' | 'readHolding' | 'writeHolding'>;

/**
 * Writes a plan whole or not at all, as far as that is in one process's hands: rows of several partitions have no
 * transaction. Offers come before licences. Where a row was changed meanwhile, or the store fails, what was written is
 * taken back. A process that ends in the middle leaves a part, and the same file applied again writes the rest.
 *
 * @returns false, with nothing written, where somebody else changed one of the rows at the same time
 * @throws StoreUnavailableError with nothing written, unless it is a {@link PartlyWrittenError}
 */
export async function writeTogether(
  store: RowStore,
  { offers, licences }: CataloguePlan,
  change: Change,
): Promise<boolean> {
  const progress: Progress = { offers: [], licences: [], isStopped: false };
  const deadline = AbortSignal.timeout(MAX_WRITING);
  try {
    for (const step of offerSteps(store, await findChanged(offers), change)) {
      await writeSteps([step], progress, { undos: progress.offers, deadline });
    }
    if (!progress.isStopped) await writeLicences(store, await findChanged(licences), { change, progress, deadline });
  } catch (error) {
    await takeBack(progress);
    throw error;
  }
  if (progress.isStopped) await takeBack(progress);
  return !progress.isStopped;
}

async function findChanged<T>(upserts: readonly Upsert<T>[]): Promise<readonly Upsert<T>[]> {
  const changed = await inTurns(mapPieces(upserts, (upsert) => (isChanged(upsert) ? upsert : null)));
  return changed.filter((upsert) => upsert !== null);
}

/** What has to be undone, and whether nothing more is begun: a row was changed meanwhile, or a write failed. */
interface Progress {
  readonly offers: Undo[];
  readonly licences: Undo[];
  isStopped: boolean;
}

interface Undo {
  readonly step: Pick<Step, 'names' | 'takeBack'>;
  readonly version: string | null;
}

interface Writing {
  readonly change: Change;
  readonly progress: Progress;
  readonly deadline: AbortSignal;
}

/** Those that are new need their offers to stay. */
async function writeLicences(store: RowStore, upserts: readonly Upsert<Licence>[], writing: Writing): Promise<void> {
  const { change, progress } = writing;
  const plans = upserts.filter(({ stored }) => stored === null).map(({ value }) => value.plan);
  if (plans.length === 0) return writeInOrder(store, upserts, writing);
  const isFounded = (offers: readonly Offer[]) => areLicensed(offers, plans);
  const grant = { about: 'a file of licences', plans, at: change.at, isFounded };
  const notice = await beginGrant(store, grant);
  if (notice === null) {
    progress.isStopped = true;
    return;
  }
  // It is undone after the licences, and before their offers.
  progress.offers.push({ step: { names: [], takeBack: () => store.dropNotice(notice.id) }, version: null });
  await writeInOrder(store, upserts, writing);
  if (!progress.isStopped && !(await endGrant(store, notice, grant))) progress.isStopped = true;
}

async function writeInOrder(
  store: RowStore,
  upserts: readonly Upsert<Licence>[],
  { change, progress, deadline }: Writing,
): Promise<void> {
  // What one licence gives up, another one may take.
  const groups = [
    upserts.filter((upsert) => givesUp(upsert, change.at)),
    upserts.filter((upsert) => !givesUp(upsert, change.at)),
  ];
  for (const group of groups) {
    const steps = group.map((upsert) => licenceStep(store, upsert, change));
    await writeSteps(steps, progress, { undos: progress.licences, deadline });
  }
}

async function writeSteps(
  steps: readonly Step[],
  progress: Progress,
  { undos, deadline }: { readonly undos: Undo[]; readonly deadline: AbortSignal },
): Promise<void> {
  await forEachAtOnce(steps, async (step) => {
    if (progress.isStopped) return;
    if (deadline.aborted) {
      progress.isStopped = true;
      throw new StoreUnavailableError('The store is too slow for so many rows at once: split the file.');
    }
    try {
      const answer = await step.write();
      if (answer.outcome !== 'written') progress.isStopped = true;
      else undos.push({ step, version: answer.version ?? null });
    } catch (error) {
      progress.isStopped = true;
      undos.push({ step, version: null });
      throw error;
    }
  });
}

/** The last ones first, and licences before their offers. What fails is tried once more. */
async function takeBack({ offers, licences }: Progress): Promise<void> {
  const deadline = AbortSignal.timeout(MAX_TAKING_BACK);
  const left: Undo[] = [];
  for (const undos of [licences.toReversed(), ...offers.toReversed().map((undo) => [undo])]) {
    const failed = await takeBackEach(undos, deadline);
    left.push(...(await takeBackEach(failed, deadline)));
  }
  const names = left.flatMap(({ step }) => step.names);
  if (names.length > 0) throw new PartlyWrittenError(names);
}

/** Tries all of them. @returns those that failed, or for which there was no time */
async function takeBackEach(undos: readonly Undo[], deadline: AbortSignal): Promise<readonly Undo[]> {
  const failed: Undo[] = [];
  await forEachAtOnce(undos, async (undo) => {
    try {
      deadline.throwIfAborted();
      await undo.step.takeBack(undo.version);
    } catch {
      failed.push(undo);
    }
  });
  return failed;
}

/** Whether a subscription that was to stay is to stay no longer. */
function givesUp({ value, stored }: Upsert<Licence>, at: number): boolean {
  if (stored === null) return false;
  const staying = holdingKeys(stored.value).filter((key) => namingOf(stored.value, key, at) === 'stays');
  return staying.some((key) => namingOf(value, key, at) !== 'stays');
}

function licenceStep(store: RowStore, { value, stored }: Upsert<Licence>, change: Change): Step {
  return {
    names: [`licence ${value.id}`],
    write: () => writeLicence(store, { value, stored }, change),
    takeBack: async (known) => {
      const version = known ?? ownVersion(await store.readLicence(value.id), value, change);
      if (version === null) return;
      const present = { value, version, change };
      await (stored === null
        ? deleteLicence(store, present, change.at)
        : writeLicence(store, { value: stored.value, stored: present }, stored.change));
    },
  };
}
