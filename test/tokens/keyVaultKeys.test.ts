import { createLocalJWKSet, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { signCompactJws } from '../../src/tokens/compactJws.ts';
import { createKeySet } from '../../src/tokens/keySet.ts';
import type { KeySet } from '../../src/tokens/keySet.ts';
import { createKeyVaultKeys } from '../../src/tokens/keyVaultKeys.ts';
import type { SigningKeys } from '../../src/tokens/signingKeys.ts';
import { SigningKeyUnavailableError } from '../../src/tokens/signer.ts';
import { startVault } from '../support/keyVault.ts';
import type { FakeVault } from '../support/keyVault.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const AT = Date.UTC(2026, 0, 1);
const RULES = { publishBeforeUse: HOUR, keepAfterUse: 10 * DAY };

/** A vault at a time that the test sets, and an instance of the service that looks at it. */
async function createScene() {
  const vault = await startVault();
  let at = AT;
  vault.now = () => at;
  const createInstance = () => createKeyVaultKeys({ ...vault.access, keyUrl: vault.keyUrl, rules: RULES });
  return { vault, createInstance, keys: createInstance(), moveTo: (time: number) => (at = time) };
}

async function statesAt(keys: SigningKeys, at: number, vault: FakeVault): Promise<string[]> {
  const published = await keys.readPublished(at);
  const places = new Map(vault.versions.map(({ kid }, place) => [kid, `v${place + 1}`]));
  const { keys: set } = createKeySet(published.keys, at);
  return set.map(({ kid }, index) => `${places.get(kid) ?? kid} ${published.keys[index]?.state ?? ''}`);
}

async function kidAt(keys: SigningKeys, at: number): Promise<string> {
  return (await keys.readSigner(at)).kid;
}

/** How many requests there were since it was asked before. */
function countRequests(vault: FakeVault): number {
  return vault.requests.splice(0).filter((line) => !line.endsWith('401')).length;
}

test('asks for what it needs once, and for the list alone after that', async () => {
  const { vault, keys } = await createScene();
  const versions = [3, 2, 1].map((age) => vault.addVersion({ created: AT - age * DAY }));
  await Promise.all([keys.readPublished(AT), keys.readSigner(AT), keys.readPublished(AT)]);
  // Two pages of the list, three versions.
  expect(countRequests(vault)).toBe(5);
  await keys.readSigner(AT + MINUTE - 1);
  expect(countRequests(vault)).toBe(0);
  expect(await kidAt(keys, AT + MINUTE)).toBe(versions[2]?.kid);
  expect(countRequests(vault)).toBe(2);
});

test('only versions that may sign are looked at; the choices are tried in their order', async () => {
  const { vault, keys } = await createScene();
  const [old, next] = [vault.addVersion({ created: AT - 2 * DAY }), vault.addVersion({ created: AT - DAY })];
  const only = (kid: string) => (one: string) => one === kid;
  const kidOf = async (...choices: readonly ((kid: string) => boolean)[]) => (await keys.readSigner(AT, choices)).kid;
  expect(await kidAt(keys, AT)).toBe(next.kid);
  expect(await kidOf(only(old.kid))).toBe(old.kid);
  expect(await kidOf(only('another'), only(old.kid), only(next.kid))).toBe(old.kid);
  await expect(keys.readSigner(AT, [only('another')])).rejects.toThrow('No version of the signing key may sign');
  expect((await keys.readPublished(AT)).asOf).toBe(AT);
});

test('a clock that was set back is no reason to keep what was read', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - DAY });
  await keys.readPublished(AT);
  countRequests(vault);
  // A request that a later one overtook is no such clock.
  await keys.readPublished(AT - 2_000);
  expect(countRequests(vault)).toBe(0);
  await keys.readPublished(AT - 2_001);
  expect(countRequests(vault)).toBe(1);
});

test('a changed version is read again', async () => {
  const { vault, keys } = await createScene();
  const old = vault.addVersion({ created: AT - 2 * DAY });
  const version = vault.addVersion({ created: AT - DAY });
  expect(await kidAt(keys, AT)).toBe(version.kid);
  vault.change(version, { operations: ['verify'] });
  expect(await kidAt(keys, AT + MINUTE)).toBe(old.kid);
  expect(await statesAt(keys, AT + MINUTE, vault)).toEqual(['v1 current', 'v2 retired']);
});

test.each([true, false])('a disabled version leaves the set, whether the vault shows it (%s) or not', async (shows) => {
  const { vault, keys } = await createScene();
  vault.showsDisabled = shows;
  const old = vault.addVersion({ created: AT - 2 * DAY });
  vault.addVersion({ created: AT - DAY });
  expect(await statesAt(keys, AT, vault)).toEqual(['v2 current', 'v1 retired']);
  vault.change(old, { enabled: false });
  expect(await statesAt(keys, AT + MINUTE, vault)).toEqual(['v2 current']);
  vault.change(old, { enabled: true });
  expect(await statesAt(keys, AT + 2 * MINUTE, vault)).toEqual(['v2 current', 'v1 retired']);
});

test('one that was disabled between the list and the look at it is not taken, and what was read before counts', async () => {
  const { vault, keys } = await createScene();
  const [first] = [vault.addVersion({ created: AT - 2 * DAY })];
  expect(await kidAt(keys, AT)).toBe(first.kid);
  vault.addVersion({ created: AT });
  vault.fail('get', { status: 403, code: 'Forbidden' });
  expect(await statesAt(keys, AT + MINUTE, vault)).toEqual(['v1 current']);
  expect(await statesAt(keys, AT + MINUTE + 10 * SECOND, vault)).toEqual(['v1 current', 'v2 next']);
});

test('while the vault does not list them, the versions read last count, and it is asked every ten seconds', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - DAY });
  const { goodUntil } = await keys.readPublished(AT);
  // A version made right after that signs from an hour later on, on clocks that may be two minutes ahead.
  expect(goodUntil).toBe(AT + HOUR - 2 * MINUTE);
  vault.isOpen = false;
  countRequests(vault);
  const later = await keys.readPublished(AT + HOUR);
  expect(later.keys).toHaveLength(1);
  expect(later.goodUntil).toBe(goodUntil);
  expect(later.troubles).toEqual(['the vault does not list the versions of the key']);
  expect(countRequests(vault)).toBe(1);
  await keys.readPublished(AT + HOUR + 10 * SECOND - 1);
  expect(countRequests(vault)).toBe(0);
  vault.isOpen = true;
  expect((await keys.readPublished(AT + HOUR + 10 * SECOND)).troubles).toEqual([]);
});

test('what was never read cannot be published, and is asked for every ten seconds', async () => {
  const { vault, keys } = await createScene();
  vault.isOpen = false;
  await expect(keys.readPublished(AT)).rejects.toThrow(
    'The vault did not list the versions of the signing key: Forbidden, HTTP 403. Give the identity the role',
  );
  await expect(keys.readSigner(AT)).rejects.toThrow(SigningKeyUnavailableError);
  vault.isOpen = true;
  vault.addVersion({ created: AT - DAY });
  expect(await statesAt(keys, AT + 10 * SECOND, vault)).toEqual(['v1 current']);
});

test('after a first read that failed, requests fail at once with its error, and do not ask the vault', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - DAY });
  vault.fail('list', 'hang', 'hang', 'hang', 'hang');
  // Those that come together wait for one call.
  const together = await Promise.allSettled([keys.readPublished(AT), keys.readSigner(AT + 1), keys.readPublished(AT)]);
  const reasons = together.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as unknown) : null));
  expect(reasons[0]).toBeInstanceOf(SigningKeyUnavailableError);
  expect(new Set(reasons).size).toBe(1);
  expect(countRequests(vault)).toBe(4);
  // One began before that call, and comes to the key after it.
  for (const at of [AT - SECOND, AT, AT + 10 * SECOND - 1]) {
    await expect(keys.readPublished(at)).rejects.toBe(reasons[0]);
    await expect(keys.readSigner(at)).rejects.toBe(reasons[0]);
  }
  expect(countRequests(vault)).toBe(0);
  expect(await statesAt(keys, AT + 10 * SECOND, vault)).toEqual(['v1 current']);
  expect(await statesAt(keys, AT, vault)).toEqual(['v1 current']);
});

test('a list that hangs, or comes in halves, is an outage within the budget', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - DAY });
  vault.fail('list', 'hang', 'half', 'noJson', { status: 503 });
  await expect(keys.readPublished(AT)).rejects.toThrow(SigningKeyUnavailableError);
  expect(vault.clock.now()).toBeLessThanOrEqual(vault.access.limits.budget);
  vault.fail('list', 'empty', 'empty', 'empty', 'empty');
  await expect(keys.readPublished(AT + MINUTE)).rejects.toThrow(
    'The vault did not list the versions of the signing key',
  );
  expect(await statesAt(keys, AT + 2 * MINUTE, vault)).toEqual(['v1 current']);
});

test('no usable version: nothing signs, and licences under the last one can be verified', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - DAY, expires: AT - HOUR });
  await expect(keys.readSigner(AT)).rejects.toThrow('No version of the signing key may sign: make a new one.');
  expect(await statesAt(keys, AT, vault)).toEqual(['v1 retired']);
});

test('all versions disabled: there is nothing to publish', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - DAY, enabled: false });
  await expect(keys.readPublished(AT)).rejects.toThrow('The vault has no enabled version of the signing key');
});

test('versions of other kinds are left out and reported', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - 2 * DAY });
  const { id } = vault.addVersion({ created: AT - DAY, kty: 'RSA' });
  expect(await statesAt(keys, AT, vault)).toEqual(['v1 current']);
  expect((await keys.readPublished(AT)).troubles).toEqual([`version ${id} is not an EC key on P-256, and is left out`]);
});

test('the same key twice is published once', async () => {
  const { vault, keys } = await createScene();
  const first = vault.addVersion({ created: AT - 2 * DAY });
  vault.addVersion({ created: AT - DAY, secretKey: first.secretKey });
  expect(await statesAt(keys, AT, vault)).toHaveLength(1);
});

test('an end without a successor is reported two weeks before', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - DAY, expires: AT + 14 * DAY });
  expect((await keys.readPublished(AT)).troubles).toEqual([]);
  expect((await keys.readPublished(AT + 1)).troubles).toEqual([
    'the key expires on 2026-01-15T00:00:00.000Z, and there is no next one',
  ]);
  vault.addVersion({ created: AT });
  expect((await keys.readPublished(AT + MINUTE)).troubles).toEqual([]);
});

test('an older version that steps in at the end is published before, and is no successor', async () => {
  const { vault, keys } = await createScene();
  vault.addVersion({ created: AT - 50 * DAY });
  vault.addVersion({ created: AT - 40 * DAY, expires: AT + 2 * HOUR });
  expect(await statesAt(keys, AT, vault)).toEqual(['v2 current']);
  expect(await statesAt(keys, AT + HOUR, vault)).toEqual(['v2 current', 'v1 next']);
  expect((await keys.readPublished(AT + HOUR)).troubles).toEqual([
    'the key expires on 2026-01-01T02:00:00.000Z, and there is no next one',
  ]);
  expect(await statesAt(keys, AT + 2 * HOUR, vault)).toEqual(['v1 current', 'v2 retired']);
});

test('a tag on the version in use, or an end for a policy, does not bring an older one back', async () => {
  const { vault, createInstance } = await createScene();
  vault.addVersion({ created: AT - 1_000 * DAY });
  const now = vault.addVersion({ created: AT - 900 * DAY });
  const before = await readKeySet(createInstance(), AT);
  vault.change(now, { expires: AT + 365 * DAY });
  for (const later of [0, 30 * MINUTE, HOUR, DAY]) {
    // One that has just started knows no more than what the vault tells now.
    const token = await issue(createInstance(), AT + later);
    expect(await verifies(token, before)).toBe(true);
  }
});

test('no more are published than clients take: the oldest are left out, and that is reported', async () => {
  const { vault, keys } = await createScene();
  const versions = Array.from({ length: 34 }, (_, place) => vault.addVersion({ created: AT - DAY + place * MINUTE }));
  const { keys: published, troubles } = await keys.readPublished(AT);
  const kids = createKeySet(published, AT).keys.map(({ kid }) => kid);
  expect(kids).toEqual(
    versions
      .slice(2)
      .map(({ kid }) => kid)
      .toReversed(),
  );
  expect(troubles).toEqual(['more than 32 versions are enabled, and the oldest are left out']);
});

test('a key with hundreds of versions is refused, and not read for ever', async () => {
  const { vault, keys } = await createScene();
  const { secretKey } = vault.addVersion({ created: AT - DAY, enabled: false });
  for (let more = 0; more < 250; more += 1) vault.addVersion({ created: AT, enabled: false, secretKey });
  await expect(keys.readPublished(AT)).rejects.toThrow('more than 250 versions');
});

test('keyUrl of a key that is not there', async () => {
  const { vault } = await createScene();
  const keyUrl = vault.keyUrl.replace(/[^/]+$/, 'another');
  const keys = createKeyVaultKeys({ ...vault.access, keyUrl, rules: RULES });
  await expect(keys.readSigner(AT)).rejects.toThrow(/KeyNotFound, HTTP 404\. Look at SIGNING_KEY_URL/);
});

/** A token as the service signs its licences. */
async function issue(keys: SigningKeys, at: number): Promise<string> {
  return signCompactJws('licence+jwt', { iat: at / 1000 }, await keys.readSigner(at));
}

async function readKeySet(keys: SigningKeys, at: number): Promise<KeySet> {
  return createKeySet((await keys.readPublished(at)).keys, at);
}

function verifies(token: string, { keys }: KeySet): Promise<boolean> {
  return jwtVerify(token, createLocalJWKSet({ keys: [...keys] })).then(
    () => true,
    () => false,
  );
}

/** Every six hours, and every ten minutes around the rotation. */
function* drillTimes(rotatedAt: number): Generator<number> {
  for (let at = AT; at < AT + 25 * DAY; at += Math.abs(at - rotatedAt) < 3 * HOUR ? 10 * MINUTE : 6 * HOUR) yield at;
}

test('drill: publish, use, retire, on two instances; every licence verifies until its grace ends', async () => {
  const { vault, createInstance, moveTo } = await createScene();
  const [one, two] = [createInstance(), createInstance()];
  const old = vault.addVersion({ created: AT - DAY });
  const rotatedAt = AT + DAY;
  const disabledAt = rotatedAt + HOUR + RULES.keepAfterUse + DAY;
  let kept = await readKeySet(two, AT);
  const issued: { readonly token: string; readonly kid: string; readonly at: number }[] = [];
  for (const at of drillTimes(rotatedAt)) {
    moveTo(at);
    if (at >= rotatedAt && vault.versions.length === 1) vault.addVersion();
    if (at >= disabledAt && old.enabled) vault.change(old, { enabled: false });
    const [signing, publishing] = issued.length % 2 === 0 ? [one, two] : [two, one];
    const token = await issue(signing, at);
    issued.push({ token, kid: await kidAt(signing, at), at });
    // Somebody keeps a key set that is as old as the last step.
    expect(await verifies(token, kept)).toBe(true);
    kept = await readKeySet(publishing, at);
    const alive = issued.filter((licence) => at < licence.at + RULES.keepAfterUse);
    for (const licence of alive) expect(await verifies(licence.token, kept)).toBe(true);
  }
  expect(issued.find(({ kid }) => kid !== old.kid)?.at).toBe(rotatedAt + HOUR);
  expect(new Set(issued.map(({ kid }) => kid))).toEqual(new Set(vault.versions.map(({ kid }) => kid)));
  expect(await statesAt(one, AT + 25 * DAY, vault)).toEqual(['v2 current']);
});
