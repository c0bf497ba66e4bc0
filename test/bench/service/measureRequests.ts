import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../../src/dev/stack.ts';
import type { Stack } from '../../../src/dev/stack.ts';
import type { BenchOptions } from '../options.ts';
import { meterSettings, readMeter } from './metered.ts';
import { answer, askFor, askLicence, bootAll, listVms, read, sendAll } from './traffic.ts';
import type { BenchVm, Traffic } from './traffic.ts';

/**
 * What requests cost the process that listens under `npm start`: the CPU of all its threads, over HTTP. All kinds take turns
 * within a round, and each is compared with `/healthz` of its own round.
 */

/** Requests of a kind in a round. */
const BATCH = 50;
/** Rounds of a young process: 300 renewals. */
const YOUNG_ROUNDS = 6;
/** Processes whose youth is measured. */
const PROCESSES = 3;
/** Renewals after which a process is no longer young. */
const OLD = 2_000;

/** Microseconds of a request of each kind. */
export type YoungCosts = Readonly<Record<'health' | 'challenge' | 'renewal', number>>;
export type Costs = YoungCosts & Readonly<Record<'firstBoot' | 'openApi', number>>;

export interface RequestFigures {
  /** Of each process that was young: the means of its first hundreds of renewals. */
  readonly young: readonly YoungCosts[];
  /** Of each round of one that was not. */
  readonly old: readonly Costs[];
  /** Octets of that process after `renewals`, and after two fifths of them. */
  readonly resident: { readonly early: number; readonly late: number };
  readonly renewals: number;
}

interface Subject extends Traffic {
  /** @returns microseconds of the process since its start */
  readonly readCpu: () => Promise<number>;
  readonly readResident: () => Promise<number>;
  /** VMs that have a licence. */
  readonly vms: readonly BenchVm[];
}

export async function measureRequests({ rounds, renewals }: BenchOptions): Promise<RequestFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-requests-'));
  const meter = join(folder, 'meter');
  const stack = await startBenchStack(folder, meter, Math.min(PROCESSES, rounds));
  try {
    const vms = listVms(BATCH, 0);
    await bootAll({ url: stack.serviceUrl, issuer: stack.serviceUrl, imdsUrl: stack.imdsUrl }, vms);
    const subjects = stack.serviceUrls.slice(1).map((_, index) => subjectOf(stack, index + 1, { meter, vms }));
    const young = await sendAll(subjects, (each) => measureYoung(each, Math.min(YOUNG_ROUNDS, rounds)));
    const [subject] = subjects;
    if (subject === undefined) throw new Error('There is no process to measure.');
    return { young, renewals, ...(await measureOld(subject, rounds, renewals)) };
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first process answers what is not measured. */
function startBenchStack(folder: string, meter: string, processes: number): Promise<Stack> {
  const catalogueFile = join(folder, 'catalogue.json');
  writeFileSync(catalogueFile, JSON.stringify(CATALOGUE));
  return startStack({
    ...{ ports: { service: 0, imds: 0, table: 0 }, folder: join(folder, 'stack'), built: true, catalogueFile },
    ...{ instances: processes + 1, imdsRateLimit: Infinity, progress: () => undefined },
    settings: meterSettings(meter),
  });
}

const OFFER = 'planPublisher/planProduct/planName';
/** Of the emulator's first VM and its fleet. */
const SUBSCRIPTION = '8d10da13-8125-4ba9-a717-bf7490507b3d';
const CATALOGUE = {
  offers: [{ offer: OFFER, mode: 'licensed', clouds: ['emulator'] }],
  licences: [{ id: 'bench', cloud: 'emulator', subscription: SUBSCRIPTION, offer: OFFER, seats: 10_000 }],
};

function subjectOf(
  { serviceUrl, serviceUrls, processIds, imdsUrl }: Stack,
  index: number,
  { meter, vms }: { readonly meter: string; readonly vms: readonly BenchVm[] },
): Subject {
  const pid = processIds[index] ?? 0;
  return {
    ...{ url: serviceUrls[index] ?? '', issuer: serviceUrl, imdsUrl, vms },
    readCpu: async () => (await readMeter(meter, pid)).cpu,
    readResident: async () => (await readMeter(meter, pid)).resident,
  };
}

async function repeat<T>(times: number, measure: () => Promise<T>): Promise<T[]> {
  return sendAll(Array.from({ length: times }), measure);
}

async function measureYoung(subject: Subject, rounds: number): Promise<YoungCosts> {
  const costs = await repeat(rounds, () => measureBasics(subject));
  const mean = (kind: keyof YoungCosts) => costs.reduce((sum, cost) => sum + cost[kind], 0) / costs.length;
  return { health: mean('health'), challenge: mean('challenge'), renewal: mean('renewal') };
}

/** `/healthz` is asked before and after the others, so that a neighbour who comes or goes meanwhile touches both alike. */
async function measureBasics(subject: Subject): Promise<YoungCosts> {
  const { vms } = subject;
  const readHealth = () => cost(subject, vms, () => read(subject, '/healthz'));
  const before = await readHealth();
  const challenge = await cost(subject, vms, (vm) => askFor(subject, vm));
  const renewal = await costOfLicences(subject, vms);
  return { health: (before + (await readHealth())) / 2, challenge, renewal };
}

let booted = BATCH;

async function measureRound(subject: Subject): Promise<Costs> {
  const newVms = listVms(BATCH, booted);
  booted += BATCH;
  const basics = await measureBasics(subject);
  const firstBoot = await costOfLicences(subject, newVms);
  const openApi = await cost(subject, newVms, () => read(subject, '/openapi.json'));
  return { ...basics, firstBoot, openApi };
}

async function costOfLicences(subject: Subject, vms: readonly BenchVm[]): Promise<number> {
  const bodies = await sendAll(vms, async (vm) => answer(subject, vm, await askFor(subject, vm)));
  return cost(subject, bodies, (body) => askLicence(subject, body));
}

/** @returns microseconds of each */
async function cost<T>(subject: Subject, items: readonly T[], sendOne: (item: T) => Promise<unknown>): Promise<number> {
  const before = await subject.readCpu();
  await sendAll(items, sendOne);
  return ((await subject.readCpu()) - before) / items.length;
}

/** Renewals up to the age at which it is measured, and then those after which its memory is. */
async function measureOld(subject: Subject, rounds: number, renewals: number) {
  await renew(subject, Math.min(OLD, renewals));
  const old = await repeat(rounds, () => measureRound(subject));
  await renew(subject, (renewals * 2) / 5);
  const early = await subject.readResident();
  await renew(subject, (renewals * 3) / 5);
  return { old, resident: { early, late: await subject.readResident() } };
}

async function renew(subject: Subject, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += BATCH) await bootAll(subject, subject.vms);
}
