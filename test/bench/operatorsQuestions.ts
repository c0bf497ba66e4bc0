import { fillForOperators, subscriptionOf } from '../support/operatorFilling.ts';
import { vmId } from '../support/licensing.ts';
import { prepare, withService } from './operatorsCost.ts';
import type { Asked } from './operatorsCost.ts';

/*
 * How long it takes to answer what operators ask every day, in a store as a vendor has it after a while. The service runs in
 * this process, over a store in another one.
 */

const RUNS = 31;
/** Milliseconds that a median may have. */
const MOST = 300;
const VMS = 20;
const DECISIONS = 50;
const DAY = 24 * 60 * 60 * 1000;

const PUBLIC = 'cloud=AzurePublicCloud';

const listQuestions = (now: number): readonly (Asked & { readonly name: string })[] => [
  { name: 'search for a word', route: 'search', query: 'q=fabrikam' },
  { name: 'search for a VM', route: 'search', query: `q=${vmId(77)}` },
  { name: 'overview', route: 'readOverview' },
  { name: 'overview of a week', route: 'readOverview', query: 'period=7d' },
  { name: 'pools, the fullest first', route: 'listPools', query: 'sort=fullest' },
  { name: 'decisions', route: 'listDecisions' },
  { name: 'decisions of a code', route: 'listDecisions', query: 'code=key_changed' },
  { name: 'licences by words', route: 'listLicences', query: 'query=adventure' },
  { name: 'licences by their end', route: 'listLicences', query: 'sort=end&status=active' },
  { name: 'timeline of a VM', route: 'readTimeline', query: `vm=${vmId(7)}&${PUBLIC}` },
  { name: 'timeline of a subscription', route: 'readTimeline', query: `subscription=${subscriptionOf(7)}&${PUBLIC}` },
  {
    name: 'statistics of a week',
    route: 'readStatistics',
    query: `from=${new Date(now - 7 * DAY).toISOString()}`,
  },
];

export async function measureQuestions(licences: number): Promise<string> {
  const filling = { licences, vms: licences * VMS, decisions: licences * DECISIONS, now: Date.now() };
  return withService(async ({ service, token, connectionString }) => {
    await fillForOperators({ connectionString, tablePrefix: 'bench' }, filling);
    const rows: string[] = [];
    for (const question of listQuestions(filling.now)) {
      const times = await measure(prepare(service, token, question), question.name);
      const [median = 0, slowest = 0] = [times[Math.floor(times.length / 2)], times.at(-1)];
      const verdict = median <= MOST ? 'yes' : 'no';
      rows.push(`| ${question.name} | ${Math.round(median)} | ${Math.round(slowest)} | ${verdict} |`);
    }
    const { vms, decisions } = filling;
    return [
      `${licences} licences, ${vms} VMs, ${decisions} decisions; ${RUNS} requests each`,
      '',
      `| question | median, ms | slowest, ms | within ${MOST} ms |`,
      '| --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
  });
}

/** In order. The first one is not counted. */
async function measure(ask: ReturnType<typeof prepare>, name: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const started = performance.now();
    const { status } = await ask();
    if (status !== 200) throw new Error(`${name} was answered ${status}.`);
    if (run > 0) times.push(performance.now() - started);
  }
  return times.sort((left, right) => left - right);
}
