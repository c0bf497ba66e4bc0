import { generateKeyPairSync, hash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { PublicJwk } from '../../src/contract/wire.ts';
import { projectViews } from '../../src/app/projectViews.ts';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import { signKeySet } from '../../src/tokens/signedKeySet.ts';
import { writePem } from '../../src/trust/pem.ts';
import {
  boot,
  createKey,
  writeRequestFile,
  post,
  prove,
  askChallenge,
  readDocument as readEvidence,
  send,
} from '../endToEnd/protocolClient.ts';
import type { Answer } from '../endToEnd/protocolClient.ts';
import { operate, useStack } from '../operators/useStack.ts';
import { listPlaces, readDocument, validatorOf } from './document.ts';
import type { Document, Response } from './document.ts';
import { runKeys } from '../support/runKeys.ts';

const createPem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const stack = useStack();
/** Its directory answers nobody, and it answers few. */
const strict = useStack({
  catalogueFile: null,
  settings: { ENTRA_KEY_SET: 'http://127.0.0.1:9/keys', RATE_LIMIT_PER_SECOND: '1' },
});
const ROOT = createLocalSigner(createPem(), 'root key');
/** Its root key stays offline. */
const offline = useStack({ settings: { ROOT_KEY_FILE: '', ROOT_THUMBPRINTS: ROOT.kid } });
const NO_TOKENS = { Reader: 'a.b.c', Operator: 'a.b.c', Admin: 'a.b.c' };

let document: Document;
const tried = new Set<string>();
/** Status and header. */
const told = new Set<string>();

beforeAll(async () => {
  document = await readDocument(stack().serviceUrl);
});

/** Those that callers go by. */
const HEADERS = ['etag', 'retry-after', 'www-authenticate', 'idempotency-replayed', 'location', 'allow'];

function expectHeaders(what: string, headers: Headers, described: Response['headers']): void {
  const names = Object.keys(described).map((name) => name.toLowerCase());
  expect(names.filter((name) => !HEADERS.includes(name))).toEqual([]);
  expect(
    HEADERS.filter((name) => headers.has(name) && !names.includes(name)),
    what,
  ).toEqual([]);
  for (const [name, { required = false, schema }] of Object.entries(described)) {
    const sent = headers.get(name);
    if (required) expect(sent, `${what} ${name}`).not.toBeNull();
    if (sent === null) continue;
    const value = /^\d+$/.test(sent) ? Number(sent) : sent;
    expect(validatorOf(document, schema).safeParse(value).success, `${what} ${name}: ${sent}`).toBe(true);
    told.add(`${what.split(' ')[1] ?? ''} ${name}`);
  }
}

/** The answer is one that the document has for this operation and status, and its body is in the form said there. */
function expectDescribed(operationId: string, answer: Answer): void {
  const place = listPlaces(document).find((one) => one.operationId === operationId);
  const response = place?.responses[`${answer.status}`];
  expect(response, `${operationId} answers ${answer.status}`).toBeDefined();
  const mediaType = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
  const schema = (response?.content[mediaType] ?? response?.content['*/*'])?.schema;
  expect(schema, `${operationId} ${answer.status} ${mediaType}`).toBeDefined();
  const body: unknown = mediaType.endsWith('json') ? answer.body : answer.text;
  const parsed = validatorOf(document, schema ?? {}).safeParse(body);
  expect(parsed.success ? [] : parsed.error.issues, `${operationId} ${answer.status}`).toEqual([]);
  expectHeaders(`${operationId} ${answer.status}`, answer.headers, response?.headers ?? {});
  if (answer.status < 300) tried.add(operationId);
}

const SUBSCRIPTION = 'eeeeeeee-0000-4000-8000-000000000001';
const LICENSED_SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000001';
const OTHER = 'eeeeeeee-0000-4000-8000-000000000002';
const OFFER = { offer: 'contoso/described/pro', mode: 'licensed', features: { a: 1, b: 'x', c: true } };
const LICENCE = {
  id: 'described',
  cloud: 'emulator',
  subscription: SUBSCRIPTION,
  offer: 'contoso/described/pro',
  seats: 2,
};

const bootVm = (vm: string) => {
  const { serviceUrl, imdsUrl } = stack();
  return boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm, key: createKey() });
};

test('the protocol’s answers are as described', async () => {
  const { serviceUrl, imdsUrl } = stack();
  const key = createKey();
  expectDescribed('issueChallenge', await post(`${serviceUrl}/v1/challenges`, { key: key.jwk }));
  expectDescribed('issueChallenge', await post(`${serviceUrl}/v1/challenges`, { key: 1 }));
  const licensed = await boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: 'early-1', key });
  expectDescribed('issueLicence', licensed);
  for (const vm of ['odd-sku', 'suspended', 'wrong-signer', 'expired'])
    expectDescribed('issueLicence', await bootVm(vm));
  const challenge = await askChallenge(serviceUrl, key);
  const release = {
    challenge: challenge.challenge,
    document: await readEvidence(imdsUrl, 'early-1', challenge.nonce),
    licence: licensed.body['licence'],
    proof: await prove(challenge, key, `${serviceUrl}/v1/releases`),
  };
  expectDescribed('releaseLicence', await post(`${serviceUrl}/v1/releases`, release));
  expectDescribed('releaseLicence', await post(`${serviceUrl}/v1/releases`, release));
});

test.each([
  ['readKeySet', '/.well-known/jwks.json'],
  ['readSignedKeySet', '/.well-known/jwks.jwt'],
  ['readSignedKeySet', '/.well-known/jwks.jwt?root=x'],
  ['readSignedKeySet', `/.well-known/jwks.jwt?root=${ROOT.kid}`],
  ['readDiscovery', '/.well-known/countersign'],
  ['readHealth', '/healthz'],
  ['readReadiness', '/readyz'],
  ['readProblemPage', '/problems/name_taken'],
  ['readProblemPage', '/problems/nothing'],
  ['readOpenApi', '/openapi.json'],
  ['readStartPage', '/'],
  ['readConsoleConfig', '/console/config.json'],
  ['readConsoleFile', '/console/decisions'],
  ['readConsoleFile', '/console/nothing'],
])('%s answers as described at %s', async (operationId, path) => {
  expectDescribed(operationId, await send(`${stack().serviceUrl}${path}`));
});

test('a description that the caller has is answered as described', async () => {
  const url = `${stack().serviceUrl}/openapi.json`;
  const eTag = (await fetch(url)).headers.get('etag') ?? '';
  const response = await fetch(url, { headers: { 'If-None-Match': eTag } });
  expect([response.status, await response.text()]).toEqual([304, '']);
  const described = listPlaces(document).find(({ operationId }) => operationId === 'readOpenApi')?.responses['304'];
  expect(described).not.toHaveProperty('content');
  expectHeaders('readOpenApi 304', response.headers, described?.headers ?? {});
});

test('offers, licences and files of them are answered as described', async () => {
  const offer = '/offers/contoso/described/pro';
  expectDescribed('putOffer', await operate(stack(), `PUT ${offer}`, { body: OFFER }));
  expectDescribed('putOffer', await operate(stack(), `PUT ${offer}`, { body: { ...OFFER, grace: 'P1D' } }));
  expectDescribed('readOffer', await operate(stack(), `GET ${offer}`));
  expectDescribed('readOffer', await operate(stack(), 'GET /offers/contoso/nothing/pro'));
  expectDescribed('listOffers', await operate(stack(), 'GET /offers?limit=2'));
  expectDescribed('listOffers', await operate(stack(), 'GET /offers?limit=x'));
  expectDescribed('putLicence', await operate(stack(), 'PUT /licences/described', { body: LICENCE }));
  for (const [name, path] of [
    ['patchLicence', '/licences/described'],
    ['patchOffer', offer],
  ] as const) {
    for (const query of ['?dryRun=true', '']) {
      const answer = await operate(stack(), `PATCH ${path}${query}`, { body: {}, headers: { 'If-Match': '*' } });
      expect(answer.status).toBe(200);
      expectDescribed(name, answer);
    }
    expectDescribed(name, await operate(stack(), `PATCH ${path}`, { body: { seats: 'x' } }));
  }
  expectDescribed(
    'putLicence',
    await operate(stack(), 'PUT /licences/described', { body: { ...LICENCE, seats: 'x' } }),
  );
  const bulk = { filter: { query: 'described' }, change: { note: 'many' } };
  const tried = await operate(stack(), 'POST /licences/changes?dryRun=true', { body: bulk });
  expectDescribed('changeLicences', tried);
  const { effectToken } = tried.body;
  expectDescribed('changeLicences', await operate(stack(), 'POST /licences/changes', { body: bulk }));
  expectDescribed(
    'changeLicences',
    await operate(stack(), 'POST /licences/changes', { body: { ...bulk, effectToken } }),
  );
  expectDescribed('readLicence', await operate(stack(), 'GET /licences/described'));
  expectDescribed('listLicences', await operate(stack(), 'GET /licences'));
  expectDescribed('readCatalogue', await operate(stack(), 'GET /catalogue'));
  expectDescribed(
    'applyCatalogue',
    await operate(stack(), 'POST /catalogue?dryRun=true', { body: { offers: [OFFER] } }),
  );
  expectDescribed('applyCatalogue', await operate(stack(), 'POST /catalogue', { body: { offers: [{}] } }));
  expectDescribed(
    'importLicences',
    await operate(stack(), 'POST /imports/licences', { body: { licences: [LICENCE] } }),
  );
  const headers = { 'Content-Type': 'text/csv' };
  expectDescribed('importLicences', await operate(stack(), 'POST /imports/licences', { body: 'id\nx', headers }));
  expectDescribed('exportLicences', await operate(stack(), 'GET /exports/licences'));
  expectDescribed('deleteOffer', await operate(stack(), `DELETE ${offer}`));
  expectDescribed('deleteLicence', await operate(stack(), 'DELETE /licences/nobody'));
  await operate(stack(), 'PUT /licences/short-lived', { body: { ...LICENCE, id: 'short-lived', subscription: OTHER } });
  expectDescribed('deleteLicence', await operate(stack(), 'DELETE /licences/short-lived'));
  const unused = '/offers/contoso/short-lived/pro';
  await operate(stack(), `PUT ${unused}`, { body: { ...OFFER, offer: 'contoso/short-lived/pro' } });
  expectDescribed('deleteOffer', await operate(stack(), `DELETE ${unused}`));
});

test('overrides and claim codes are answered as described', async () => {
  const metered = { offer: 'contoso/metered/pro', mode: 'marketplace' };
  await operate(stack(), 'PUT /offers/contoso/metered/pro', { body: metered });
  const override = `/offers/contoso/metered/pro/overrides/emulator/${SUBSCRIPTION}`;
  expectDescribed('readOverride', await operate(stack(), `GET ${override}`));
  expectDescribed('putOverride', await operate(stack(), `PUT ${override}?dryRun=true`, { body: { seats: 1 } }));
  expectDescribed('putOverride', await operate(stack(), `PUT ${override}`, { body: { seats: 1 } }));
  expectDescribed('putOverride', await operate(stack(), `PUT ${override}`, { body: { seats: 2 } }));
  expectDescribed('readOverride', await operate(stack(), `GET ${override}`));
  expectDescribed('deleteOverride', await operate(stack(), `DELETE ${override}`));
  const created = await operate(stack(), 'POST /claims', { body: { licence: 'described' } });
  expectDescribed('createClaim', created);
  expectDescribed('createClaim', await operate(stack(), 'POST /claims', { body: { licence: 'nobody' } }));
  expectDescribed('listClaims', await operate(stack(), 'GET /claims'));
  const { id } = created.body['claim'] as { id: string };
  expectDescribed('deleteClaim', await operate(stack(), `DELETE /claims/${id}`));
  expectDescribed('deleteClaim', await operate(stack(), `DELETE /claims/${id}`));
});

test('VMs and decisions are answered as described', async () => {
  expect((await bootVm('small-1')).status).toBe(200);
  const listed = await operate(stack(), 'GET /activations?licence=http-small');
  expectDescribed('listActivations', listed);
  expectDescribed('listActivations', await operate(stack(), 'GET /activations?licence=nobody'));
  expectDescribed('readSeats', await operate(stack(), 'GET /seats?licence=http-small'));
  const [first] = listed.body['items'] as { id: string; vmId: string }[];
  const path = `/activations/${first?.id ?? ''}`;
  expectDescribed('readActivation', await operate(stack(), `GET ${path}`));
  expectDescribed('blockActivation', await operate(stack(), `POST ${path}/block`));
  expectDescribed('unblockActivation', await operate(stack(), `POST ${path}/unblock`));
  expectDescribed('releaseKey', await operate(stack(), `POST ${path}/release-key`));
  expectDescribed('releaseSeat', await operate(stack(), `POST ${path}/release?dryRun=true`));
  expectDescribed('releaseSeat', await operate(stack(), `POST ${path}/release`));
  expectDescribed(
    'blockVm',
    await operate(stack(), 'POST /blocks', { body: { licence: 'described', vmId: SUBSCRIPTION } }),
  );
  expectDescribed('listChanges', await operate(stack(), 'GET /changes'));
  const decisions = await operate(stack(), 'GET /decisions');
  expectDescribed('listDecisions', decisions);
  const items = decisions.body['items'] as { id: string }[];
  expect(items.length).toBeGreaterThan(2);
  for (const { id, vmId } of items as { id: string; vmId: string }[]) {
    expectDescribed('readDecisionNow', await operate(stack(), `GET /decisions/${id}/now`));
    expectDescribed('readTimeline', await operate(stack(), `GET /timeline?vm=${vmId}`));
    expectDescribed('readDecision', await operate(stack(), `GET /decisions/${id}`));
    expectDescribed('explainDecision', await operate(stack(), `GET /decisions/${id}/explanation`));
  }
});

test('what operators find is answered as described', async () => {
  const counted = await operate(stack(), 'GET /statistics/decisions');
  expect(counted.body['items']).not.toEqual([]);
  expectDescribed('readStatistics', counted);
  expectDescribed('readStatistics', await operate(stack(), 'GET /statistics/decisions?by=year'));
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  await projectViews({ store, now: Date.now }, () => undefined);
  for (const word of ['http', SUBSCRIPTION]) expectDescribed('search', await operate(stack(), `GET /search?q=${word}`));
  expectDescribed('search', await operate(stack(), 'GET /search?q=-'));
  for (const period of ['24h', '7d', 'x'])
    expectDescribed('readOverview', await operate(stack(), `GET /overview?period=${period}`));
  const pools = await operate(stack(), 'GET /pools?sort=fullest');
  expect(pools.body['items']).not.toEqual([]);
  expectDescribed('listPools', pools);
  for (const { pool } of pools.body['items'] as { pool: string }[]) {
    expectDescribed('readPoolHistory', await operate(stack(), `GET /pools/${pool}/history`));
  }
});

test('usage is answered as described', async () => {
  expect((await bootVm('small-1')).status).toBe(200);
  const from = new Date(Date.now() - 86_400_000).toISOString();
  const to = new Date(Date.now() + 86_400_000).toISOString();
  const used = await operate(stack(), `GET /usage?from=${from}&to=${to}`);
  expect(used.body['items']).not.toEqual([]);
  expectDescribed('readUsage', used);
  const own = `cloud=emulator&subscription=${LICENSED_SUBSCRIPTION}`;
  expectDescribed('readUsage', await operate(stack(), `GET /usage?from=${from}&to=${to}&by=month&${own}`));
  expectDescribed('readUsage', await operate(stack(), `GET /usage?from=${from}&to=${from}`));
  expectDescribed('readUsage', await operate(stack(), `GET /usage?from=${from}&to=${to}&licence=nobody`));
  expectDescribed('exportUsage', await operate(stack(), `GET /exports/usage?from=${from}&to=${to}`));
});

test('what is kept of a subscription is answered as described, and its erasure', async () => {
  const path = `/privacy/emulator/${LICENSED_SUBSCRIPTION}`;
  const kept = await operate(stack(), `GET ${path}`, { as: 'Admin' });
  expectDescribed('exportPrivacy', kept);
  expect(kept.body['items']).not.toEqual([]);
  expectDescribed('exportPrivacy', await operate(stack(), `GET ${path}?continuation=x`, { as: 'Admin' }));
  expectDescribed('erasePrivacy', await operate(stack(), `DELETE ${path}?dryRun=true`, { as: 'Admin' }));
  expectDescribed('erasePrivacy', await operate(stack(), `DELETE ${path}`, { as: 'Admin' }));
  expectDescribed('erasePrivacy', await operate(stack(), 'DELETE /privacy/emulator/mine', { as: 'Admin' }));
});

test('a licence by file is answered as described, and its refusals', async () => {
  const { serviceUrl, imdsUrl } = stack();
  const file = (vm: string) =>
    writeRequestFile({ issuer: serviceUrl, imdsUrl, vm, key: createKey(), product: 'contoso/gateway' });
  const activate = (body: object) => operate(stack(), 'POST /offline-activations', { body });
  const request = await file('second');
  const answer = await activate(request);
  expect(answer.status).toBe(200);
  expectDescribed('activateOffline', answer);
  expectDescribed('activateOffline', await activate(request));
  expectDescribed('activateOffline', await activate(await file('small-2')));
  expectDescribed('activateOffline', await activate({ ...request, proof: 'a.b.c' }));
  expectDescribed('activateOffline', await activate({ ...request, rootKeys: ['A'.repeat(43)] }));
  expectDescribed('activateOffline', await activate({ proof: 1 }));
});

test('trust and keys are answered as described', async () => {
  const { root } = await createAuthority({ names: { root: 'Described Root' }, keys: runKeys('other') });
  const as = 'Admin';
  const body = { cloud: 'emulator', certificate: writePem(root.der), newAnchor: true };
  const pinned = await operate(stack(), 'POST /trust/pins', { as, body });
  expectDescribed('addPin', pinned);
  expectDescribed('addPin', await operate(stack(), 'POST /trust/pins', { as, body: { ...body, certificate: 'x' } }));
  const sha256 = 'ab'.repeat(32);
  expectDescribed('addDistrust', await operate(stack(), 'POST /trust/distrusts', { as, body: { sha256 } }));
  expectDescribed('readTrust', await operate(stack(), 'GET /trust'));
  expectDescribed('listUnknownIssuers', await operate(stack(), 'GET /trust/issuers'));
  expectDescribed(
    'deletePin',
    await operate(stack(), `DELETE /trust/pins/emulator/${String(pinned.body['sha256'])}`, { as }),
  );
  expectDescribed('deleteDistrust', await operate(stack(), `DELETE /trust/distrusts/${sha256}`, { as }));
  expectDescribed('deleteDistrust', await operate(stack(), `DELETE /trust/distrusts/${sha256}`, { as }));
  expectDescribed('readKeys', await operate(stack(), 'GET /keys'));
});

test('key sets of a root key that is offline are answered as described', async () => {
  const { serviceUrl } = offline();
  for (const path of ['jwks.jwt', 'jwks.json']) {
    const operationId = path === 'jwks.jwt' ? 'readSignedKeySet' : 'readKeySet';
    expectDescribed(operationId, await send(`${serviceUrl}/.well-known/${path}`));
  }
  expectDescribed('readReadiness', await send(`${serviceUrl}/readyz`));
  const report = await operate(offline(), 'GET /keys');
  expectDescribed('readKeys', report);
  const keys = (report.body['signing'] as { publicKey: PublicJwk }[]).map(({ publicKey }) => publicKey);
  const input = { issuer: serviceUrl, keys, life: 2_592_000, seconds: 86_400, iat: Math.floor(Date.now() / 1_000) };
  const put = (keySet: string) =>
    operate(offline(), 'PUT /keys/sets', {
      as: 'Admin',
      body: { keySet },
      headers: { 'Idempotency-Key': keySet.slice(-64) },
    });
  const older = await signKeySet({ ...input, iat: input.iat - 1 }, ROOT);
  const keySet = await signKeySet(input, ROOT);
  for (const token of [keySet, keySet, older, 'a.b.c']) expectDescribed('putKeySet', await put(token));
  expectDescribed('putKeySet', await operate(stack(), 'PUT /keys/sets', { as: 'Admin', body: { keySet } }));
  expectDescribed('readSignedKeySet', await send(`${serviceUrl}/.well-known/jwks.jwt`));
  expectDescribed('readKeys', await operate(offline(), 'GET /keys'));
});

test('a backup, the steps of a restore, and its confirmation are answered as described', async () => {
  const ask = (request: string, body?: object) => operate(stack(), request, { as: 'Admin', body });
  const backup = await ask('GET /backup');
  expectDescribed('readBackup', backup);
  expectDescribed('readBackup', await ask('GET /backup?continuation=x'));
  const { statement, digest, part } = backup.body as Readonly<Record<string, string>>;
  const begun = await ask('POST /restore', { step: 'begin', statement, digests: [digest] });
  const { restore } = begun.body;
  const steps = [
    { step: 'begin', statement: 'a.b.c', digests: [digest] },
    ...[part, 'x'].map((text) => ({ step: 'part', restore, index: 0, part: text })),
    { step: 'part', restore: 'another', index: 0, part },
    { step: 'none' },
  ];
  for (const answer of [begun, ...(await Promise.all(steps.map((step) => ask('POST /restore', step))))]) {
    expectDescribed('restoreBackup', answer);
  }
  expectDescribed('restoreBackup', await ask('POST /restore?dryRun=true', { step: 'apply', restore, index: 0 }));
  expectDescribed('confirmRestore', await ask('POST /restore/confirm'));
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  const times = { asOf: 0, restoredAt: 0, appliesFrom: 0, seatsExactFrom: 0, finishedAt: 0, confirmedAt: null };
  await store.writeRestoreMark({ name: 'x', backup: 'x', ...times }, null, { by: 'test', at: 0 });
  expectDescribed('confirmRestore', await ask('POST /restore/confirm?dryRun=true'));
  expectDescribed('confirmRestore', await ask('POST /restore/confirm'));
});

test('a write that is repeated, or still runs, is answered as described', async () => {
  const path = '/offers/contoso/repeated/pro';
  const body = { offer: 'contoso/repeated/pro', mode: 'licensed' };
  const put = (key: string) => operate(stack(), `PUT ${path}`, { body, headers: { 'Idempotency-Key': key } });
  const first = await put('again');
  // Created, replayed; there already, replayed.
  for (const answer of [first, await put('again'), await put('anew'), await put('anew')]) {
    expectDescribed('putOffer', answer);
  }
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  const key = { operator: String(first.body['changedBy']), route: `PUT /operator/v1${path}?`, key: 'runs' };
  const digest = hash('sha256', JSON.stringify(body), 'hex');
  await store.writeRequest({ ...key, digest, at: Date.now(), answer: null }, null);
  expectDescribed('putOffer', await put('runs'));
});

test('who may not come in, comes too often, or cannot be judged, is answered as described', async () => {
  expectDescribed('readKeys', await send(`${stack().serviceUrl}/operator/v1/keys`));
  expectDescribed('readKeys', await operate({ ...stack(), operatorTokens: NO_TOKENS }, 'GET /keys'));
  expectDescribed('putOffer', await operate(stack(), 'PUT /offers/contoso/a/b', { as: 'Reader', body: {} }));
  const answers = await Promise.all(Array.from({ length: 5 }, () => operate(strict(), 'GET /keys')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503, 429]));
  for (const answer of answers) expectDescribed('readKeys', answer);
});

test('every header that is described was told at least once here', () => {
  const described = listPlaces(document).flatMap(({ responses }) =>
    Object.entries(responses).flatMap(([status, { headers }]) =>
      Object.keys(headers).map((name) => `${status} ${name}`),
    ),
  );
  expect([...new Set(described)].filter((one) => !told.has(one))).toEqual([]);
});

test('every operation has succeeded at least once here', () => {
  const operations = listPlaces(document).map(({ operationId }) => operationId);
  expect(operations.filter((operationId) => !tried.has(operationId))).toEqual([]);
});
