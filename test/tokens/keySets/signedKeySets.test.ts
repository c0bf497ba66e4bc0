import { expect, test } from 'vitest';
import { SignedKeySets } from '../../../src/tokens/keySets/signedKeySets.ts';
import { verifyKeySet } from '../../../src/tokens/signedKeySet.ts';
import { SigningKeyUnavailableError } from '../../../src/tokens/signer.ts';
import { FakeRoot, FakeSigningKeys, createSigner } from './fakeKeys.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const AT = Date.UTC(2026, 10, 28, 12);
const ISSUER = 'https://licences.contoso.com';
const LIFE = 30 * DAY;

function createScene({ roots = [new FakeRoot()] }: { readonly roots?: readonly FakeRoot[] } = {}) {
  const signingKeys = new FakeSigningKeys(createSigner());
  const keySets = new SignedKeySets({ issuer: ISSUER, roots, signingKeys, life: LIFE, lead: HOUR });
  /** The set under one root, verified as clients do, by the thumbprints of its keys. */
  const readSet = async (at: number, index = 0) => {
    const state = (await keySets.read(at))[index];
    if (state === undefined || state.set === null) return { iat: null, kids: [], failure: state?.failure, token: '' };
    const { thumbprint, set, failure } = state;
    const verified = verifyKeySet(set.token, { rootKeys: [thumbprint ?? ''], issuer: ISSUER, at });
    if (!verified.ok) throw new Error(verified.fault);
    expect(verified.claims).toEqual(set.claims);
    const { iat, keys } = verified.claims;
    return { iat, kids: keys.map(({ kid }) => kid), failure, token: set.token };
  };
  const kidAt = async (at: number) => (await keySets.readSigner(at)).kid;
  return { roots, root: roots[0] ?? new FakeRoot(), signingKeys, keySets, readSet, kidAt };
}

const kidsOf = ({ signers }: FakeSigningKeys) => signers.map(({ kid }) => kid);

test('the keys are signed for 30 days, with the life of licences; jwks.json has the same keys', async () => {
  const { root, signingKeys, keySets } = createScene();
  signingKeys.signers.push(createSigner());
  const [state] = await keySets.read(AT);
  expect(state).toMatchObject({ thumbprint: root.kid, source: 'vault', failure: null });
  const { keys } = await keySets.readPublished(AT);
  const iat = AT / SECOND;
  expect(state?.set?.claims).toEqual({
    ...{ iss: ISSUER, sub: ISSUER, iat, exp: iat + 30 * 86_400, life: 30 * 86_400, keys },
  });
  expect(keys.map(({ kid }) => kid)).toEqual(kidsOf(signingKeys));
  expect([await keySets.readRootKeys(AT), await keySets.readLife()]).toEqual([[root.kid], LIFE]);
});

test('a set is signed once, whoever asks and how often; anew when half its life is over', async () => {
  const { root, readSet } = createScene();
  const [{ token }] = await Promise.all([readSet(AT), readSet(AT), readSet(AT + 1)]);
  for (const later of [MINUTE, HOUR, 14 * DAY, 15 * DAY - 1]) expect((await readSet(AT + later)).token).toBe(token);
  expect(root.signed).toBe(1);
  // Who comes first is given the set of before, and another is signed behind.
  expect((await readSet(AT + 15 * DAY)).token).toBe(token);
  await expect.poll(() => root.signed).toBe(2);
  expect((await readSet(AT + 15 * DAY)).iat).toBe((AT + 15 * DAY) / SECOND);
  expect(root.signed).toBe(2);
});

test('a change of the keys is in the next answer, and the set is signed once more when all instances know of it', async () => {
  const { root, signingKeys, readSet } = createScene();
  await readSet(AT);
  signingKeys.signers.push(createSigner());
  expect(await readSet(AT + DAY)).toMatchObject({ iat: (AT + DAY) / SECOND, kids: kidsOf(signingKeys) });
  await readSet(AT + DAY + 5 * MINUTE - 1);
  expect(root.signed).toBe(2);
  await readSet(AT + DAY + 5 * MINUTE);
  await expect.poll(() => root.signed).toBe(3);
  expect(await readSet(AT + 2 * DAY)).toMatchObject({ iat: (AT + DAY + 5 * MINUTE) / SECOND });
  expect(root.signed).toBe(3);
});

test('two changes within one second have two times: a client takes the later set', async () => {
  const { signingKeys, readSet } = createScene();
  const first = await readSet(AT);
  signingKeys.signers.push(createSigner());
  expect((await readSet(AT + 1)).iat).toBe((first.iat ?? 0) + 1);
});

test('a list of keys that could not be refreshed is not signed anew: others may know more', async () => {
  const { root, signingKeys, readSet } = createScene();
  signingKeys.asOf = AT;
  const { token } = await readSet(AT);
  expect((await readSet(AT + 20 * DAY)).token).toBe(token);
  expect(root.signed).toBe(1);
  signingKeys.asOf = AT + 20 * DAY;
  await readSet(AT + 20 * DAY + SECOND);
  await expect.poll(() => root.signed).toBe(2);
});

test('while the root key is away the last set is served until it ends, and the root key is asked every ten seconds', async () => {
  const { root, readSet } = createScene();
  const { token } = await readSet(AT);
  root.isAway = true;
  root.asked = 0;
  const half = AT + 15 * DAY;
  for (const later of [0, 5 * SECOND, 10 * SECOND - 1]) expect((await readSet(half + later)).token).toBe(token);
  expect(root.asked).toBe(1);
  const again = await readSet(half + 10 * SECOND);
  expect([again.token, again.failure]).toEqual([token, expect.any(SigningKeyUnavailableError)]);
  expect(root.asked).toBe(2);
  expect((await readSet(AT + 30 * DAY - 1)).token).toBe(token);
  expect(await readSet(AT + 30 * DAY)).toMatchObject({
    iat: null,
    failure: expect.any(SigningKeyUnavailableError) as unknown,
  });
  root.isAway = false;
  expect(await readSet(AT + 30 * DAY + MINUTE)).toMatchObject({
    iat: (AT + 30 * DAY + MINUTE) / SECOND,
    failure: null,
  });
});

test('a root key that is slow delays nobody while the set says what is true', async () => {
  const { root, signingKeys, readSet, kidAt } = createScene();
  const { token } = await readSet(AT);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  root.gate = promise;
  expect((await readSet(AT + 16 * DAY)).token).toBe(token);
  expect(await kidAt(AT + 16 * DAY)).toBe(kidsOf(signingKeys)[0]);
  resolve(undefined);
  await expect.poll(() => root.signed).toBe(2);
});

test('a root key that was never read has no thumbprint, and no set', async () => {
  const { root, keySets, kidAt, signingKeys } = createScene();
  root.isAway = true;
  expect(await keySets.read(AT)).toEqual([
    { thumbprint: null, source: 'vault', set: null, failure: expect.any(SigningKeyUnavailableError) as unknown },
  ]);
  await expect(keySets.readRootKeys(AT)).rejects.toThrow('the vault is away');
  // Licences are issued all the same: other instances serve sets.
  expect(await kidAt(AT)).toBe(kidsOf(signingKeys)[0]);
});

test('without signing keys there is no set, and the root key is known', async () => {
  const { root, signingKeys, keySets, readSet } = createScene();
  signingKeys.isAway = true;
  expect(await keySets.readRootKeys(AT)).toEqual([root.kid]);
  expect(await readSet(AT)).toMatchObject({ iat: null });
  await expect(keySets.readPublished(AT)).rejects.toThrow(SigningKeyUnavailableError);
  signingKeys.isAway = false;
  expect(await readSet(AT + 10 * SECOND)).toMatchObject({ kids: kidsOf(signingKeys) });
});

test('a new key signs when it was in the set for the lead', async () => {
  const { signingKeys, readSet, kidAt } = createScene();
  await readSet(AT);
  const [old] = signingKeys.signers;
  const next = createSigner();
  // The rotation has it as the current one from now on.
  signingKeys.signers.unshift(next);
  expect(await kidAt(AT + DAY)).toBe(old?.kid);
  await readSet(AT + DAY);
  expect(await kidAt(AT + DAY + HOUR - 1)).toBe(old?.kid);
  expect(await kidAt(AT + DAY + HOUR)).toBe(next.kid);
});

test('issuing licences is reason enough to sign a changed set, and is not a reason each time', async () => {
  const { root, signingKeys, readSet, kidAt } = createScene();
  await readSet(AT);
  signingKeys.signers.push(createSigner());
  await kidAt(AT + DAY);
  await expect.poll(() => root.signed).toBe(2);
  signingKeys.signers.push(createSigner());
  await kidAt(AT + DAY + 9 * SECOND);
  expect(root.signed).toBe(2);
  await kidAt(AT + DAY + 10 * SECOND);
  await expect.poll(() => root.signed).toBe(3);
});

test('a key that no set has signs where there is no other, as in an emergency', async () => {
  const { root, signingKeys, readSet, kidAt } = createScene();
  await readSet(AT);
  const next = createSigner();
  signingKeys.signers = [next];
  // The root key can be reached: the key is in a set before it signs.
  expect(await kidAt(AT + DAY)).toBe(next.kid);
  expect(await readSet(AT + DAY)).toMatchObject({ kids: [next.kid] });
  root.isAway = true;
  const another = createSigner();
  signingKeys.signers = [another];
  expect(await kidAt(AT + 2 * DAY)).toBe(another.kid);
});

test('a root key is never among the keys, and never signs a licence', async () => {
  const shared = createSigner();
  const { signingKeys, keySets, readSet, kidAt } = createScene({ roots: [new FakeRoot(), new FakeRoot(shared)] });
  const [own] = kidsOf(signingKeys);
  signingKeys.signers.unshift(shared);
  expect((await readSet(AT)).kids).toEqual([own]);
  expect((await readSet(AT, 1)).kids).toEqual([own]);
  expect((await keySets.readPublished(AT)).keys.map(({ kid }) => kid)).toEqual([own]);
  expect(await kidAt(AT)).toBe(own);
  signingKeys.signers = [shared];
  await expect(keySets.readSigner(AT + DAY)).rejects.toThrow(SigningKeyUnavailableError);
  await expect(keySets.readPublished(AT + DAY)).rejects.toThrow('Every signing key is a root key too');
});

test('a root key that is the only signing key signs nothing, also before there is any set', async () => {
  const shared = createSigner();
  const { signingKeys, keySets } = createScene({ roots: [new FakeRoot(shared)] });
  signingKeys.signers = [shared];
  expect(await keySets.readRootKeys(AT)).toEqual([shared.kid]);
  await expect(keySets.readSigner(AT)).rejects.toThrow(SigningKeyUnavailableError);
});

test('of two root keys each signs a set of its own; one that is away takes nothing from the other', async () => {
  const [first, second] = [new FakeRoot(), new FakeRoot()];
  const { keySets, readSet, signingKeys, kidAt } = createScene({ roots: [first, second] });
  second.isAway = true;
  expect(await readSet(AT)).toMatchObject({ kids: kidsOf(signingKeys), failure: null });
  expect(await readSet(AT, 1)).toMatchObject({ iat: null });
  second.isAway = false;
  expect((await readSet(AT + 10 * SECOND, 1)).kids).toEqual(kidsOf(signingKeys));
  expect(await keySets.readRootKeys(AT + 10 * SECOND)).toEqual([first.kid, second.kid]);
  expect([first.signed, second.signed]).toEqual([1, 1]);
  expect(await kidAt(AT + 10 * SECOND)).toBe(kidsOf(signingKeys)[0]);
});

test('two addresses of one root key are one root key', async () => {
  const signer = createSigner();
  const { keySets } = createScene({ roots: [new FakeRoot(signer), new FakeRoot(signer)] });
  expect(await keySets.readRootKeys(AT)).toEqual([signer.kid]);
});

test('where another key takes the place of the root key, its set is served under its own thumbprint', async () => {
  const { root, keySets, signingKeys, readSet } = createScene();
  await readSet(AT);
  root.signer = createSigner();
  signingKeys.signers.push(createSigner());
  expect((await readSet(AT + DAY)).kids).toEqual(kidsOf(signingKeys));
  expect(await keySets.readRootKeys(AT + DAY)).toEqual([root.kid]);
});

test('a set of one key is not served under the thumbprint of another that cannot sign', async () => {
  const { root, keySets, signingKeys, readSet } = createScene();
  await readSet(AT);
  root.signer = createSigner();
  root.gate = Promise.reject(new SigningKeyUnavailableError('does not sign'));
  root.gate.catch(() => undefined);
  signingKeys.signers.push(createSigner());
  expect(await keySets.read(AT + DAY)).toMatchObject([{ thumbprint: root.kid, set: null }]);
});
