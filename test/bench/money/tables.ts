import { computeCost, otherCosts, renewalsOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { MEASURED } from './measured.ts';

const VMS = [10_000, 1_000_000, 100_000_000] as const;
const ARRIVALS = ['even', 'one hour a day'] as const;
/** Half the default lifetime. */
const RENEW_AFTER_HOURS = 12;

const COLUMNS = ([512, 2048] as const).flatMap((size) => ARRIVALS.map((arrival) => ({ size, arrival })));
const HEADS = COLUMNS.map(({ size, arrival }) => `${size} MB, ${arrival}`);

const fleetOf = (vms: number, arrival: Fleet['arrival'] = 'even'): Fleet => ({
  ...{ vms, arrival, renewAfterHours: RENEW_AFTER_HOURS },
});

/** US dollars and numbers: three digits are more than a list price deserves. */
const count = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

function dollars(amount: number): string {
  return amount < 0.01 ? '< 0.01' : count.format(amount);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What each kind of visit costs, as measured. */
function visitTable(): string {
  const rows = Object.entries(MEASURED).map(([name, cost]) => [
    name,
    ...[cost.requests, cost.storeCalls, cost.logLines, cost.logOctets, cost.signatures].map(String),
  ]);
  return table(['', 'executions', 'store calls', 'log lines', 'octets of log', 'vault signatures'], rows);
}

/** Compute, by size and arrival. */
function computeTable(): string {
  const rows = VMS.map((vms) => [
    count.format(vms),
    count.format(renewalsOf(fleetOf(vms)) / 1e6),
    ...COLUMNS.map(({ size, arrival }) => dollars(computeCost(fleetOf(vms, arrival), size))),
  ]);
  return table(['VMs', 'million renewals', ...HEADS], rows);
}

/** Everything but compute. */
function otherTable(): string {
  const rows = VMS.map((vms) => {
    const { store, rows: stored, log, requestLog, vault } = otherCosts(fleetOf(vms));
    return [count.format(vms), ...[store + stored, log, requestLog, vault].map(dollars)];
  });
  return table(['VMs', 'store', 'our log lines', 'requests recorded too', 'signing key in the vault'], rows);
}

/** Compute for each million renewals. */
function millionTable(): string {
  const rows = VMS.map((vms) => {
    const millions = renewalsOf(fleetOf(vms)) / 1e6;
    return [
      count.format(vms),
      ...COLUMNS.map(({ size, arrival }) => dollars(computeCost(fleetOf(vms, arrival), size) / millions)),
    ];
  });
  return table(['VMs', ...HEADS], rows);
}

/** By their names on the page. */
export const TABLES = { visits: visitTable, compute: computeTable, million: millionTable, others: otherTable } as const;
