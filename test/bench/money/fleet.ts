import { ADDED_OCTETS, CPU_MILLISECONDS, MEASURED, ROW_OCTETS } from './measured.ts';
import { PRICES } from './prices.ts';

/** VMs that renew every so many hours, spread evenly or all within one hour of a day. */
export interface Fleet {
  readonly vms: number;
  readonly renewAfterHours: number;
  readonly arrival: 'even' | 'one hour a day';
}

/** Memory of an instance and its share of a core (Azure Functions, "Flex Consumption plan hosting", Instance sizes). */
const SIZES = {
  512: { gigabytes: 0.5, cores: 0.25 },
  2048: { gigabytes: 2, cores: 1 },
} as const;
type Size = keyof typeof SIZES;

const HOUR = 3_600;
const MONTH = 730 * HOUR;
/** How busy an instance may be before another one has to take its share. */
const FULL = 0.6;
/** Seconds: a shorter active period costs as much. */
const SHORTEST = 1;

export function renewalsOf({ vms, renewAfterHours }: Fleet): number {
  return (vms * MONTH) / (renewAfterHours * HOUR);
}

/** US dollars for a month of executions and of the memory of active instances. */
export function computeCost(fleet: Fleet, size: Size): number {
  const renewals = renewalsOf(fleet);
  const executions = (renewals * MEASURED.renewal.requests * PRICES.millionExecutions) / 1e6;
  return executions + activeSeconds(fleet, size) * SIZES[size].gigabytes * PRICES.gigabyteSecond;
}

/**
 * Renewals that come at random keep an instance active for a second each, or less where they overlap: of an instance that
 * gets `each` a second, the share `1 - exp(-each)` of all time.
 */
function activeSeconds(fleet: Fleet, size: Size): number {
  const open = fleet.arrival === 'even' ? MONTH : MONTH / 24;
  const perSecond = renewalsOf(fleet) / open;
  const capacity = (FULL * SIZES[size].cores * 1_000) / CPU_MILLISECONDS;
  const instances = Math.max(1, Math.ceil(perSecond / capacity));
  return open * instances * (1 - Math.exp((-perSecond / instances) * SHORTEST));
}

/** US dollars for a month of everything but compute. */
export function otherCosts(fleet: Fleet) {
  const renewals = renewalsOf(fleet);
  const { storeCalls, logLines, logOctets, signatures, requests } = MEASURED.renewal;
  const lines = logLines * (logOctets + ADDED_OCTETS.line);
  return {
    store: (renewals * storeCalls * PRICES.tenThousandStoreCalls) / 1e4,
    rows: ((fleet.vms * ROW_OCTETS) / 1e9) * PRICES.storedGigabyte,
    log: ((renewals * lines) / 1e9) * PRICES.logGigabyte,
    requestLog: ((renewals * requests * ADDED_OCTETS.request) / 1e9) * PRICES.logGigabyte,
    vault: (renewals * signatures * PRICES.tenThousandSignatures) / 1e4,
  };
}
