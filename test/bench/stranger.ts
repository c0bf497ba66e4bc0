import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { startStack } from '../../src/dev/stack.ts';
import type { Stack } from '../../src/dev/stack.ts';
import { STRANGER_ROWS, sendStranger } from '../support/strangerRequests.ts';
import type { StrangerRequest, StrangerRow } from '../support/strangerRequests.ts';
import type { BenchOptions } from './options.ts';
import { writeRows } from './report.ts';
import { median } from './rounds.ts';

/**
 * What strangers cost the service that is deployed, in a process of its own: the time of each of their requests as a ratio
 * to the cheapest, the memory while many come at once, and a minute of all of them from one address.
 */

const FILES = join(import.meta.dirname, '../endToEnd');
const MINUTE = 60_000;
const IN_A_MINUTE = 10_000;
const AT_ONCE = 200;
const STRANGER = '203.0.113.7';
const OTHER = '198.51.100.9';
/** Milliseconds between the challenges of somebody else. */
const PAUSE = 100;
/** What all are compared with: the host, the wrapping of a request, and nothing else. */
const FLOOR = STRANGER_ROWS.findIndex(({ route }) => route.includes('/healthz'));

interface Prepared {
  readonly row: StrangerRow;
  readonly request: StrangerRequest;
}

export async function measureStranger({ rounds, flood: requests }: BenchOptions): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-stranger-'));
  let logged = 0;
  const stack = await startStack({
    ...{
      ports: { service: 0, imds: 0, table: 0 },
      folder: join(folder, 'stack'),
      built: true,
      imdsRateLimit: Infinity,
    },
    ...{ catalogueFile: join(FILES, 'catalogue.json'), vmFile: join(FILES, 'vms.json'), progress: () => undefined },
    settings: { RATE_LIMIT_PER_SECOND: '20', TRUSTED_PROXIES: '1' },
    log: (line) => (logged += Buffer.byteLength(line) + 1),
  });
  try {
    const prepared = await prepare(stack);
    const before = logged;
    // First, so that its peak is its own.
    const flood = await sendFlood(stack, prepared, requests);
    const floodLogged = logged - before;
    const times = await measureTimes(stack, await prepare(stack), rounds);
    const memory = await measureMemory(stack, await prepare(stack));
    return `${writeTimes(times, memory, flood)}\n${describeFlood(flood, requests, floodLogged)}`;
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A challenge lives for five minutes. The last row, of what is over the limit, is measured in the flood. */
async function prepare({ serviceUrl, imdsUrl }: Stack): Promise<readonly Prepared[]> {
  // Challenges count for the address that nobody names.
  await pauseFor(2_000);
  const scene = { url: serviceUrl, issuer: serviceUrl, imdsUrl };
  return Promise.all(STRANGER_ROWS.slice(0, -1).map(async (row) => ({ row, request: await row.make(scene) })));
}

let addresses = 0;

/** Each request comes from another address, so that none is over its limit. */
function nextAddress(): string {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** @returns milliseconds */
async function timeOne(url: string, request: StrangerRequest, from: string) {
  const begun = performance.now();
  const { status } = await sendStranger(url, request, from);
  return { status, took: performance.now() - begun };
}

/** In turn, so that whatever else the machine does is shared by all. @returns medians in milliseconds */
async function measureTimes({ serviceUrl }: Stack, prepared: readonly Prepared[], rounds: number) {
  const samples = prepared.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { row, request }] of prepared.entries()) {
      const { status, took } = await timeOne(serviceUrl, request, nextAddress());
      if (status !== row.status) throw new Error(`${row.route}, ${row.what}: ${status}`);
      // The first round fills the caches.
      if (round > 0) samples[index]?.push(took);
    }
  }
  return samples.map(median);
}

/** What the process holds more, at its peak, while many of a kind come at once. @returns octets */
async function measureMemory({ serviceUrl, processIds: [pid = 0] }: Stack, prepared: readonly Prepared[]) {
  const growth: (number | null)[] = [];
  for (const { request } of prepared) {
    const before = readMemory(pid)?.now ?? null;
    forgetPeak(pid);
    await Promise.all(Array.from({ length: AT_ONCE }, () => sendStranger(serviceUrl, request, nextAddress())));
    const peak = readMemory(pid)?.peak ?? null;
    growth.push(before === null || peak === null ? null : Math.max(0, peak - before));
  }
  return growth;
}

/** Octets of a process, and the most since its start or since {@link forgetPeak}; null where the system does not tell. */
function readMemory(pid: number): { readonly now: number; readonly peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
    return { now: of('VmRSS'), peak: of('VmHWM') };
  } catch {
    return null;
  }
}

function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // The peak since the start is then all that is known.
  }
}

interface Flood {
  readonly statuses: ReadonlyMap<number, number>;
  /** Milliseconds of those that were over the limit, and of the challenges of somebody else. */
  readonly refused: readonly number[];
  readonly honest: readonly number[];
  readonly peak: number | null;
}

/** All kinds in turn from one address, as many a second as 10,000 in a minute are, and somebody else beside them. */
async function sendFlood(
  { serviceUrl, processIds: [pid = 0] }: Stack,
  prepared: readonly Prepared[],
  requests: number,
): Promise<Flood> {
  const statuses = new Map<number, number>();
  const refused: number[] = [];
  const honest: number[] = [];
  forgetPeak(pid);
  const begun = performance.now();
  const at = (share: number) => pauseFor(Math.max(0, begun + share - performance.now()));
  const strange = Array.from({ length: requests }, async (_, index) => {
    await at((index * MINUTE) / IN_A_MINUTE);
    const { request } = prepared[index % prepared.length] ?? { request: null };
    if (request === null) return;
    const { status, took } = await timeOne(serviceUrl, request, STRANGER);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 429) refused.push(took);
  });
  const others = Array.from({ length: Math.ceil((requests * MINUTE) / IN_A_MINUTE / PAUSE) }, async (_, index) => {
    await at(index * PAUSE);
    const request = {
      method: 'POST',
      path: '/v1/challenges',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    };
    const { status, took } = await timeOne(serviceUrl, request, OTHER);
    if (status !== 201) throw new Error(`A challenge of somebody else was answered ${status}.`);
    honest.push(took);
  });
  await Promise.all([...strange, ...others]);
  return { statuses, refused, honest, peak: readMemory(pid)?.peak ?? null };
}

function writeTimes(times: readonly number[], memory: readonly (number | null)[], { refused }: Flood): string {
  const floor = times[FLOOR] ?? Number.NaN;
  const over = refused.length === 0 ? Number.NaN : median(refused);
  const rows = STRANGER_ROWS.map(({ route, what }, index) => {
    const time = times[index] ?? over;
    const ratio = `${(time / floor).toFixed(1)} ×`;
    return [`${route}, ${what}`, `${time.toFixed(2)} ms`, ratio, writeOctets(memory[index] ?? null)];
  });
  return writeRows([['request', 'median', 'to `/healthz`', `memory while ${AT_ONCE} come at once`], ...rows]);
}

function writeOctets(octets: number | null): string {
  return octets === null ? '' : `${(octets / 1024 / 1024).toFixed(1)} MiB`;
}

function describeFlood({ statuses, honest, peak }: Flood, requests: number, logged: number): string {
  const sorted = honest.toSorted((left, right) => left - right);
  const late = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  const answers = [...statuses]
    .sort(([left], [right]) => left - right)
    .map(([status, count]) => `${count} × ${status}`);
  return [
    `${requests} requests of all kinds from one address, ${IN_A_MINUTE} a minute: ${answers.join(', ')}.`,
    `Meanwhile ${honest.length} challenges of somebody else: median ${median(honest).toFixed(1)} ms (at most 100), 99 % below ${late.toFixed(1)} ms.`,
    `The process had at most ${writeOctets(peak)} (at most 300 MB), and wrote ${(logged / 1024).toFixed(1)} KiB of log (at most 1 MB).`,
    '',
  ].join('\n');
}
