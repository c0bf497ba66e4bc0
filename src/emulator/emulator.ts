import { readBounded } from '../contract/readBounded.ts';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { attestedFacts, createDocumentMaker, type DocumentMaker } from './attestedDocuments.ts';
import type { Authority } from './authority.ts';
import { createEndpoints, type Endpoints } from './endpoints.ts';
import type { FaultName } from './faults.ts';
import { createIdentity, type Identity } from './identity.ts';
import { listenOn, type Listening } from './listening.ts';
import { createPublishing } from './publishing.ts';
import { createRateLimit } from './rateLimit.ts';
import { Refusal, refuse, type Reply } from './reply.ts';
import { checkRequest, type VersionRules } from './requestRules.ts';
import { createTransportFaults, type EmulatorTimer, type TransportFaults } from './transportFaults.ts';
import { BUILT_IN_VMS } from './builtInVms.ts';
import { findVm, type Vm } from './vms.ts';

/** Per VM (the article: "429"). */
const REQUESTS_PER_SECOND = 5;
const MAX_BODY = 64 * 1024;

/** One request that was answered; without its query, which holds the nonce. */
export interface EmulatorLogEntry {
  /** The name in the path; empty for the root. */
  readonly vm: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  /** The fault that made the answer what it is, or the first of several. */
  readonly fault?: string;
  /** Why the emulator itself failed, where it answered 500 of its own accord. */
  readonly failure?: string;
}

export interface EmulatorOptions {
  /** Or who makes it when it is known where its certificates will be served. */
  readonly authority: Authority | ((baseUrl: string) => Promise<Authority>);
  /**
   * Makes what the first document of every VM takes before anything is answered: an RSA key can take longer to make than a
   * client waits for IMDS. Without it, keys and signing certificates are made when they are first needed.
   */
  readonly prepared?: boolean;
  /** The first is the one that the root answers for; the article's by default. */
  readonly vms?: readonly [Vm, ...Vm[]];
  /** Milliseconds since the epoch; the computer's clock by default. */
  readonly clock?: () => number;
  /** Faults of every VM. */
  readonly faults?: readonly FaultName[];
  /** Requests a second of one VM; 5 by default, `Infinity` for none. */
  readonly rateLimit?: number;
  /** What an unknown api-version is answered with: 400 by default, as today; 404 as some years ago. */
  readonly unknownVersion?: 400 | 404;
  /** Of attested documents, in milliseconds; six hours by default. */
  readonly lifetime?: number;
  /** How long the fault `slow` takes, in milliseconds. */
  readonly slowFor?: number;
  /** How long the fault `gone` lasts, in milliseconds. */
  readonly goneFor?: number;
  /** What the rate limit and those two are measured by; this machine's by default. */
  readonly timer?: EmulatorTimer;
  readonly log?: (entry: EmulatorLogEntry) => void;
}

const MACHINE_TIMER: EmulatorTimer = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => pauseFor(milliseconds, undefined, { signal }),
};

export interface RunningEmulator {
  /** The base URL without a trailing slash; that of a VM is `<url>/vms/<name>`. */
  readonly url: string;
  readonly authority: Authority;
  /** Ends open connections as well. */
  readonly close: () => Promise<void>;
}

export interface Emulator {
  /**
   * Starts to answer. Port 0 takes any free one.
   *
   * @throws the system's own error, such as EADDRINUSE for a port that is taken
   */
  readonly listen: (port: number, host?: string) => Promise<RunningEmulator>;
}

/** An Instance Metadata Service for development and tests, as the article describes it. */
export function createEmulator(options: EmulatorOptions): Emulator {
  return {
    listen: async (port, host = '127.0.0.1') => {
      const listening = await listenOn(port, host);
      return serve(options, listening).catch(async (error: unknown) => {
        await listening.close();
        throw error;
      });
    },
  };
}

async function serve(options: EmulatorOptions, { url, answerWith, close }: Listening): Promise<RunningEmulator> {
  const closing = new AbortController();
  const authority = typeof options.authority === 'function' ? await options.authority(url) : options.authority;
  const makeDocument = createDocumentMaker(authority);
  if (options.prepared === true) await prepareDocuments(options, makeDocument);
  const answer = createAnswer(options, { url, authority, makeDocument, signal: closing.signal });
  answerWith((request, response) => void respond({ request, response, answer, log: options.log }));
  const end = () => {
    closing.abort();
    return close();
  };
  return { url, authority, close: end };
}

/** Answers a request. Throws a refusal. */
type Answer = (request: IncomingMessage, target: Target) => Promise<Reply>;

interface Surroundings {
  readonly url: string;
  readonly vms: readonly [Vm, ...Vm[]];
  readonly faults: readonly FaultName[];
  readonly identity: Identity;
  readonly endpoints: Endpoints;
  readonly disturb: TransportFaults;
  readonly isAllowed: (vm: string) => boolean;
  readonly rules: Pick<VersionRules, 'unknownVersion'>;
}

async function prepareDocuments(options: EmulatorOptions, makeDocument: DocumentMaker): Promise<void> {
  const { vms = BUILT_IN_VMS, faults = [], clock = Date.now } = options;
  const first = { apiVersion: '2020-09-01', createdOn: clock() } as const;
  await Promise.all(
    vms.map((vm) => makeDocument({ ...first, ...attestedFacts(vm), faults: [...faults, ...(vm.faults ?? [])] })),
  );
}

interface Running {
  readonly url: string;
  readonly authority: Authority;
  readonly makeDocument: DocumentMaker;
  readonly signal: AbortSignal;
}

function createAnswer(options: EmulatorOptions, { url, authority, makeDocument, signal }: Running): Answer {
  const { vms = BUILT_IN_VMS, clock = Date.now, faults = [], lifetime, unknownVersion = 400 } = options;
  const { rateLimit = REQUESTS_PER_SECOND, slowFor = 5_000, goneFor = 10_000, timer = MACHINE_TIMER } = options;
  const identity = createIdentity(authority.keys);
  const published = createPublishing(authority.certificates);
  const answer = createVmAnswer({
    ...{ url, vms, faults, identity, rules: { unknownVersion } },
    endpoints: createEndpoints({ makeDocument, identity, clock, ...(lifetime !== undefined && { lifetime }) }),
    disturb: createTransportFaults({ slowFor, goneFor, timer, signal }),
    isAllowed: createRateLimit(rateLimit, () => timer.now()),
  });
  return async (message, target) => published(target.path, clock()) ?? (await answer(message, target));
}

function createVmAnswer({ url, vms, identity, endpoints, disturb, isAllowed, rules, ...rest }: Surroundings): Answer {
  return async (message, target) => {
    if (target.path === '/identity/keys') return identity.readKeySet();
    const vm = target.vm === undefined ? vms[0] : findVm(vms, target.vm);
    if (!vm) throw refuse(404, 'No such VM. Name one that the emulator was started with, or fleet-<n>');
    const faults = [...rest.faults, ...(vm.faults ?? [])];
    await disturb(vm.name, faults);
    if (!isAllowed(vm.name)) throw refuse(429, 'Too many requests');
    const { method = '', headers } = message;
    const { newestVersion } = vm;
    const raw = { method, headers, path: target.path, query: target.query };
    const request = checkRequest(raw, { ...rules, ...(newestVersion && { newestVersion }) });
    return endpoints({ vm, faults, request, url, readBody: () => readBody(message) });
  };
}

interface Target {
  /** The name in `/vms/<name>`; absent for the root. */
  readonly vm?: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

function parseTarget(url: string): Target {
  const mark = url.indexOf('?');
  const whole = mark === -1 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
  const [, vm, path = ''] = /^\/vms\/([^/]+)(.*)$/.exec(whole) ?? [];
  return vm === undefined ? { path: whole, query } : { vm, path, query };
}

async function readBody(message: IncomingMessage): Promise<string> {
  const octets = await readBounded(message, MAX_BODY);
  if (octets === null) throw refuse(413, `The body may have at most ${MAX_BODY} octets`);
  return octets.toString('utf8');
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: Answer;
  readonly log: EmulatorOptions['log'];
}

async function respond({ request, response, answer, log }: Exchange): Promise<void> {
  const started = performance.now();
  const target = parseTarget(request.url ?? '');
  const reply: Reply & { failure?: string } = await answer(request, target).catch(replyTo);
  send(response, reply);
  const { status, failure } = reply;
  const milliseconds = performance.now() - started;
  const entry = { vm: target.vm ?? '', method: request.method ?? '', path: target.path, status, milliseconds };
  log?.({ ...entry, ...(failure !== undefined && { failure }) });
}

/** The name and number that genuine answers have. */
const SERVER = 'IMDS/150.870.65.1854';

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  const isJson = typeof body !== 'string' && !(body instanceof Uint8Array);
  const octets = Buffer.from(isJson ? JSON.stringify(body) : body);
  response.writeHead(status, {
    'content-type': isJson ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    'content-length': octets.length,
    server: SERVER,
    'x-ms-request-id': randomUUID(),
    ...headers,
  });
  response.end(octets);
}

function replyTo(error: unknown): Reply & { failure?: string } {
  if (error instanceof Refusal) return error.reply;
  const failure = error instanceof Error ? error.message : String(error);
  return { status: 500, body: { error: 'The emulator failed' }, failure };
}
