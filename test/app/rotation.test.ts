import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { expect, test } from 'vitest';

import { askChallenge, createKey, post, prove, readDocument, send } from '../endToEnd/protocolClient.ts';
import type { Answer } from '../endToEnd/protocolClient.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/**
 * The drill of docs/runbooks.md for keys that lie in settings: each stage is one deployment, and while it is under way
 * instances of two neighbouring stages answer side by side. (The vault's drill is in endToEnd/keyVault.test.ts.)
 */

const createScene = useScenes();

const createJwk = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const [oldKey, newKey] = [createJwk(), createJwk()];
const [oldSecret, newSecret] = ['old', 'new'].map((kid) => `${kid}:${randomBytes(32).toString('base64url')}`);

const keySet = (...keys: object[]) => JSON.stringify({ keys });

const STAGES = [
  { SIGNING_KEY: keySet(oldKey), CHALLENGE_SECRETS: `${oldSecret}` },
  { SIGNING_KEY: keySet(oldKey, newKey), CHALLENGE_SECRETS: `${oldSecret},${newSecret}` },
  { SIGNING_KEY: keySet(newKey, oldKey), CHALLENGE_SECRETS: `${newSecret},${oldSecret}` },
  { SIGNING_KEY: keySet(newKey), CHALLENGE_SECRETS: `${newSecret}` },
] as const;

const createStages = (...stages: number[]) =>
  createScene({ instances: stages.map((stage) => ({ settings: STAGES[stage] ?? {} })) });

/** A boot that is spread over two instances, as a load balancer spreads it. */
async function bootAcross({ urls, imdsUrl }: Scene, from: number, to: number): Promise<Answer> {
  const key = createKey();
  const challenge = await askChallenge(urls[from] ?? '', key);
  const document = await readDocument(imdsUrl, `fleet-${randomBytes(2).readUInt16BE()}`, challenge.nonce);
  const proof = await prove(challenge, key, `${urls[0]}/v1/licences`);
  return post(`${urls[to] ?? ''}/v1/licences`, { challenge: challenge.challenge, document, proof });
}

/** Whether a licence is verified under the key set that an instance publishes. */
async function isVerified({ urls }: Scene, instance: number, licence: string): Promise<boolean> {
  const { body } = await send(`${urls[instance] ?? ''}/.well-known/jwks.json`);
  const options = { algorithms: ['ES256'], typ: 'licence+jwt' };
  return jwtVerify(licence, createLocalJWKSet(body as unknown as JSONWebKeySet), options).then(
    () => true,
    () => false,
  );
}

const BOTH = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

test.each([0, 1, 2])('between stage %i and the next, every instance takes what every instance gave', async (stage) => {
  const scene = await createStages(stage, stage + 1);
  for (const [from, to] of BOTH) {
    const answer = await bootAcross(scene, from, to);
    expect(answer.status).toBe(200);
    for (const instance of [0, 1]) expect(await isVerified(scene, instance, String(answer.body['licence']))).toBe(true);
  }
});

test('a licence of the old key is verified until the last stage', async () => {
  const scene = await createStages(0, 1, 2, 3);
  const licence = String((await bootAcross(scene, 0, 0)).body['licence']);
  expect(await Promise.all([0, 1, 2, 3].map((stage) => isVerified(scene, stage, licence)))).toEqual([
    ...[true, true, true, false],
  ]);
});

test('what the drill is for: a stage that is left out refuses VMs, and gives licences that others cannot verify', async () => {
  const scene = await createStages(0, 2);
  expect((await bootAcross(scene, 1, 0)).body['code']).toBe('challenge_invalid');
  const licence = String((await bootAcross(scene, 1, 1)).body['licence']);
  expect(await isVerified(scene, 1, licence)).toBe(true);
  expect(await isVerified(scene, 0, licence)).toBe(false);
});
