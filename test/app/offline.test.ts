import { beforeEach, expect, test } from 'vitest';

import { createLocalRoot } from '../../src/tokens/rootKey.ts';
import { createKey, readPayload, thumbprintOf, writeRequestFile } from '../endToEnd/protocolClient.ts';
import type { Answer, ClientKey, FileOptions } from '../endToEnd/protocolClient.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import { RootedClient } from '../support/rootedClient.ts';
import { ROOT_KEY } from './settings.ts';

/** Licences for VMs without a way out: an operator brings the VM's request as a file. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const ROOT = createLocalRoot(ROOT_KEY).kid;
const PRODUCT = 'contoso/gateway';
const VM = '11111111-0000-4000-8000-000000000001';
const SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000001';
const CATALOGUE = JSON.stringify({
  offers: [
    { offer: `${PRODUCT}/standard`, mode: 'licensed', offline: true, offlineLifetime: 'P14D', keyChanges: 0 },
    { offer: `${PRODUCT}/small`, mode: 'licensed' },
  ],
  licences: ['standard', 'small'].map((plan) => ({
    ...{ id: plan, cloud: 'emulator', subscription: SUBSCRIPTION, offer: `${PRODUCT}/${plan}`, seats: 1 },
  })),
});

async function changeOffer(scene: Scene, change: object): Promise<Answer> {
  const { body } = await scene.operate(`GET /offers/${PRODUCT}/standard`);
  const headers = { 'If-Match': String(body['etag']) };
  return scene.operate(`PUT /offers/${PRODUCT}/standard`, {
    body: { ...(body['offer'] as object), ...change },
    headers,
  });
}

const startScene = () => createScene({ catalogue: CATALOGUE, settings: { ROOT_KEY } });

const outcomeOf = ({ status, body }: Answer) => (status === 200 ? 'granted' : `${status} ${String(body['code'])}`);

const writeFile = ({ urls, imdsUrl }: Scene, change: Partial<FileOptions> & { readonly key: ClientKey }) =>
  writeRequestFile({ issuer: urls[0], imdsUrl, vm: 'licensed', product: PRODUCT, ...change });

const send = (scene: Scene, body: object, headers: Readonly<Record<string, string>> = {}) =>
  scene.operate('POST /offline-activations', { body, headers });

async function codesOf(scene: Scene): Promise<readonly unknown[]> {
  const { body } = await scene.operate('GET /decisions');
  return (body['items'] as { code: string; vmId: string }[]).map(({ code }) => code);
}

test('a licence by file: of the VM and its key, for the offer’s time, and believed under the key set beside it', async () => {
  const scene = await startScene();
  const key = createKey();
  const request = await writeFile(scene, { key });
  ahead = 2 * DAY;
  const answer = await send(scene, { ...request, client: 'gateway/2.1', label: 'Line 3', rootKeys: [ROOT] });
  expect(outcomeOf(answer)).toBe('granted');
  expect(Object.keys(answer.body).sort()).toEqual(['keySet', 'licence']);
  const licence = readPayload(String(answer.body['licence']));
  const iat = Number(licence['iat']);
  expect(licence).toMatchObject({
    ...{ sub: `urn:azure:vm:${VM}`, aud: PRODUCT, exp: iat + 14 * 86_400 },
    cnf: { jkt: thumbprintOf(key) },
    licence: { id: 'standard', renewAfter: iat + 7 * 86_400, graceUntil: iat + 21 * 86_400 },
  });
  expect(Math.abs(iat * 1_000 - scene.now())).toBeLessThan(60_000);
  const served = new RootedClient(scene.urls[0], [ROOT], scene.now);
  expect((await served.fetchSet(scene.urls[0])).text).toBe(answer.body['keySet']);
  expect(await served.believes(String(answer.body['licence']), scene.urls[0])).toBe(true);
  const { body } = await scene.operate('GET /activations?licence=standard');
  expect(body['items']).toMatchObject([{ seat: 0, key: thumbprintOf(key), client: 'gateway/2.1', label: 'Line 3' }]);
  expect(await codesOf(scene)).toEqual(['licence_issued']);
  const { body: changes } = await scene.operate('GET /changes');
  expect(changes['items']).toMatchObject([
    { kind: 'offline', state: 'done', old: null, new: { licence: 'standard', vmId: VM, cloud: 'emulator' } },
  ]);
  expect(JSON.stringify(changes)).not.toContain(String(answer.body['licence']));
});

const licenceIn = ({ body }: Answer) => readPayload(String(body['licence']));

test('the same request again gives the same licence again, whoever sends it, and writes nothing', async () => {
  const scene = await startScene();
  const request = await writeFile(scene, { key: createKey() });
  const headers = { 'Idempotency-Key': 'first' };
  const first = await send(scene, request, headers);
  expect(outcomeOf(first)).toBe('granted');
  const before = (await scene.operate('GET /activations?licence=standard')).body['items'];
  ahead = 3 * DAY;
  for (const again of [await send(scene, request), await send(scene, request, headers)]) {
    expect([outcomeOf(again), licenceIn(again)]).toEqual(['granted', licenceIn(first)]);
  }
  expect((await scene.operate('GET /activations?licence=standard')).body['items']).toEqual(before);
  expect(await codesOf(scene)).toEqual(['licence_issued']);
});

test.each<[string, (scene: Scene) => Promise<Answer>, string]>([
  [
    'the VM is blocked',
    (scene) => scene.operate(`POST /activations/licence:standard/${VM}/block`),
    '409 challenge_replayed',
  ],
  [
    'its seat was freed',
    (scene) => scene.operate(`POST /activations/licence:standard/${VM}/release`),
    '409 challenge_replayed',
  ],
  [
    'the offer has a longer time by now',
    (scene) => changeOffer(scene, { offlineLifetime: 'P15D' }),
    '409 challenge_replayed',
  ],
  ['the offer has none any more', (scene) => changeOffer(scene, { offline: false }), '403 offline_not_allowed'],
])('the same request again is refused where %s', async (_, change, outcome) => {
  const scene = await startScene();
  const request = await writeFile(scene, { key: createKey() });
  expect(outcomeOf(await send(scene, request))).toBe('granted');
  expect((await change(scene)).status).toBe(200);
  expect(outcomeOf(await send(scene, request))).toBe(outcome);
});

test('a newer and an older request, another VM, another key', async () => {
  const scene = await startScene();
  const key = createKey();
  const request = await writeFile(scene, { key });
  ahead = HOUR;
  const newer = await writeFile(scene, { key });
  expect(outcomeOf(await send(scene, request))).toBe('granted');
  expect(outcomeOf(await send(scene, newer))).toBe('granted');
  const older = await send(scene, request);
  expect([outcomeOf(older), older.body['detail']]).toEqual([
    '409 challenge_replayed',
    'A licence was issued for this request already, or for a newer one of the VM. Write a new request on the VM, and send that.',
  ]);
  ahead = 2 * HOUR;
  const otherKey = await writeFile(scene, { key: createKey() });
  const otherVm = await writeFile(scene, { key, vm: 'second' });
  expect(outcomeOf(await send(scene, otherKey))).toBe('403 key_changed');
  expect(outcomeOf(await send(scene, otherVm))).toBe('403 seats_exhausted');
  expect((await codesOf(scene)).toSorted()).toEqual(
    ['challenge_replayed', 'key_changed', 'licence_issued', 'licence_issued', 'seats_exhausted'].toSorted(),
  );
  // The VM finds a way out: its own request is newer than any file.
  expect((await scene.boot('licensed', { key })).status).toBe(200);
  expect(outcomeOf(await send(scene, newer))).toBe('409 challenge_replayed');
});

test('a request is good for seven days, though its document and its certificate end before', async () => {
  const scene = await startScene();
  const key = createKey();
  // The emulator's signer ends 120 days after the start.
  const start = 115 * DAY;
  ahead = start;
  const request = await writeFile(scene, { key });
  ahead = start + 8 * DAY;
  const late = await send(scene, request);
  expect([outcomeOf(late), late.body['detail']]).toEqual([
    '422 document_too_old',
    'The request is older than seven days. Write a new request on the VM, and send that.',
  ]);
  ahead = start - HOUR;
  expect(outcomeOf(await send(scene, request))).toBe('422 document_not_yet_valid');
  ahead = start + 7 * DAY;
  expect(outcomeOf(await send(scene, request))).toBe('granted');
  expect(await codesOf(scene)).toEqual(['licence_issued']);
});

const flipEnd = (signature: string) => {
  const octets = Buffer.from(signature, 'base64');
  octets.writeUInt8(octets.readUInt8(octets.length - 1) ^ 1, octets.length - 1);
  return octets.toString('base64');
};

test.each<[string, Partial<FileOptions>, string]>([
  ['document, signed again by the key', { changeDocument: flipEnd }, '422 signature_invalid'],
  ['document that is none', { changeDocument: () => 'AAAA' }, '422 document_malformed'],
  ['document that names another key', { namedKey: createKey() }, '422 nonce_mismatch'],
  ['proof for another document', { claims: { doc: 'A'.repeat(43) } }, '400 proof_invalid'],
  [
    'proof for another service',
    { claims: { aud: 'https://licences.fabrikam.com/operator/v1/offline-activations' } },
    '400 proof_invalid',
  ],
  ['proof without a jti', { claims: { jti: undefined } }, '400 proof_invalid'],
  ['proof without a product', { claims: { product: undefined } }, '400 proof_invalid'],
  ['proof of another typ', { typ: 'proof+jwt' }, '400 proof_invalid'],
])('a changed %s is refused, and nothing is written', async (_, change, outcome) => {
  const scene = await startScene();
  const request = await writeFile(scene, { key: createKey(), ...change });
  expect(outcomeOf(await send(scene, request))).toBe(outcome);
  expect(await codesOf(scene)).toEqual([]);
});

test('a file that was changed on the way is refused', async () => {
  const scene = await startScene();
  const { document, proof } = await writeFile(scene, { key: createKey() });
  const other = await writeFile(scene, { key: createKey() });
  const changed = { ...document, signature: flipEnd(document.signature) };
  for (const [body, outcome] of [
    [{ document: changed, proof }, '400 proof_invalid'],
    [{ document: other.document, proof }, '400 proof_invalid'],
    [{ document, proof: other.proof }, '400 proof_invalid'],
    [{ document, proof: `${proof}A` }, '400 proof_invalid'],
    [{ document: { ...document, signature: `${document.signature}=` }, proof }, '400 request_malformed'],
    [{ document }, '400 request_malformed'],
    [{ document, proof, label: 'x'.repeat(70_000) }, '413 request_too_large'],
  ] as const) {
    expect(outcomeOf(await send(scene, body))).toBe(outcome);
  }
  expect(await codesOf(scene)).toEqual([]);
});

test('what is refused though Azure vouches for it has its audit row, and no denial', async () => {
  const scene = await startScene();
  const notAllowed = await send(scene, await writeFile(scene, { key: createKey(), vm: 'small-1' }));
  expect([outcomeOf(notAllowed), notAllowed.body['denial']]).toEqual(['403 offline_not_allowed', undefined]);
  const otherProduct = await send(scene, await writeFile(scene, { key: createKey(), product: 'contoso/router' }));
  expect([outcomeOf(otherProduct), otherProduct.body['detail']]).toEqual([
    '403 plan_unknown',
    'No offer has the plan of the VM, or the request is for another product. Compare the product that the software asks for with the offer.',
  ]);
  const oddSku = await send(scene, await writeFile(scene, { key: createKey(), vm: 'stranger' }));
  expect(outcomeOf(oddSku)).toBe('403 subscription_not_licensed');
  expect((await codesOf(scene)).toSorted()).toEqual(
    ['offline_not_allowed', 'plan_unknown', 'subscription_not_licensed'].toSorted(),
  );
  const { body } = await scene.operate(`GET /decisions/${String(notAllowed.body['correlationId'])}/explanation`);
  expect(body).toMatchObject({
    ...{ title: 'The offer has no licences by file', failed: { check: 'offer' } },
    now: { outcome: 'offline_not_allowed' },
  });
});

test('a signed refusal of a VM that asks itself is unsigned by file', async () => {
  const scene = await startScene();
  const { body, headers } = await scene.operate('GET /licences/standard');
  const changed = { ...(body['licence'] as object), status: 'suspended' };
  const etag = headers.get('etag') ?? '';
  expect((await scene.operate('PUT /licences/standard', { body: changed, headers: { 'If-Match': etag } })).status).toBe(
    200,
  );
  const refused = await send(scene, await writeFile(scene, { key: createKey() }));
  expect([outcomeOf(refused), refused.body['denial']]).toEqual(['403 licence_suspended', undefined]);
});

test('the key set comes under a root key that the VM believes, or nothing is spent', async () => {
  const scene = await startScene();
  const request = await writeFile(scene, { key: createKey() });
  const stranger = 'A'.repeat(43);
  expect(outcomeOf(await send(scene, { ...request, rootKeys: [stranger] }))).toBe('404 not_found');
  expect(outcomeOf(await send(scene, { ...request, rootKeys: [stranger, ROOT] }))).toBe('granted');
});

test('without a root key there is no key set to carry, and nothing is spent', async () => {
  const scene = await createScene({ catalogue: CATALOGUE });
  const request = await writeFile(scene, { key: createKey() });
  expect(outcomeOf(await send(scene, request))).toBe('404 not_found');
  expect(await codesOf(scene)).toEqual([]);
});
