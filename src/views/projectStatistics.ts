import { forEachAtOnce } from '../catalogue/atOnce.ts';
import type { CatalogueStore } from '../catalogue/store.ts';
import { addCounts, countDecisions, HOUR, hourOf, readRefused } from './countDecisions.ts';
import type { HourCounts, SeenHour } from './countDecisions.ts';
import { projectLog } from './projectLog.ts';
import type { Projection, ProjectionNeeds } from './projectLog.ts';
import type { DecisionRecord } from '../decisions/decisionRecord.ts';
import type { CountedHour, StatisticsMark, StatisticsStore } from './store.ts';
import type { Stored } from '../contract/stored.ts';

export interface StatisticsNeeds extends ProjectionNeeds {
  readonly store: ProjectionNeeds['store'] &
    Pick<
      StatisticsStore,
      | 'readStatisticsMark'
      | 'clearStatistics'
      | 'writeStatistics'
      | 'writeStatisticsMark'
      | 'readCountedHours'
      | 'foldHours'
    > &
    Pick<CatalogueStore, 'readLicence'>;
}

/** Rows of a slice: with the mark and what is removed, a transaction has at most 100. */
const MAX_HOURS = 50;

/**
 * Counts the decisions of the log, each once: what a slice has of each hour is written in one transaction with the mark, so
 * a crash leaves both or neither, and of two instances at the same time one writes. Then past hours become one row each.
 *
 * @throws {StoreUnavailableError} what was counted until then stays
 */
export async function projectStatistics({ store, now }: StatisticsNeeds): Promise<Projection> {
  const state: { mark: Stored<StatisticsMark> | null; seen: Seen | null } = { mark: null, seen: null };
  const projection = await projectLog(
    { store, now },
    {
      readMark: async () => {
        state.mark = await readMark(store);
        return state.mark && { value: state.mark.value.until, version: state.mark.version };
      },
      write: async (slice, { from, until: end }, version) => {
        state.seen = await readSeen(store, state.seen, hourOf(from));
        const until = endOfHours(slice, end);
        const hours = await nameCustomers(store, countDecisions(within(slice, until), state.seen.digests));
        const moved = { until, foldedUntil: state.mark?.value.foldedUntil ?? 0 };
        state.mark = await store.writeStatistics({ times: { from, until }, hours }, moved, version);
        return state.mark && { value: until, version: state.mark.version };
      },
    },
  );
  if (state.mark !== null) await foldPast(store, state.mark);
  return projection;
}

/** Without a mark, everything is counted anew: whatever was counted goes first. */
async function readMark(store: StatisticsNeeds['store']): Promise<Stored<StatisticsMark> | null> {
  let mark = await store.readStatisticsMark();
  while (mark === null || mark.value.until === 0) {
    const cleared = await store.clearStatistics(mark?.version ?? null);
    if (cleared?.isEmpty === true) return cleared;
    // Another instance may be at it too.
    mark = cleared ?? (await store.readStatisticsMark());
  }
  return mark;
}

/** People look for who was refused by their names: those that they have now. */
async function nameCustomers(
  store: StatisticsNeeds['store'],
  hours: readonly SeenHour[],
): Promise<readonly SeenHour[]> {
  const ids = new Set(hours.flatMap(({ counts }) => licencesOf(counts)));
  const names = new Map<string, string>();
  await forEachAtOnce([...ids], async (id) => {
    const name = (await store.readLicence(id))?.value.customer?.name;
    if (name !== undefined) names.set(id, name);
  });
  return hours.map((hour) => {
    const own = licencesOf(hour.counts).flatMap((id): [string, string][] => {
      const name = names.get(id);
      return name === undefined ? [] : [[id, name]];
    });
    return { ...hour, counts: { ...hour.counts, customers: new Map(own) } };
  });
}

/** Those that operators granted: trials and pools in marketplace mode have no customer. */
function licencesOf({ refused }: HourCounts): readonly string[] {
  const ids = [...refused.keys()].map((key) => readRefused(key).licenceId);
  return [...new Set(ids)].filter((id) => id !== null && !id.includes(':')) as string[];
}

/** What is counted already of the hour in which a slice begins; later hours have nothing yet. */
interface Seen {
  readonly hour: number;
  readonly digests: Set<string>;
}

async function readSeen(store: StatisticsNeeds['store'], known: Seen | null, hour: number): Promise<Seen> {
  if (known?.hour === hour) return known;
  // What this run has counted of the hour is in the store as well.
  const rows = await store.readCountedHours({ from: hour, until: hour + 1 });
  return { hour, digests: new Set(rows.flatMap(({ value }) => value.seen)) };
}

function within(slice: readonly DecisionRecord[], until: number): readonly DecisionRecord[] {
  return slice.filter(({ at }) => at < until);
}

/** The end of the slice, or of as many hours as a transaction has room for. */
function endOfHours(slice: readonly DecisionRecord[], end: number): number {
  const hours = [...new Set(slice.map(({ at }) => hourOf(at)))].sort((left, right) => left - right);
  return hours[MAX_HOURS] ?? end;
}

/** Rows of one fold: a transaction has at most 100. */
const MAX_FOLDED = 99;
/** Characters of one row's counts: a row has room for about twice as many. */
const MAX_CHARACTERS = 200_000;

/** Milliseconds that it is kept who was refused: for the overview, which compares a day with the one before. */
const REFUSED_KEPT = 3 * 24 * HOUR;

async function foldPast(store: StatisticsNeeds['store'], { value, version }: Stored<StatisticsMark>): Promise<void> {
  const [from, until] = [value.foldedUntil, hourOf(value.until)];
  if (from >= until) return;
  for (const group of groupRows(await store.readCountedHours({ from, until }))) {
    if (group.length > 1 || group.some(({ value: { seen } }) => seen.length > 0)) {
      await store.foldHours(group, sumRows(group));
    }
  }
  const old = await store.readCountedHours({ from: Math.max(0, from - REFUSED_KEPT), until: until - REFUSED_KEPT });
  for (const row of old.filter(({ value: { counts } }) => counts.refused.size > 0)) {
    await store.foldHours([row], {
      ...row.value,
      counts: { ...row.value.counts, refused: new Map(), customers: new Map() },
    });
  }
  await store.writeStatisticsMark({ ...value, foldedUntil: until }, version);
}

/** Rows of one hour that together fit into one. */
function groupRows(rows: readonly Stored<CountedHour>[]): readonly (readonly Stored<CountedHour>[])[] {
  const groups: { readonly rows: Stored<CountedHour>[]; size: number }[] = [];
  for (const row of rows) {
    const size = sizeOf(row.value);
    const last = groups.at(-1);
    const isFitting =
      last?.rows[0]?.value.hour === row.value.hour &&
      last.rows.length < MAX_FOLDED &&
      last.size + size <= MAX_CHARACTERS;
    if (last === undefined || !isFitting) groups.push({ rows: [row], size });
    else {
      last.rows.push(row);
      last.size += size;
    }
  }
  return groups.map((group) => group.rows);
}

/** About as many characters as the counts have when they are written. */
function sizeOf({ counts: { decisions, refused, issues, customers } }: CountedHour): number {
  return [...decisions.keys(), ...refused.keys(), ...issues.keys(), ...customers.keys(), ...customers.values()].reduce(
    (sum, key) => sum + key.length + 10,
    0,
  );
}

/** Nothing is counted any more that this would have to be told from. */
function sumRows(rows: readonly Stored<CountedHour>[]): CountedHour {
  const values = rows.map(({ value }) => value);
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined) throw new Error('A group has at least one row.');
  return {
    hour: first.hour,
    slices: { from: first.slices.from, until: last.slices.until },
    counts: addCounts(values.map(({ counts }) => counts)),
    seen: [],
  };
}
