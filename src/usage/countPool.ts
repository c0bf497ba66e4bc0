import { dayOf, hoursBeginning, newestHours } from '../contract/dayHours.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import type { DayRange, LicensedVm, SummedHours, Subscription, UsageReader, VmHours, VmRange } from './store.ts';

/** VMs whose newest licence is held in memory at once. */
const MAX_VMS = 20_000;
const HOURS_A_DAY = 24;

/** What is counted. Times are milliseconds since the epoch. */
export interface UsageRange {
  /** Inclusive: an hour belongs to the range in which it begins. */
  readonly from: number;
  /** Exclusive. */
  readonly until: number;
  /** Licences that live on count up to here. */
  readonly now: number;
  /** The VMs of this subscription alone; `null`: all of them. */
  readonly of: Subscription | null;
}

/** How many VMs were licensed in each hour of a day. */
export type DayCounts = Uint32Array;

/** What one pool has in a range: bounded by the days, not by the VMs. */
export interface PoolCounts {
  /** The licence as it was called last; `null` where nothing was counted. */
  licenceId: string | null;
  /** By the name of the offer, then by the day. */
  readonly offers: Map<string, Map<number, DayCounts>>;
}

/**
 * Counts the VMs of a pool, hour by hour. The newest licence of each VM is read before the ledger: whatever is renewed
 * meanwhile is found in one of them, and what is found in both counts once.
 *
 * @throws StoreUnavailableError
 */
export async function countPool(store: UsageReader, pool: SeatPool, range: UsageRange): Promise<PoolCounts> {
  const counts: PoolCounts = { licenceId: null, offers: new Map() };
  const days = { from: dayOf(range.from), until: dayOf(range.until - 1) + 1 };
  let newest = new Map<string, LicensedVm>();
  let after: string | null = null;
  const countPart = async (last: string | null) => {
    await countVms(store, pool, { range, days, newest, vms: { after, last }, counts });
    newest = new Map();
    after = last;
  };
  for await (const vms of store.readLicensed(pool, days, range.of)) {
    for (const vm of vms) newest.set(vm.vmId, vm);
    if (newest.size >= MAX_VMS) await countPart(vms.at(-1)?.vmId ?? null);
  }
  await countPart(null);
  return counts;
}

interface Part {
  readonly range: UsageRange;
  readonly days: DayRange;
  readonly newest: ReadonlyMap<string, LicensedVm>;
  readonly vms: VmRange;
  readonly counts: PoolCounts;
}

async function countVms(store: UsageReader, pool: SeatPool, part: Part): Promise<void> {
  const { range, days, newest, vms, counts } = part;
  for (const vm of newest.values()) {
    const last = Math.min(days.until, dayOf(Math.min(range.now, vm.expiresAt)) + 1);
    for (let day = Math.max(days.from, dayOf(vm.issuedAt)); day < last; day += 1) {
      addHours(counts, vm, day, newestHours(vm, day, range.now) & hoursBeginning(day, range.from, range.until));
    }
  }
  for await (const rows of store.readHours(pool, days, { vms, of: range.of })) {
    for (const row of rows) addRow(part, row);
  }
}

function addRow({ range, newest, counts }: Part, row: VmHours | SummedHours): void {
  const wanted = hoursBeginning(row.day, range.from, range.until);
  if (row.vmId === null) {
    addCounts(counts, row, wanted);
    return;
  }
  const vm = newest.get(row.vmId);
  const counted = vm === undefined ? 0 : newestHours(vm, row.day, range.now);
  addHours(counts, row, row.day, row.hours & wanted & ~counted);
}

function addHours(counts: PoolCounts, of: Pick<VmHours, 'licenceId' | 'offer'>, day: number, hours: number): void {
  if (hours === 0) return;
  const hourly = countsOf(counts, of, day);
  for (let hour = 0; hour < HOURS_A_DAY; hour += 1) {
    if (((hours >> hour) & 1) === 1) hourly[hour] = (hourly[hour] ?? 0) + 1;
  }
}

function addCounts(counts: PoolCounts, row: SummedHours, wanted: number): void {
  if (wanted === 0) return;
  const hourly = countsOf(counts, row, row.day);
  for (const [hour, count] of row.counts.entries()) {
    if (((wanted >> hour) & 1) === 1) hourly[hour] = (hourly[hour] ?? 0) + count;
  }
}

function countsOf(counts: PoolCounts, { licenceId, offer }: Pick<VmHours, 'licenceId' | 'offer'>, day: number) {
  counts.licenceId = licenceId;
  const days = counts.offers.get(offer) ?? new Map<number, DayCounts>();
  counts.offers.set(offer, days);
  const hourly = days.get(day) ?? new Uint32Array(HOURS_A_DAY);
  days.set(day, hourly);
  return hourly;
}
