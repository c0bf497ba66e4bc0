import type { IncomingMessage } from 'node:http';
import { readBounded } from '../../contract/readBounded.ts';
import type { DocumentMaker } from '../endpoints/attestedDocuments.ts';
import type { Authority } from '../authority/authority.ts';
import { BUILT_IN_VMS } from '../vms/builtInVms.ts';
import { createEndpoints, type Endpoints } from '../endpoints/endpoints.ts';
import type { FaultName } from '../faults/faults.ts';
import { createIdentity, type Identity } from '../endpoints/identity.ts';
import { MACHINE_TIMER, type EmulatorOptions } from './options.ts';
import { createPublishing } from '../authority/publishing.ts';
import { createRequestLimits, REQUESTS_PER_SECOND, type RequestLimits } from '../protocol/rateLimit.ts';
import { refuseWith } from '../protocol/refusals.ts';
import { Refusal, refuse, type Reply } from '../protocol/reply.ts';
import { checkRequest, type VersionRules } from '../protocol/requestRules.ts';
import type { ScenarioStep } from '../scenario/scenario.ts';
import type { ScenarioRun } from '../scenario/scenarioRun.ts';
import type { EventLists } from '../vms/scheduledEvents.ts';
import { createTransportFaults, type TransportFaults } from '../faults/transportFaults.ts';
import { findVm, type Vm } from '../vms/vms.ts';

const MAX_BODY = 64 * 1024;

/** What is asked for. */
export interface Target {
  /** The name in `/vms/<name>`; absent for the root. */
  readonly vm?: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export function parseTarget(url: string): Target {
  const mark = url.indexOf('?');
  const whole = mark === -1 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
  const [, vm, path = ''] = /^\/vms\/([^/]+)(.*)$/.exec(whole) ?? [];
  return vm === undefined ? { path: whole, query } : { vm, path, query };
}

/** A reply, and the faults that made it. */
export interface Answered extends Reply {
  readonly fault?: string;
}

/** Answers a request. Throws only where the emulator itself fails. */
export type Answer = (request: IncomingMessage, target: Target) => Promise<Answered>;

export interface Running {
  readonly url: string;
  readonly authority: Authority;
  readonly makeDocument: DocumentMaker;
  readonly scenario: Pick<ScenarioRun, 'take'>;
  readonly events: EventLists;
  readonly signal: AbortSignal;
}

export function createAnswer(options: EmulatorOptions, running: Running): Answer {
  const { url, authority, makeDocument, scenario, events, signal } = running;
  const { vms = BUILT_IN_VMS, clock = Date.now, faults = [], lifetime, unknownVersion = 400 } = options;
  const { rateLimit = REQUESTS_PER_SECOND, slowFor = 5_000, goneFor = 10_000, timer = MACHINE_TIMER } = options;
  const identity = createIdentity(authority.keys);
  const published = createPublishing(authority.certificates);
  const documents = { makeDocument, clock, ...(lifetime !== undefined && { lifetime }) };
  const answer = createVmAnswer({
    ...{ url, vms, faults, scenario, rules: { unknownVersion } },
    endpoints: createEndpoints({ ...documents, identity, events }),
    disturb: createTransportFaults({ slowFor, goneFor, timer, signal }),
    limits: createRequestLimits(rateLimit, () => timer.now()),
  });
  return async (message, target) =>
    (await readOutside(target, { identity, published, clock })) ?? (await answer(message, target));
}

interface Outside {
  readonly identity: Identity;
  readonly published: ReturnType<typeof createPublishing>;
  readonly clock: () => number;
}

/** What no VM has to do with, and anybody may read. */
async function readOutside({ path }: Target, { identity, published, clock }: Outside): Promise<Reply | null> {
  return path === '/identity/keys' ? identity.readKeySet() : published(path, clock);
}

interface Surroundings {
  readonly url: string;
  readonly vms: readonly [Vm, ...Vm[]];
  readonly faults: readonly FaultName[];
  readonly scenario: Pick<ScenarioRun, 'take'>;
  readonly endpoints: Endpoints;
  readonly disturb: TransportFaults;
  readonly limits: RequestLimits;
  readonly rules: Pick<VersionRules, 'unknownVersion'>;
}

function createVmAnswer(surroundings: Surroundings): Answer {
  const { vms, scenario } = surroundings;
  return async (message, target) => {
    const vm = target.vm === undefined ? vms[0] : findVm(vms, target.vm);
    if (!vm) return NO_VM;
    const step = scenario.take({ vm: vm.name, path: belowMetadata(target.path) });
    const always = [...surroundings.faults, ...(vm.faults ?? [])];
    const names = step === null ? always : [...always, step.name];
    const reply = await answerDisturbed(surroundings, { vm, faults: faultsOf(always, step), step, message, target });
    return names.length === 0 ? reply : { ...reply, fault: names.join() };
  };
}

const NO_VM: Reply = refuse(404, 'No such VM. Name one that the emulator was started with, or fleet-<n>').reply;

function belowMetadata(path: string): string {
  const [root, ...rest] = path.split('/').filter((part) => part !== '');
  return root === 'metadata' ? rest.join('/') : '';
}

function faultsOf(always: readonly FaultName[], step: ScenarioStep | null): readonly FaultName[] {
  return step?.answer.kind === 'fault' ? [...always, step.answer.fault] : always;
}

interface VmRequest {
  readonly vm: Vm;
  readonly faults: readonly FaultName[];
  readonly step: ScenarioStep | null;
  readonly message: IncomingMessage;
  readonly target: Target;
}

async function answerDisturbed(surroundings: Surroundings, request: VmRequest): Promise<Reply> {
  try {
    const { vm, faults, step } = request;
    const ending = await surroundings.disturb(vm.name, faults);
    if (step?.answer.kind === 'status') throw refuseWith(step.answer.status);
    if (ending === 'silent' || ending === 'refused') return { status: 0, body: '', ending };
    const reply = await answerVm(surroundings, request);
    return ending === null ? reply : { ...reply, ending };
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    throw error;
  }
}

function answerVm(surroundings: Surroundings, request: VmRequest): Promise<Reply> {
  const { vm, target } = request;
  const [endpoint = ''] = belowMetadata(target.path).split('/');
  const answered = surroundings.limits(vm.name, endpoint, async () => answerAllowed(surroundings, request));
  if (answered === null) throw refuseWith(429);
  return answered;
}

function answerAllowed({ rules, endpoints, url }: Surroundings, request: VmRequest): Promise<Reply> {
  const { vm, faults, message, target } = request;
  const { method = '', headers } = message;
  const { newestVersion } = vm;
  const raw = { method, headers, path: target.path, query: target.query };
  const checked = checkRequest(raw, { ...rules, ...(newestVersion && { newestVersion }) });
  return endpoints({ vm, faults, request: checked, url, readBody: () => readBody(message) });
}

async function readBody(message: IncomingMessage): Promise<string> {
  const octets = await readBounded(message, MAX_BODY);
  if (octets === null) throw refuse(413, `The body may have at most ${MAX_BODY} octets`);
  return octets.toString('utf8');
}
