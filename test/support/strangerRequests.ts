import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { CONSOLE_ENDPOINTS, OPERATOR_ENDPOINTS, VM_ENDPOINTS } from '../../src/contract/endpoints.ts';
import type { ConsoleEndpoint, VmEndpoint } from '../../src/contract/endpoints.ts';
import { askChallenge, createKey, prove, readDocument } from '../endToEnd/protocolClient.ts';
import type { Challenge, ClientKey } from '../endToEnd/protocolClient.ts';

/**
 * Every kind of request that somebody can send who has neither a VM's genuine document nor an operator's token, and what it
 * may cost. `test/app/strangerCosts.test.ts` asserts the costs against the running service and compares them with the table
 * in `docs/threat-model.md`; `npm run bench -- --stranger` measures time and memory.
 */

export interface StrangerScene {
  readonly url: string;
  readonly issuer: string;
  readonly imdsUrl: string;
}

export interface StrangerRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A function where it is sent in chunks. */
  readonly body?: string | (() => ReadableStream);
}

export interface StrangerKind {
  /** What is sent, for the table of the page. */
  readonly what: string;
  readonly status: number;
  /** Of a problem document. */
  readonly code?: string;
  /** What is computed before the answer is known. */
  readonly work: string;
  /** What is held at most, beside the headers. */
  readonly memory: string;
  /** Octets of log at most. */
  readonly log: number;
  /** Calls of the store, where the request comes after minutes without any. Repeats cost none. */
  readonly store?: readonly string[];
  /** Signatures of the key vault; with none in a repeat. */
  readonly signatures?: number;
  readonly make: (scene: StrangerScene) => Promise<StrangerRequest>;
}

const NOTHING = 'nothing';
const HEADERS = 'headers';
const PARSED = '64 KiB of body';
const READ = { work: HEADERS, memory: NOTHING, log: 0 } as const;
const LINE = 430;

const VM_BODY = { 'content-type': 'application/json' };

function post(endpoint: 'issueChallenge' | 'issueLicence' | 'releaseLicence', body: unknown): StrangerRequest {
  const { method, path } = VM_ENDPOINTS[endpoint];
  return { method, path, headers: VM_BODY, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

type Posted = Parameters<typeof post>[0];

/** What each of the three routes with a body does with one that is none of its own. */
function malformed(endpoint: Posted): readonly StrangerKind[] {
  const { path } = VM_ENDPOINTS[endpoint];
  const chunked = () => new Blob(['0'.repeat(70_000)]).stream();
  return [
    {
      ...{ what: 'a body that is declared too large', status: 413, code: 'request_too_large' },
      ...{ work: HEADERS, memory: NOTHING, log: LINE },
      make: () => Promise.resolve(post(endpoint, '0'.repeat(70_000))),
    },
    {
      ...{ what: 'a chunked body that is too large', status: 413, code: 'request_too_large' },
      ...{ work: 'its length', memory: 'the body, up to the platform’s bound', log: LINE },
      make: () => Promise.resolve({ method: 'POST', path, headers: VM_BODY, body: chunked }),
    },
    {
      ...{ what: 'another media type', status: 415, code: 'media_type_unsupported' },
      ...{ work: 'its length', memory: PARSED, log: LINE },
      make: () => Promise.resolve({ method: 'POST', path, headers: { 'content-type': 'text/plain' }, body: '{}' }),
    },
    {
      ...{ what: 'no JSON, or JSON of another shape', status: 400, code: 'request_malformed' },
      ...{ work: 'JSON', memory: PARSED, log: LINE },
      make: () => Promise.resolve(post(endpoint, `[${'[],'.repeat(20_000)}[]]`)),
    },
  ];
}

const key = createKey();

async function askWith(scene: StrangerScene, own: ClientKey = key): Promise<Challenge> {
  return askChallenge(scene.url, own);
}

interface Evidence {
  readonly vm: string;
  readonly endpoint?: 'issueLicence' | 'releaseLicence';
  /** Over the members of the request. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** Whether the document was made for another challenge. */
  readonly recorded?: boolean;
}

/** A challenge of the service, answered well but for what the document or the change is. */
async function answerChallenge(
  scene: StrangerScene,
  { vm, endpoint = 'issueLicence', change = {}, recorded = false }: Evidence,
): Promise<StrangerRequest> {
  const challenge = await askWith(scene);
  const { nonce } = recorded ? await askWith(scene) : challenge;
  const document = await readDocument(scene.imdsUrl, vm, nonce);
  const proof = await prove(challenge, key, `${scene.issuer}${VM_ENDPOINTS[endpoint].path}`);
  return post(endpoint, { challenge: challenge.challenge, document, proof, ...change });
}

const DOCUMENT = { encoding: 'pkcs7', signature: randomBytes(6_000).toString('base64') };
const FORGED = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${randomBytes(150).toString('base64url')}.x`;

const TRUST_READ = ['GET trust()'];

const licensing: readonly StrangerKind[] = [
  ...malformed('issueLicence'),
  {
    ...{ what: 'a challenge that is not the service’s, or has expired', status: 400, code: 'challenge_invalid' },
    ...{ work: 'JSON, one HMAC', memory: PARSED, log: LINE },
    make: () => Promise.resolve(post('issueLicence', { challenge: FORGED, document: DOCUMENT })),
  },
  {
    ...{ what: 'a challenge with a key, without its proof', status: 400, code: 'proof_required' },
    ...{ work: 'JSON, one HMAC', memory: PARSED, log: LINE },
    make: async (scene) => post('issueLicence', { challenge: (await askWith(scene)).challenge, document: DOCUMENT }),
  },
  {
    ...{ what: 'a proof by another key', status: 400, code: 'proof_invalid' },
    ...{ work: 'JSON, one HMAC, one ES256 verification', memory: PARSED, log: LINE },
    make: async (scene) => {
      const challenge = await askWith(scene);
      const proof = await prove(challenge, createKey(), `${scene.issuer}/v1/licences`);
      return post('issueLicence', { challenge: challenge.challenge, document: DOCUMENT, proof });
    },
  },
  {
    ...{ what: 'a document that is none', status: 422, code: 'document_malformed' },
    ...{ work: 'as before, and DER of 16 KiB', memory: PARSED, log: LINE, store: TRUST_READ },
    make: (scene) => answerChallenge(scene, { vm: 'licensed', change: { document: DOCUMENT } }),
  },
  {
    ...{ what: 'a document under a CA that is not pinned', status: 422, code: 'issuer_unknown' },
    ...{ work: 'as before, and a search for a path', memory: PARSED, log: 1_024 },
    store: [...TRUST_READ, 'GET issuers()', 'POST issuers'],
    make: (scene) => answerChallenge(scene, { vm: 'wrong-signer' }),
  },
  {
    ...{ what: 'a genuine document that was altered', status: 422, code: 'signature_invalid' },
    ...{ work: 'as before, and one RSA verification', memory: PARSED, log: LINE, store: TRUST_READ },
    make: (scene) => answerChallenge(scene, { vm: 'altered-content' }),
  },
  {
    ...{ what: 'a genuine document of another challenge', status: 422, code: 'nonce_mismatch' },
    ...{ work: 'as before, and JSON of the document', memory: PARSED, log: LINE, store: TRUST_READ },
    make: (scene) => answerChallenge(scene, { vm: 'licensed', recorded: true }),
  },
];

const releasing: readonly StrangerKind[] = [
  ...malformed('releaseLicence'),
  {
    ...{ what: 'a challenge that is not the service’s, or has expired', status: 400, code: 'challenge_invalid' },
    ...{ work: 'JSON, one HMAC', memory: PARSED, log: LINE },
    make: () => Promise.resolve(post('releaseLicence', { challenge: FORGED, document: DOCUMENT, licence: FORGED })),
  },
  {
    ...{ what: 'a licence that is not the service’s', status: 400, code: 'request_malformed' },
    ...{ work: 'JSON, one HMAC, one ES256 verification', memory: PARSED, log: LINE },
    make: (scene) =>
      answerChallenge(scene, { vm: 'licensed', endpoint: 'releaseLicence', change: { licence: FORGED } }),
  },
];

const get = (endpoint: VmEndpoint, path: string = VM_ENDPOINTS[endpoint].path) =>
  Promise.resolve({ method: 'GET', path });

const ofVms: Readonly<Record<VmEndpoint, readonly StrangerKind[]>> = {
  issueChallenge: [
    ...malformed('issueChallenge'),
    {
      ...{ what: 'without a key', status: 201, work: 'JSON, one HMAC', memory: PARSED, log: 0 },
      make: () => Promise.resolve(post('issueChallenge', {})),
    },
    {
      ...{ what: 'with a key', status: 201, work: 'JSON, a thumbprint, one HMAC', memory: PARSED, log: 0 },
      make: () => Promise.resolve(post('issueChallenge', { key: key.jwk })),
    },
  ],
  issueLicence: licensing,
  releaseLicence: releasing,
  readKeySet: [{ ...READ, what: 'well formed', status: 200, work: 'JSON', make: () => get('readKeySet') }],
  readSignedKeySet: [
    {
      ...{ ...READ, what: 'well formed', status: 200, work: 'one signature where the set has changed' },
      ...{ signatures: 1, make: () => get('readSignedKeySet') },
    },
    {
      ...{ what: 'for a root key that is not in force', status: 404, code: 'not_found' },
      ...{ ...READ, log: LINE, make: () => get('readSignedKeySet', '/.well-known/jwks.jwt?root=x') },
    },
    {
      ...{ what: 'with a query of another shape', status: 400, code: 'request_malformed' },
      ...{ ...READ, log: LINE, make: () => get('readSignedKeySet', '/.well-known/jwks.jwt?root=x&root=y') },
    },
  ],
  readDiscovery: [{ ...READ, what: 'well formed', status: 200, work: 'JSON', make: () => get('readDiscovery') }],
  readHealth: [{ ...READ, what: 'well formed', status: 200, make: () => get('readHealth') }],
  readReadiness: [
    {
      ...{ ...READ, what: 'well formed', status: 200, work: 'the probes, at most once in ten seconds' },
      ...{ store: ['GET offers()', 'GET offers(row)', 'GET trust()'], signatures: 1, make: () => get('readReadiness') },
    },
  ],
  readProblemPage: [
    { ...READ, what: 'well formed', status: 200, make: () => get('readProblemPage', '/problems/name_taken') },
    {
      ...{ ...READ, what: 'of a code that there is not', status: 404, code: 'not_found' },
      make: () => get('readProblemPage', `/problems/${'x'.repeat(4_000)}`),
    },
  ],
  readOpenApi: [
    {
      ...{ ...READ, what: 'well formed', status: 200, work: 'the document, once in the life of an instance' },
      make: () => get('readOpenApi'),
    },
    {
      ...{ ...READ, what: 'with the ETag of the document', status: 304 },
      make: async ({ url }) => {
        const response = await fetch(`${url}/openapi.json`);
        await response.body?.cancel();
        const eTag = response.headers.get('etag') ?? '';
        return { method: 'GET', path: '/openapi.json', headers: { 'if-none-match': eTag } };
      },
    },
  ],
  readStartPage: [
    {
      ...{ ...READ, what: 'well formed', status: 200, work: 'the probes, at most once in ten seconds' },
      ...{ store: ['GET offers()', 'GET offers(row)', 'GET trust()'], signatures: 1, make: () => get('readStartPage') },
    },
  ],
};

const getFile = (path: string) => Promise.resolve({ method: 'GET', path });

const ofConsole: Readonly<Record<ConsoleEndpoint, readonly StrangerKind[]>> = {
  readConsoleConfig: [
    { ...READ, what: 'well formed', status: 200, work: 'JSON', make: () => getFile('/console/config.json') },
  ],
  readConsoleFile: [
    {
      ...{ ...READ, what: 'a page or a file', status: 200, work: 'the files, once in the life of an instance' },
      make: () => getFile('/console/decisions'),
    },
    {
      ...{ ...READ, what: 'of a name that there is not', status: 404, code: 'not_found' },
      make: () => getFile(`/console/assets/..%2f..%2fhost.json/${'x'.repeat(4_000)}`),
    },
  ],
};

/** Of a directory that is not the operators' own. */
async function signToken(): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const claims = {
    iss: 'https://directory.example',
    aud: 'x',
    tid: 'x',
    oid: 'x',
    azp: 'x',
    ver: '2.0',
    roles: ['Admin'],
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'x' })
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime('1h')
    .sign(privateKey);
}

const foreignToken = signToken();

/** The longest body that any of these routes takes is never looked at. */
const OPERATORS_BODY = JSON.stringify({ rows: '0'.repeat(100_000) });

interface Called {
  readonly method: string;
  readonly path: string;
}

/** What every operators' route does with a request without a good token. */
function ofOperators({ method, path: template }: Called): readonly StrangerKind[] {
  const path = template.replace(/\{\w+\}/g, '0'.repeat(200));
  const make = (headers: Readonly<Record<string, string>>): StrangerRequest =>
    method === 'GET' || method === 'DELETE'
      ? { method, path, headers }
      : { method, path, headers: { ...headers, 'content-type': 'application/json' }, body: OPERATORS_BODY };
  const token = { ...READ, status: 401, log: LINE };
  return [
    { ...token, what: 'without a token', code: 'token_missing', make: () => Promise.resolve(make({})) },
    {
      ...{ ...token, what: 'a text that is no token', code: 'token_invalid' },
      make: () => Promise.resolve(make({ authorization: `Bearer ${'x'.repeat(8_000)}` })),
    },
    {
      ...{ ...token, what: 'a token of another directory', code: 'token_invalid' },
      work: 'headers; the directory’s keys are asked for at most once in 30 seconds',
      make: async () => make({ authorization: `Bearer ${await foreignToken}` }),
    },
  ];
}

/** On every route but `/.well-known/*`, `/healthz` and `/readyz`. */
const overTheLimit: StrangerKind = {
  ...{ what: 'over the limit of its address', status: 429, code: 'rate_limited', ...READ },
  make: async ({ url }) => {
    for (let times = 0; times < 60; times += 1) await sendStranger(url, post('issueChallenge', '{}'));
    return post('issueLicence', '0'.repeat(70_000));
  },
};

/** What no route answers: the platform does, and no code of ours runs. */
const elsewhere: readonly StrangerKind[] = [
  {
    ...{ ...READ, what: 'a path that there is not, or another method', status: 404 },
    make: () => Promise.resolve({ method: 'GET', path: `/${'x'.repeat(4_000)}` }),
  },
  {
    ...{ ...READ, what: 'HEAD of what answers GET', status: 200 },
    make: () => Promise.resolve({ method: 'HEAD', path: '/healthz' }),
  },
];

export interface StrangerRow extends StrangerKind {
  readonly route: string;
}

const routes: readonly { readonly route: string; readonly kinds: readonly StrangerKind[] }[] = [
  ...(Object.keys(ofVms) as VmEndpoint[]).map((name) => ({
    route: `\`${VM_ENDPOINTS[name].method} ${VM_ENDPOINTS[name].path}\``,
    kinds: ofVms[name],
  })),
  ...(Object.keys(ofConsole) as ConsoleEndpoint[]).map((name) => ({
    route: `\`${CONSOLE_ENDPOINTS[name].method} ${CONSOLE_ENDPOINTS[name].path}\``,
    kinds: ofConsole[name],
  })),
  { route: 'any operators’ route', kinds: ofOperators(OPERATOR_ENDPOINTS.applyCatalogue) },
  { route: 'anything else', kinds: elsewhere },
  { route: 'any route that is counted', kinds: [overTheLimit] },
];

/** The rows of the table in their order; those of all operators' routes are the same, and stand in it once. */
export const STRANGER_ROWS: readonly StrangerRow[] = routes.flatMap(({ route, kinds }) =>
  kinds.map((kind) => ({ ...kind, route })),
);

/** The operators' rows for each of their routes. */
export const OPERATOR_KINDS: readonly StrangerRow[] = Object.entries(OPERATOR_ENDPOINTS).flatMap(([route, endpoint]) =>
  ofOperators(endpoint).map((kind) => ({ ...kind, route })),
);

/** @param from the address that counts, where the service trusts one proxy */
export async function sendStranger(
  url: string,
  { method, path, headers = {}, body }: StrangerRequest,
  from?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${url}${path}`, {
    ...{ method, headers: { ...headers, ...(from !== undefined && { 'x-forwarded-for': from }) } },
    ...(body !== undefined && { body: typeof body === 'string' ? body : body(), duplex: 'half' }),
  });
  return { status: response.status, text: await response.text() };
}
