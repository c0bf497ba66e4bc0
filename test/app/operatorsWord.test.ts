import { hash } from 'node:crypto';

import { beforeEach, expect, test } from 'vitest';

import { MAX_ANSWER, MAX_SEARCH } from '../../src/seats/lease.ts';
import { parseSignedDocument } from '../../src/verifier/cms/signedData.ts';
import { createKey, readDocument, readPayload } from '../endToEnd/protocolClient.ts';
import type { Answer } from '../endToEnd/protocolClient.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/**
 * How soon an operator's word holds: at once on the instance that took it, and on another one, which has everything in its
 * caches, within 30 seconds for offers and licences and within 60 for trust.
 */

const SECOND = 1_000;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const createPair = () => createScene({ instances: [{}, {}] });
const codeOf = ({ status, body }: Answer) => (status === 200 ? 'licensed' : body['code']);

const VM_ID = '11111111-0000-4000-8000-000000000001';
const LICENCE = '/licences/http-standard';
const OFFER = '/offers/contoso/gateway/standard';

async function change(scene: Scene, path: string, member: 'licence' | 'offer', changes: object): Promise<void> {
  const { body, headers } = await scene.operate(`GET ${path}`);
  const version = { 'If-Match': headers.get('etag') ?? '' };
  const replaced = { ...(body[member] as object), ...changes };
  expect((await scene.operate(`PUT ${path}`, { body: replaced, headers: version })).status).toBe(200);
}

const WORDS = [
  ['licence', LICENCE, 'suspended', 'licence_suspended'],
  ['licence', LICENCE, 'revoked', 'licence_revoked'],
  ['offer', OFFER, 'suspended', 'offer_suspended'],
] as const;

test.each(WORDS)('the word %s %s: %s, within 30 seconds', async (member, path, status, code) => {
  const scene = await createPair();
  const key = createKey();
  for (const instance of [0, 1]) expect((await scene.boot('licensed', { key, instance })).status).toBe(200);
  await change(scene, path, member, { status });
  expect(codeOf(await scene.boot('licensed', { key, instance: 0 }))).toBe(code);
  ahead = 30 * SECOND;
  const refused = await scene.boot('licensed', { key, instance: 1 });
  expect(codeOf(refused)).toBe(code);
  expect(readPayload(String(refused.body['denial']))).toMatchObject({ code, aud: 'contoso/gateway' });
  await change(scene, path, member, { status: 'active' });
  ahead = 60 * SECOND;
  expect(codeOf(await scene.boot('licensed', { key, instance: 1 }))).toBe('licensed');
});

test('a lowered number of seats refuses no renewal, and new VMs within 30 seconds; operators see by how much', async () => {
  const scene = await createPair();
  const vms = ['licensed', 'second'].map((vm) => ({ vm, key: createKey() }));
  for (const { vm, key } of vms) expect((await scene.boot(vm, { key, instance: 1 })).status).toBe(200);
  await change(scene, LICENCE, 'licence', { seats: 1 });
  const { body } = await scene.operate(`GET ${LICENCE}`);
  expect(body['usage']).toEqual({ taken: 2, over: 1, overSince: null, seats: 1, overage: 0 });
  ahead = 30 * SECOND;
  for (const { vm, key } of vms) expect(codeOf(await scene.boot(vm, { key, instance: 1 }))).toBe('licensed');
  expect(codeOf(await scene.boot('licensed-2', { instance: 1 }))).toBe('seats_exhausted');
});

test('what was decided too long ago is not carried out', async () => {
  const scene = await createScene();
  const late = { when: 'before', kill: () => void (ahead += MAX_SEARCH) } as const;
  scene.proxy.fail(/^GET licences/, late);
  const answer = await scene.boot('licensed');
  expect(answer.body).toMatchObject({ status: 503, code: 'store_unavailable', retryable: true });
  expect((await scene.store.pageActivations({ vmId: VM_ID }, { size: 1 })).items).toEqual([]);
  expect((await scene.boot('licensed')).status).toBe(200);
});

test('what was written too long ago is not given out, and the VM comes again', async () => {
  const scene = await createScene();
  const late = { when: 'before', kill: () => void (ahead += MAX_ANSWER + 1) } as const;
  // The audit row's; its write is tried again.
  scene.proxy.fail(/^POST decisions/, late);
  const key = createKey();
  const answer = await scene.boot('licensed', { key });
  expect(answer.body).toMatchObject({ status: 503, code: 'store_unavailable', retryable: true });
  expect(codeOf(await scene.boot('licensed', { key }))).toBe('licensed');
});

test('a blocked VM is refused at once, whatever the instance', async () => {
  const scene = await createPair();
  const key = createKey();
  expect((await scene.boot('licensed', { key, instance: 1 })).status).toBe(200);
  const body = { licence: 'http-standard', vmId: VM_ID };
  expect((await scene.operate('POST /blocks', { body })).status).toBe(200);
  expect(codeOf(await scene.boot('licensed', { key, instance: 1 }))).toBe('vm_blocked');
});

async function readLeaf({ imdsUrl }: Scene): Promise<string> {
  const { signature } = (await readDocument(imdsUrl, 'licensed', 'a'.repeat(32))) as { signature: string };
  const [leaf = new Uint8Array()] = parseSignedDocument(Buffer.from(signature, 'base64')).certificates;
  return hash('sha256', leaf, 'hex');
}

test.each([
  ['in its cache', true],
  ['that it never met', false],
])('a leaf that is distrusted, %s, within 60 seconds', async (_, isCached) => {
  const scene = await createPair();
  const key = createKey();
  // Trust itself is in the second instance's cache either way.
  const before = isCached ? 'licensed' : 'altered-content';
  const met = await scene.boot(before, { key, instance: 1 });
  expect(codeOf(met)).toBe(isCached ? 'licensed' : 'signature_invalid');
  const body = { sha256: await readLeaf(scene), note: 'leaked' };
  expect((await scene.operate('POST /trust/distrusts', { as: 'Admin', body })).status).toBe(201);
  expect(codeOf(await scene.boot('licensed', { key, instance: 0 }))).toBe('certificate_distrusted');
  ahead = 60 * SECOND;
  const refused = await scene.boot('licensed', { key, instance: 1 });
  expect(codeOf(refused)).toBe('certificate_distrusted');
  expect(refused.body).not.toHaveProperty('denial');
});
