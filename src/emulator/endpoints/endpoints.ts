import type { AttestedDocumentResponse } from '../../contract/wire.ts';
import { attestedFacts, type DocumentMaker } from './attestedDocuments.ts';
import type { FaultName } from '../faults/faults.ts';
import type { Identity } from './identity.ts';
import { readInstance } from './instanceMetadata.ts';
import { readLoadBalancer } from '../vms/loadBalancer.ts';
import { refuse, type Reply } from '../protocol/reply.ts';
import type { Endpoint, ImdsRequest } from '../protocol/requestRules.ts';
import type { EventLists } from '../vms/scheduledEvents.ts';
import { isApiVersion, NEWEST_VERSION, versionsUntil, type ApiVersion } from '../protocol/versions.ts';
import type { Vm } from '../vms/vms.ts';

/** Azure's: the article says ten digits, production takes up to 32 characters. */
const MAX_NONCE = 32;

export interface EndpointOptions {
  readonly makeDocument: DocumentMaker;
  readonly identity: Identity;
  readonly events: EventLists;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Of attested documents, in milliseconds; six hours by default. */
  readonly lifetime?: number;
}

/** One request with what surrounds it. */
interface EndpointRequest {
  readonly vm: Vm;
  readonly faults: readonly FaultName[];
  readonly request: ImdsRequest;
  /** The emulator's base URL. */
  readonly url: string;
  readonly readBody: () => Promise<string>;
}

/** Answers a request that keeps the rules. Throws a refusal. */
export type Endpoints = (request: EndpointRequest) => Promise<Reply>;

export function createEndpoints(options: EndpointOptions): Endpoints {
  const { identity, clock, events } = options;
  const readDocument = createDocumentEndpoint(options);
  const answerEvents = createEventsEndpoint(events);
  const endpoints: Record<Endpoint, Endpoints> = {
    versions: ({ vm, request }) => only(request, '', () => readVersions(vm)),
    instance: ({ vm, request }) => Promise.resolve(readInstance(vm, { ...request, version: dated(request) })),
    attested: (each) => only(each.request, 'document', () => readDocument(each)),
    identity: ({ vm, request, url }) =>
      request.path.join('/') === 'info'
        ? Promise.resolve(identity.readInfo())
        : only(request, 'oauth2/token', () => identity.readToken({ vm, query: request.query, url, at: clock() })),
    loadbalancer: ({ vm, request }) => only(request, '', () => readLoadBalancer(vm.loadBalancer)),
    scheduledevents: (each) => only(each.request, '', () => answerEvents(each)),
  };
  return (each) => endpoints[each.request.endpoint](each);
}

function readVersions({ newestVersion = NEWEST_VERSION }: Vm): Reply {
  return { status: 200, body: { apiVersions: versionsUntil(newestVersion) } };
}

/** For the endpoints that have one path and nothing below it. */
async function only(request: ImdsRequest, path: string, answer: () => Reply | Promise<Reply>): Promise<Reply> {
  if (request.path.join('/') !== path) throw refuse(404, 'Not found');
  return answer();
}

/** The rules let the other versions through for scheduled events alone. */
function dated({ version }: ImdsRequest): ApiVersion {
  if (!isApiVersion(version)) throw refuse(404, 'Not found');
  return version;
}

function createDocumentEndpoint({ makeDocument, clock, lifetime }: EndpointOptions): Endpoints {
  const cachedNonce = createNonceCache();
  return async ({ vm, faults, request }) => {
    const asked = checkNonce(request.query);
    const nonce = faults.includes('old-nonce') ? cachedNonce(vm.name, asked) : asked;
    const der = await makeDocument({
      ...attestedFacts(vm),
      apiVersion: dated(request),
      createdOn: clock(),
      faults,
      ...(nonce !== undefined && { nonce }),
      ...(lifetime !== undefined && { lifetime }),
    });
    const body: AttestedDocumentResponse = { encoding: 'pkcs7', signature: Buffer.from(der).toString('base64') };
    return { status: 200, body };
  };
}

function checkNonce(query: URLSearchParams): string | undefined {
  const nonce = query.get('nonce') ?? '';
  if (nonce.length > MAX_NONCE) throw refuse(400, `Bad request. A nonce has at most ${MAX_NONCE} characters`);
  return nonce === '' ? undefined : nonce;
}

function createEventsEndpoint(events: EventLists): Endpoints {
  return async ({ vm, request, readBody }) => {
    const list = events(vm);
    return request.method === 'POST' ? list.start(await readBody()) : list.read(request.version);
  };
}

/**
 * IMDS caches: a document can carry the nonce of an earlier request (the article's note on attested data).
 *
 * @returns the nonce to answer with: the one before it when a VM's nonce is new, the right one when it is asked for again
 */
function createNonceCache(): (vm: string, nonce: string | undefined) => string | undefined {
  const latest = new Map<string, string | undefined>();
  return (vm, nonce) => {
    const cached = latest.get(vm);
    latest.set(vm, nonce);
    return cached;
  };
}
