import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { REAL_ADAPTERS } from '../../src/client/adapters/real.ts';
import { checkLicence } from '../../src/client/index.ts';

import { askChallenge, createKey, post, prove, readDocument, readPayload } from '../endToEnd/protocolClient.ts';
import type { Answer, ClientKey } from '../endToEnd/protocolClient.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/** A challenge is good for one licence or one release, on whichever instance and whatever became of the answer. */

const MINUTE = 60_000;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

/** Two instances whose clocks are two minutes apart. */
const createSkewed = () => createScene({ instances: [{ skew: MINUTE }, { skew: -MINUTE }] });

const outcomeOf = ({ status, body }: Answer) => (status === 200 ? 'granted' : body['code']);

interface Request {
  readonly body: Readonly<Record<string, unknown>>;
  readonly path: '/v1/licences' | '/v1/releases';
}

/** A request that is complete and was not sent yet. */
async function prepare(
  { urls, imdsUrl }: Scene,
  {
    vm,
    key,
    path = '/v1/licences',
    instance = 0,
  }: { vm: string; key: ClientKey; path?: Request['path']; instance?: number },
): Promise<Request> {
  const challenge = await askChallenge(urls[instance] ?? urls[0], key);
  const document = await readDocument(imdsUrl, vm, challenge.nonce);
  const proof = await prove(challenge, key, `${urls[0]}${path}`);
  return { path, body: { challenge: challenge.challenge, document, proof } };
}

const sendTo = ({ urls }: Scene, instance: number, { path, body }: Request): Promise<Answer> =>
  post(`${urls[instance] ?? urls[0]}${path}`, body);

async function countVm({ store }: Scene, vmId: string): Promise<number> {
  return (await store.pageActivations({ vmId }, { size: 100 })).items.length;
}

const SMALL_1 = '11111111-0000-4000-8000-000000000011';

test('one request, sent four times to two instances at once, is granted once', async () => {
  const scene = await createSkewed();
  const key = createKey();
  for (let round = 0; round < 10; round += 1) {
    const request = await prepare(scene, { vm: 'small-1', key });
    const answers = await Promise.all([0, 1, 0, 1].map((instance) => sendTo(scene, instance, request)));
    const outcomes = answers.map(outcomeOf).sort();
    expect(outcomes).toEqual(['challenge_replayed', 'challenge_replayed', 'challenge_replayed', 'granted']);
  }
  expect(await countVm(scene, SMALL_1)).toBe(1);
});

test('after a newer challenge an older one is refused, though it was never used', async () => {
  const scene = await createSkewed();
  const key = createKey();
  const older = await prepare(scene, { vm: 'small-1', key });
  const newer = await prepare(scene, { vm: 'small-1', key });
  expect(outcomeOf(await sendTo(scene, 1, newer))).toBe('granted');
  expect(outcomeOf(await sendTo(scene, 1, older))).toBe('challenge_replayed');
  expect(outcomeOf(await sendTo(scene, 0, older))).toBe('challenge_replayed');
});

test('an instance that is slow by two minutes makes a VM wait for as long, and nothing is lost', async () => {
  const scene = await createSkewed();
  const key = createKey();
  expect((await scene.boot('small-1', { key, instance: 0 })).status).toBe(200);
  const early = await scene.boot('small-1', { key, instance: 1 });
  expect(early.body).toMatchObject({ code: 'challenge_replayed', retryable: true });
  expect(early.body).not.toHaveProperty('denial');
  ahead = 2 * MINUTE;
  expect((await scene.boot('small-1', { key, instance: 1 })).status).toBe(200);
  expect(await countVm(scene, SMALL_1)).toBe(1);
});

test('what was spent before a seat was given back earns no licence after it', async () => {
  const scene = await createSkewed();
  const key = createKey();
  const first = await prepare(scene, { vm: 'early-1', key });
  const licence = (await sendTo(scene, 0, first)).body['licence'];
  const unsent = await prepare(scene, { vm: 'early-1', key });
  const plain = await prepare(scene, { vm: 'early-1', key, path: '/v1/releases' });
  const release = { ...plain, body: { ...plain.body, licence } };
  expect(outcomeOf(await sendTo(scene, 1, release))).toBe('granted');
  // The offer frees a seat at once, and another VM takes it.
  expect((await scene.boot('early-2')).status).toBe(200);
  for (const request of [first, unsent, release]) {
    for (const instance of [0, 1]) expect(outcomeOf(await sendTo(scene, instance, request))).toBe('challenge_replayed');
  }
  expect(outcomeOf(await scene.boot('early-1', { key }))).toBe('seats_exhausted');
});

test('one release, sent four times to two instances at once, is granted once', async () => {
  const scene = await createSkewed();
  const key = createKey();
  for (let round = 0; round < 10; round += 1) {
    const licence = (await sendTo(scene, 0, await prepare(scene, { vm: 'early-1', key }))).body['licence'];
    const plain = await prepare(scene, { vm: 'early-1', key, path: '/v1/releases' });
    const release = { ...plain, body: { ...plain.body, licence } };
    const answers = await Promise.all([0, 1, 0, 1].map((instance) => sendTo(scene, instance, release)));
    const outcomes = answers.map(outcomeOf).sort();
    expect(outcomes).toEqual(['challenge_replayed', 'challenge_replayed', 'challenge_replayed', 'granted']);
  }
});

test('a client whose answer is lost starts over, and takes no second seat', async () => {
  const scene = await createScene();
  const folder = mkdtempSync(join(tmpdir(), 'countersign-replay-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const sent: { readonly url: string; readonly body: string }[] = [];
  const losing: typeof fetch = async (url, init) => {
    const answer = await fetch(url, init);
    if (!answer.url.endsWith('/v1/licences')) return answer;
    sent.push({ url: answer.url, body: init?.body as string });
    if (sent.length === 1) throw new TypeError('the connection ended before the answer came');
    return answer;
  };
  const check = await checkLicence({
    ...{ issuer: scene.urls[0], product: 'contoso/gateway', folder, imdsUrl: `${scene.imdsUrl}/vms/small-1` },
    adapters: { fetch: losing, clocks: { ...REAL_ADAPTERS.clocks, sleep: () => Promise.resolve() } },
  });
  expect(check).toMatchObject({ state: 'licensed', licence: { vmId: SMALL_1 } });
  const challenges = sent.map(({ body }) => String((JSON.parse(body) as Record<string, unknown>)['challenge']));
  expect(new Set(challenges.map((challenge) => readPayload(challenge)['jti'])).size).toBe(2);
  for (const { url, body } of sent) expect(outcomeOf(await post(url, body))).toBe('challenge_replayed');
  expect(await countVm(scene, SMALL_1)).toBe(1);
  // The licence has one seat, which this VM has.
  expect(outcomeOf(await scene.boot('small-2'))).toBe('seats_exhausted');
});

test('a VM that gives its seat back again and again is one decision an hour', async () => {
  const scene = await createScene();
  const key = createKey();
  const { licence } = (await scene.boot('small-1', { key })).body;
  const answers = [];
  for (let times = 0; times < 5; times += 1) answers.push(await scene.release('small-1', String(licence), { key }));
  expect(answers.map(outcomeOf)).toEqual(new Array(5).fill('granted'));
  const { items } = await scene.store.pageDecisions({ vmId: SMALL_1 }, { size: 100 });
  expect(items.map(({ code }) => code).sort()).toEqual(['licence_issued', 'seat_released']);
});
