import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { askChallenge, createKey, post, prove, readDocument, readPayload } from '../endToEnd/protocolClient.ts';
import type { Answer, ClientKey } from '../endToEnd/protocolClient.ts';
import { FLEET_LICENCE, setFleetSeats } from '../support/seating.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/** Only a signed denial ends a client's grace. So this is about when there is one, and which request it answers. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
let ahead = 0;
const createScene = useScenes(() => ahead);

async function startScene(): Promise<Scene> {
  ahead = 0;
  return createScene();
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

/** The claims of the denial, or `null` where the refusal is not signed. */
function denialOf({ body }: Answer): Readonly<Record<string, unknown>> | null {
  return 'denial' in body ? readPayload(String(body['denial'])) : null;
}

/** Asks for a licence with this proof, or without one, for a challenge that names the key or none. */
async function ask({ urls: [url], imdsUrl }: Scene, vm: string, key: ClientKey | undefined, proves: boolean) {
  const challenge = await askChallenge(url, key);
  const document = await readDocument(imdsUrl, vm, challenge.nonce);
  const proof = await prove(challenge, key ?? createKey(), `${url}/v1/licences`);
  const request = { challenge: challenge.challenge, document, ...(proves && { proof }) };
  return { answer: await post(`${url}/v1/licences`, request), challenge: challenge.challenge, proof };
}

test('a denial names the challenge and the proof of the request that it answers', async () => {
  const scene = await startScene();
  const key = createKey();
  const first = await ask(scene, 'suspended', key, true);
  expect(first.answer.body).toMatchObject({ code: 'licence_suspended', status: 403 });
  expect(denialOf(first.answer)).toMatchObject({
    code: 'licence_suspended',
    jti: readPayload(first.challenge)['jti'],
    pth: sha256(first.proof),
  });
  const second = await ask(scene, 'suspended', key, true);
  expect(denialOf(second.answer)?.['pth']).toBe(sha256(second.proof));
  expect(second.proof).not.toBe(first.proof);
});

test('a request without a key is refused without a denial, whatever it sends as a proof', async () => {
  const scene = await startScene();
  for (const proves of [false, true]) {
    const { answer } = await ask(scene, 'suspended', undefined, proves);
    expect(answer.body).toMatchObject({ code: 'licence_suspended', status: 403 });
    expect(answer.body).not.toHaveProperty('denial');
  }
});

test('a block is denied to a VM in its lease, and in its grace', async () => {
  const scene = await startScene();
  const key = createKey();
  const licensed = await scene.boot('fleet-1', { key });
  const sub = String(readPayload(String(licensed.body['licence']))['sub']);
  const vmId = sub.slice('urn:azure:vm:'.length);
  const { status } = await scene.operate('POST /blocks', { body: { licence: 'http-storm', vmId } });
  expect(status).toBe(200);
  for (const later of [0, 3 * DAY]) {
    ahead = later;
    const refused = await scene.boot('fleet-1', { key });
    expect(denialOf(refused)).toMatchObject({ code: 'vm_blocked', sub });
  }
});

test('full seats are denied to a new VM', async () => {
  const scene = await startScene();
  await setFleetSeats(scene.store, 1);
  expect((await scene.boot('fleet-1', { key: createKey() })).status).toBe(200);
  const newcomer = await scene.boot('fleet-2', { key: createKey() });
  expect(denialOf(newcomer)).toMatchObject({ code: 'seats_exhausted' });
});

test('a VM that was away while a new one took its seat keeps its grace: it is denied only after that', async () => {
  const scene = await startScene();
  await setFleetSeats(scene.store, 1);
  const [running, newcomer] = [createKey(), createKey()];
  const { body } = await scene.boot('fleet-1', { key: running });
  const { graceUntil } = readPayload(String(body['licence']))['licence'] as { graceUntil: number };
  const start = scene.now();
  const toGraceEnd = graceUntil * 1000 - start;
  ahead = DAY + 3 * MINUTE;
  expect((await scene.boot('fleet-2', { key: newcomer })).status).toBe(200);
  for (const later of [ahead, toGraceEnd - MINUTE]) {
    ahead = later;
    expect((await scene.boot('fleet-2', { key: newcomer })).status).toBe(200);
    const refused = await scene.boot('fleet-1', { key: running });
    expect(refused.body).toMatchObject({ code: 'seats_exhausted', status: 403 });
    expect(refused.body).not.toHaveProperty('denial');
  }
  ahead = toGraceEnd + 3 * MINUTE;
  expect(denialOf(await scene.boot('fleet-1', { key: running }))).toMatchObject({ code: 'seats_exhausted' });
});

test('what was not found is never signed, proof or not', async () => {
  const scene = await startScene();
  const stored = await scene.store.readLicence(FLEET_LICENCE.id);
  await scene.store.deleteLicence(FLEET_LICENCE.id, stored?.version ?? null);
  for (const [vm, code] of [
    ['fleet-1', 'subscription_not_licensed'],
    ['unknown-plan', 'plan_unknown'],
    ['without-plan', 'plan_missing'],
  ] as const) {
    const refused = await scene.boot(vm, { key: createKey() });
    expect(refused.body).toMatchObject({ code, status: 403 });
    expect(refused.body).not.toHaveProperty('denial');
  }
});
