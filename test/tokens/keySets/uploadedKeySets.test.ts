import { expect, test } from 'vitest';
import { StoreUnavailableError } from '../../../src/contract/stored.ts';
import type { KeySetStore, UploadedKeySet } from '../../../src/tokens/keySetStore.ts';
import type { Recorded } from '../../../src/contract/stored.ts';
import { KeySetMissingError } from '../../../src/tokens/keySets/keySets.ts';
import { UploadedKeySets } from '../../../src/tokens/keySets/uploadedKeySets.ts';
import { signKeySet } from '../../../src/tokens/signedKeySet.ts';
import type { KeySetInput } from '../../../src/tokens/signedKeySet.ts';
import { SigningKeyUnavailableError } from '../../../src/tokens/signer.ts';
import type { Signer } from '../../../src/tokens/signer.ts';
import { FakeSigningKeys, createSigner } from './fakeKeys.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const AT = Date.UTC(2026, 10, 28, 12);
const ISSUER = 'https://licences.contoso.com';
const LIFE = 30 * DAY;

/** A table in memory. Before each write a rival may write. */
class FakeStore implements KeySetStore {
  rows: Recorded<UploadedKeySet>[] = [];
  isDown = false;
  reads = 0;
  rivals: (() => void)[] = [];
  #version = 0;

  listKeySets() {
    this.reads += 1;
    return this.isDown ? Promise.reject(new StoreUnavailableError('down')) : Promise.resolve([...this.rows]);
  }

  writeKeySet(value: UploadedKeySet, version: string | null, change: { by: string; at: number }) {
    this.rivals.shift()?.();
    const present = this.rows.find((row) => row.value.root === value.root);
    if (version === null && present !== undefined) return Promise.resolve({ outcome: 'exists' as const });
    if ((present?.version ?? null) !== version) return Promise.resolve({ outcome: 'changed' as const });
    const written = this.put(value, change);
    return Promise.resolve({ outcome: 'written' as const, version: written });
  }

  put(value: UploadedKeySet, change = { by: 'rival', at: AT }): string {
    const version = `${++this.#version}`;
    this.rows = [...this.rows.filter((row) => row.value.root !== value.root), { value, version, change }];
    return version;
  }
}

const [ROOT, OTHER_ROOT] = [createSigner(), createSigner()];

function createScene(rootKeys = [ROOT.kid]) {
  const store = new FakeStore();
  const [first, second] = [createSigner(), createSigner()];
  const signingKeys = new FakeSigningKeys(first, second);
  const options = { issuer: ISSUER, rootKeys, signingKeys, store, life: LIFE, lead: HOUR };
  const createInstance = () => new UploadedKeySets(options);
  const instance = createInstance();
  const upload = (token: string, at = AT) => instance.add(token, { by: 'olga', at });
  return { store, first, second, signingKeys, createInstance, instance, upload };
}

function sign(keys: readonly Signer[], change: Partial<KeySetInput> = {}, root = ROOT): Promise<string> {
  const input = { issuer: ISSUER, life: LIFE / SECOND, iat: AT / SECOND, seconds: 30 * 86_400, ...change };
  return signKeySet({ keys: keys.map(({ publicJwk }) => publicJwk), ...input }, root);
}

const tokenAt = async (instance: UploadedKeySets, at: number, index = 0) =>
  (await instance.read(at))[index]?.set?.token ?? null;
const kidAt = async (instance: UploadedKeySets, at: number) => (await instance.readSigner(at)).kid;
const publishedAt = async (instance: UploadedKeySets, at: number) =>
  (await instance.readPublished(at)).keys.map(({ kid }) => kid);

test('until a set is there nothing signs, nothing is published, and the root key is known', async () => {
  const { instance } = createScene();
  expect(await instance.readRootKeys()).toEqual([ROOT.kid]);
  expect(await instance.read(AT)).toEqual([
    { thumbprint: ROOT.kid, source: 'upload', set: null, failure: expect.any(KeySetMissingError) as unknown },
  ]);
  const asked = [instance.readSigner(AT), instance.readPublished(AT), instance.readLife(AT)];
  for (const promise of asked) await expect(promise).rejects.toThrow(/^no key set was uploaded yet\. Sign a key set/);
});

test('the instance that took a set serves it at once, another one within 30 seconds', async () => {
  const { instance, createInstance, first, upload } = createScene();
  const other = createInstance();
  expect(await tokenAt(other, AT)).toBeNull();
  await instance.read(AT);
  const token = await sign([first]);
  expect(await upload(token)).toMatchObject({ ok: true, root: ROOT.kid, isNew: true, change: { by: 'olga', at: AT } });
  expect(await tokenAt(instance, AT)).toBe(token);
  expect(await tokenAt(other, AT + 9 * SECOND)).toBeNull();
  expect(await tokenAt(other, AT + 25 * SECOND)).toBe(token);
});

test('the store is asked at most once in ten seconds, and not once a request', async () => {
  const { instance, store, first, upload } = createScene();
  await upload(await sign([first]));
  store.reads = 0;
  for (let later = 0; later < 60; later += 1) await tokenAt(instance, AT + later * SECOND);
  expect(store.reads).toBeLessThanOrEqual(7);
});

test('only keys of the set sign and are published, exactly those of the set', async () => {
  const { instance, signingKeys, first, second, upload } = createScene();
  const retired = createSigner();
  await upload(await sign([second, retired]));
  expect(await publishedAt(instance, AT)).toEqual([second.kid, retired.kid]);
  expect(await kidAt(instance, AT)).toBe(second.kid);
  signingKeys.signers = [first];
  await expect(instance.readSigner(AT)).rejects.toThrow(SigningKeyUnavailableError);
});

test('a key that is new in a set signs after the lead; where it is the only one, at once', async () => {
  const { instance, signingKeys, first, second, upload } = createScene();
  await upload(await sign([second]));
  expect(await kidAt(instance, AT)).toBe(second.kid);
  await upload(await sign([first, second], { iat: AT / SECOND + 60 }), AT + MINUTE);
  expect(await publishedAt(instance, AT + MINUTE)).toEqual([first.kid, second.kid]);
  expect(await kidAt(instance, AT + MINUTE + HOUR - 1)).toBe(second.kid);
  expect(await kidAt(instance, AT + MINUTE + HOUR)).toBe(first.kid);
  const next = createSigner();
  signingKeys.signers.unshift(next);
  await upload(await sign([next], { iat: AT / SECOND + 120 }), AT + 2 * MINUTE);
  expect(await kidAt(instance, AT + 2 * MINUTE)).toBe(next.kid);
});

test('a newer set replaces one, an older one or one of the same second is refused, the same again is success', async () => {
  const { instance, first, second, upload, store } = createScene();
  const [old, present] = [await sign([first]), await sign([first, second], { iat: AT / SECOND + 10 })];
  expect(await upload(present, AT + 10 * SECOND)).toMatchObject({ ok: true, isNew: true });
  const refused = await upload(old, AT + 20 * SECOND);
  expect(refused).toEqual({
    ...{ ok: false, reason: 'older' },
    detail:
      'The stored set was signed at 2026-11-28T12:00:10.000Z, and this one at 2026-11-28T12:00:00.000Z. Sign a new one: only a later set replaces it.',
  });
  const rival = await sign([second], { iat: AT / SECOND + 10 });
  expect(await upload(rival, AT + 20 * SECOND)).toMatchObject({ ok: false, reason: 'older' });
  const version = store.rows[0]?.version;
  const again = await upload(present, AT + 20 * SECOND);
  expect(again).toMatchObject({ ok: true, isNew: false, change: { at: AT + 10 * SECOND } });
  expect([store.rows[0]?.version, await tokenAt(instance, AT + 20 * SECOND)]).toEqual([version, present]);
  const newer = await sign([second], { iat: AT / SECOND + 11 });
  expect(await upload(newer, AT + 20 * SECOND)).toMatchObject({ ok: true, isNew: false });
  expect(await tokenAt(instance, AT + 20 * SECOND)).toBe(newer);
});

test.each<[string, Partial<KeySetInput>, Signer, RegExp]>([
  ['another root', {}, OTHER_ROOT, /^It is signed by another root key/],
  ['another issuer', { issuer: 'https://x.example' }, ROOT, /^It is for another issuer/],
  ['the past', { iat: AT / SECOND - 30 * 86_400 }, ROOT, /^It has ended/],
  ['the future', { iat: AT / SECOND + 121 }, ROOT, /^Its iat is in the future/],
  ['a shorter life', { life: LIFE / SECOND - 1 }, ROOT, /^Its life is 2591999 seconds, and LICENCE_LIFE_SECONDS/],
])('a set of %s is refused, and nothing is written', async (_, change, root, detail) => {
  const { first, upload, store } = createScene();
  const answer = await upload(await sign([first], change, root));
  expect(answer).toEqual({ ok: false, reason: 'invalid', detail: expect.stringMatching(detail) as string });
  expect(store.rows).toEqual([]);
});

test('a set with a longer life is taken, so that the setting can be raised after clients have it', async () => {
  const { instance, first, upload } = createScene();
  expect(await upload(await sign([first], { life: 2 * (LIFE / SECOND) }))).toMatchObject({ ok: true });
  expect(await instance.readLife(AT)).toBe(LIFE);
});

test('where the setting was raised over the set that is served, licences stay within the set', async () => {
  const { first, store, upload, signingKeys } = createScene();
  await upload(await sign([first]));
  const options = { issuer: ISSUER, rootKeys: [ROOT.kid], signingKeys, store, life: 2 * LIFE, lead: HOUR };
  expect(await new UploadedKeySets(options).readLife(AT)).toBe(LIFE);
});

test('a set that has ended is none', async () => {
  const { instance, first, upload } = createScene();
  await upload(await sign([first], { seconds: 60 }));
  expect(await tokenAt(instance, AT + MINUTE - 1)).not.toBeNull();
  expect(await tokenAt(instance, AT + MINUTE)).toBeNull();
  await expect(instance.readSigner(AT + MINUTE)).rejects.toThrow(/^the uploaded key set has ended\./);
});

test('of two instances that take sets at the same time the newer set stays', async () => {
  const { store, instance, first, second, upload } = createScene();
  const [older, newer] = [await sign([first]), await sign([second], { iat: AT / SECOND + 1 })];
  const put = (token: string) => () => store.put({ root: ROOT.kid, token, since: {} });
  store.rivals = [put(newer)];
  expect(await upload(older, AT + SECOND)).toMatchObject({ ok: false, reason: 'older' });
  store.rows = [];
  store.rivals = [put(older)];
  expect(await upload(newer, AT + SECOND)).toMatchObject({ ok: true });
  expect(await tokenAt(instance, AT + SECOND)).toBe(newer);
});

test('where others write again and again, the caller is told to come again', async () => {
  const { store, first, upload } = createScene();
  store.rivals = Array.from({ length: 4 }, () => () => store.put({ root: ROOT.kid, token: 'x', since: {} }));
  await expect(upload(await sign([first]))).rejects.toThrow(StoreUnavailableError);
});

test('a row that the root did not sign is not believed, and can be replaced', async () => {
  const { store, instance, first, upload } = createScene();
  store.put({ root: ROOT.kid, token: await sign([first], {}, OTHER_ROOT), since: {} });
  expect((await instance.read(AT))[0]).toMatchObject({ set: null, failure: expect.any(KeySetMissingError) as unknown });
  await expect(instance.readSigner(AT)).rejects.toThrow(/^the key set in the store is not one of this root key/);
  expect(await upload(await sign([first]))).toMatchObject({ ok: true });
  expect(await tokenAt(instance, AT)).not.toBeNull();
});

test('a row is not believed for another root than the one that signed it', async () => {
  const { store, instance, first } = createScene([ROOT.kid, OTHER_ROOT.kid]);
  store.put({ root: ROOT.kid, token: await sign([first], {}, OTHER_ROOT), since: {} });
  expect(await tokenAt(instance, AT)).toBeNull();
});

test('while the store is down, what was read last is served until it ends, and the store is not asked each time', async () => {
  const { store, instance, first, upload } = createScene();
  const token = await sign([first]);
  await upload(token);
  await instance.read(AT);
  store.isDown = true;
  store.reads = 0;
  for (const later of [30, 31, 32, 39]) expect(await tokenAt(instance, AT + later * SECOND)).toBe(token);
  expect(store.reads).toBe(1);
  expect((await instance.read(AT + 29 * DAY))[0]).toMatchObject({
    failure: expect.any(StoreUnavailableError) as unknown,
  });
  expect(await kidAt(instance, AT + 29 * DAY)).toBe(first.kid);
  expect(await tokenAt(instance, AT + 30 * DAY)).toBeNull();
});

test('an instance that never could read the store says so', async () => {
  const { store, instance } = createScene();
  store.isDown = true;
  await expect(instance.read(AT)).rejects.toThrow(StoreUnavailableError);
  await expect(instance.readSigner(AT)).rejects.toThrow(StoreUnavailableError);
  expect(store.reads).toBe(1);
});

test('under two root keys each has its set; what signs is in both, what is published in either', async () => {
  const { instance, first, second, upload } = createScene([ROOT.kid, OTHER_ROOT.kid]);
  await upload(await sign([first, second]));
  expect(await tokenAt(instance, AT, 1)).toBeNull();
  expect(await kidAt(instance, AT)).toBe(first.kid);
  const other = createSigner();
  await upload(await sign([second, other], {}, OTHER_ROOT));
  expect(await tokenAt(instance, AT, 1)).not.toBeNull();
  expect(await publishedAt(instance, AT)).toEqual([first.kid, second.kid, other.kid]);
  expect(await kidAt(instance, AT)).toBe(second.kid);
});

test('a set with a root key among its keys is refused, whichever of the two it is', async () => {
  const { first, upload } = createScene([ROOT.kid, OTHER_ROOT.kid]);
  expect(await upload(await sign([first, OTHER_ROOT]))).toMatchObject({
    ...{ ok: false, reason: 'invalid' },
    detail: expect.stringMatching(/^A root key is among its keys/) as string,
  });
});

test('an answer of the store that a write overtook changes nothing', async () => {
  const { store, instance, first, upload } = createScene();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const list = store.listKeySets.bind(store);
  store.listKeySets = async () => {
    const rows = await list();
    await promise;
    return rows;
  };
  const early = instance.read(AT);
  store.listKeySets = list;
  const token = await sign([first]);
  await upload(token);
  resolve(undefined);
  await early;
  expect(await tokenAt(instance, AT)).toBe(token);
});
