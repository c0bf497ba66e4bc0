import { hash } from 'node:crypto';

import { beforeEach, expect, test } from 'vitest';

import { chainAll, digestPart } from '../../../src/backup/parts.ts';
import { signStatement } from '../../../src/backup/statement.ts';
import { createLocalSigner } from '../../../src/tokens/localSigner.ts';
import { signKeySet } from '../../../src/tokens/signedKeySet.ts';
import { signCompactJws } from '../../../src/tokens/compactJws.ts';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { SIGNING_KEY } from '../../app/settings.ts';
import { runKeys } from '../../support/runKeys.ts';
import { readPayload } from '../../endToEnd/protocolClient.ts';
import { createKeyPair, pkcs8 } from '../../tokens/forge.ts';
import { applyAll, linesOf, readBackup, restoreBackup, stageBackup, takeStep } from '../../support/backups.ts';
import type { Backup } from '../../support/backups.ts';
import { emptyStore } from '../../support/emptyStore.ts';
import { useScenes } from '../../support/serviceScene.ts';
import type { Scene } from '../../support/serviceScene.ts';

/** Files and requests that must restore nothing. */

const MINUTE = 60_000;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const OFFER = 'contoso/gateway/standard';
const CATALOGUE = JSON.stringify({
  offers: [{ offer: OFFER, mode: 'licensed' }],
  licences: Array.from({ length: 160 }, (_, index) => ({
    ...{ id: `customer-${index}`, cloud: 'AzurePublicCloud', offer: OFFER, seats: 5, note: 'x'.repeat(1_000) },
    subscription: `00000000-0000-4000-8000-${`${index}`.padStart(12, '0')}`,
  })),
});

async function startScene(): Promise<{ scene: Scene; backup: Backup }> {
  const scene = await createScene({ catalogue: CATALOGUE });
  await scene.operate('POST /trust/distrusts', { as: 'Admin', body: { sha256: 'ab'.repeat(32), note: '' } });
  ahead += MINUTE;
  const backup = await readBackup(scene);
  expect(backup.parts.length).toBeGreaterThan(1);
  await emptyStore(scene);
  return { scene, backup };
}

/** With other parts, under a statement that says so: as somebody makes it who has the key. */
async function resign({ urls: [issuer] }: Scene, backup: Backup, parts: readonly string[]): Promise<Backup> {
  const digests = parts.map(digestPart);
  const { iat, asOf, id } = readPayload(backup.statement) as { iat: number; asOf: number; id: string };
  const statement = { iss: issuer, iat, asOf, id, parts: parts.length, digest: chainAll(digests) };
  return { ...backup, parts, digests, statement: await signStatement(statement, createLocalSigner(SIGNING_KEY)) };
}

async function expectNothing({ store }: Scene): Promise<void> {
  expect(await store.readRestoreMark()).toBeNull();
  expect(await store.listOffers()).toEqual([]);
  expect(await store.listTrust()).toEqual([]);
}

test('a part that is swapped, dropped, repeated, changed or of another backup', async () => {
  const { scene, backup } = await startScene();
  const { parts, digests } = backup;
  const [first = '', second = ''] = parts;
  const [one = '', two = ''] = digests;
  const rest = { parts: parts.slice(2), digests: digests.slice(2) };
  const forged = second.replace('"seats":5', '"seats":6');
  const attempts: readonly Partial<Backup>[] = [
    { parts: [second, first, ...rest.parts] },
    { parts: [second, first, ...rest.parts], digests: [two, one, ...rest.digests] },
    { parts: parts.slice(1), digests: digests.slice(1) },
    { parts: [first, ...parts], digests: [one, ...digests] },
    { parts: [first, forged, ...rest.parts] },
    { parts: [first, forged, ...rest.parts], digests: [one, digestPart(forged), ...rest.digests] },
  ];
  for (const attempt of attempts) {
    const { body } = await restoreBackup(scene, { ...backup, ...attempt });
    expect(body).toMatchObject({ status: 409, code: 'backup_refused' });
  }
  await expectNothing(scene);
});

test('a part that is missing: nothing is applied, and the next step names it', async () => {
  const { scene, backup } = await startScene();
  const { statement, digests, parts } = backup;
  const begun = await takeStep(scene, { step: 'begin', statement, digests });
  const restore = String(begun.body['restore']);
  await takeStep(scene, { step: 'part', restore, index: 0, part: parts[0] });
  const again = await takeStep(scene, { step: 'begin', statement, digests });
  expect(again.body).toMatchObject({ missing: parts.map((_, index) => index).slice(1) });
  const { body } = await takeStep(scene, { step: 'apply', restore });
  expect(body).toMatchObject({
    status: 409,
    code: 'backup_refused',
    detail: expect.stringContaining('1 of') as string,
  });
  await expectNothing(scene);
});

test('a statement of another key, issuer or type, without a signature, or of something else', async () => {
  const { scene, backup } = await startScene();
  const claims = readPayload(backup.statement);
  const signer = createLocalSigner(SIGNING_KEY);
  const other = createLocalSigner(pkcs8(createKeyPair().privateKey));
  const [header = '', payload = '', signature = ''] = backup.statement.split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  const statements = [
    await signCompactJws('backup+jws', claims, other),
    await signCompactJws('backup+jws', { ...claims, iss: 'https://other.example' }, signer),
    await signCompactJws('licence+jwt', claims, signer),
    await signCompactJws('backup+jws', { ...claims, more: 1 }, signer),
    `${encode({ alg: 'none', typ: 'backup+jws', kid: signer.kid })}.${payload}.`,
    `${encode({ alg: 'ES256', typ: 'backup+jws', kid: signer.kid, jwk: signer.publicJwk })}.${payload}.${signature}`,
    `${header}.${encode({ ...claims, asOf: 0 })}.${signature}`,
    `${header}.${payload}.${flipped}`,
    `${header}.${payload}`,
    '',
  ];
  for (const statement of statements) {
    const { body } = await restoreBackup(scene, { ...backup, statement });
    expect(body, statement).toMatchObject({ status: 409, code: 'backup_refused' });
  }
  await expectNothing(scene);
});

test('a well-signed file with what this version does not know, or in another order', async () => {
  const { scene, backup } = await startScene();
  const [first = '', ...rest] = backup.parts;
  const lines = first.split('\n').slice(0, -1);
  const write = (own: readonly string[]) => own.map((line) => `${line}\n`).join('');
  const kinds = [
    write([...lines, JSON.stringify({ kind: 'secret', value: 'x' })]),
    write([lines[0]?.replace('{', '{"more":1,') ?? '', ...lines.slice(1)]),
    write(lines.toReversed()),
    first.slice(0, -1),
    `${first}\n`,
    `${JSON.stringify({ kind: 'distrust', sha256: 'ab'.repeat(32), note: 'x'.repeat(1_001), change: { by: '', at: 1 } })}\n`,
    `${JSON.stringify({ kind: 'distrust', sha256: 'ab'.repeat(32), note: '', change: { by: '', at: 9e12 } })}\n`,
  ];
  for (const part of kinds) {
    const { body } = await restoreBackup(scene, await resign(scene, backup, [part, ...rest]));
    expect(body, part.slice(0, 80)).toMatchObject({ status: 409, code: 'backup_refused' });
  }
  const turned = await restoreBackup(scene, await resign(scene, backup, backup.parts.toReversed()));
  expect(turned.body).toMatchObject({ code: 'backup_refused', detail: expect.stringContaining('order') as string });
  await expectNothing(scene);
});

test('a key set that its root key did not sign for this issuer is left out', async () => {
  const { scene, backup } = await startScene();
  const [root, other] = [createKeyPair(), createKeyPair()].map((pair) =>
    createLocalSigner(pkcs8(pair.privateKey), 'root key'),
  );
  if (root === undefined || other === undefined) throw new Error('There are two.');
  const [issuer] = scene.urls;
  const keys = [createLocalSigner(SIGNING_KEY).publicJwk];
  const sign = (by: typeof root, iss = issuer) => signKeySet({ issuer: iss, keys, life: 1, iat: 1, seconds: 10 }, by);
  const own = await sign(root);
  const sets = [
    [root.kid, own],
    [other.kid, own],
    ['A'.repeat(43), 'x.y.z'],
    [other.kid, await sign(other, 'https://other.example')],
  ].map(([name, token]) => ({ kind: 'keyset', root: name, token, since: {}, change: { by: 'x', at: 1 } }));
  const [first = '', ...rest] = backup.parts;
  const lines = first.split('\n').slice(0, -1);
  const texts = sets.map((set) => JSON.stringify(set));
  const offers = lines.findIndex((line) => line.startsWith('{"kind":"offer"'));
  const parts = [[...lines.slice(0, offers), ...texts], lines.slice(offers)].map((part) =>
    part.map((line) => `${line}\n`).join(''),
  );
  expect((await restoreBackup(scene, await resign(scene, backup, [...parts, ...rest]))).body).toMatchObject({
    done: true,
  });
  expect((await scene.store.listKeySets()).map(({ value }) => value.token)).toEqual([own]);
});

test('a store that has later changes is left alone, and the dry run says which blocks and distrusts are younger', async () => {
  const scene = await createScene();
  const backup = await readBackup(scene);
  ahead = MINUTE;
  await scene.operate('POST /trust/distrusts', { as: 'Admin', body: { sha256: 'cd'.repeat(32), note: '' } });
  const staged = await stageBackup(scene, backup);
  const restore = String(staged.body['restore']);
  const tried = await takeStep(scene, { step: 'apply', restore, index: 0 }, {}, '?dryRun=true');
  expect(tried.body['effect']).toMatchObject({
    refused: expect.stringContaining(`distrust ${'cd'.repeat(32)}`) as string,
    younger: [{ kind: 'distrust', key: 'cd'.repeat(32) }],
  });
  expect((await applyAll(scene, restore)).body).toMatchObject({ status: 409, code: 'store_newer' });
  expect(await scene.store.readRestoreMark()).toBeNull();
});

test('a restore never takes away a distrust, a block, a key change or a use of a code', async () => {
  const scene = await createScene();
  const { body } = await scene.boot('fleet-1');
  const vmId = String(readPayload(String(body['licence']))['sub']).slice('urn:azure:vm:'.length);
  const backup = await readBackup(scene);
  // Written by nobody's request: the log of changes does not have it.
  const change = { by: 'test', at: scene.now() };
  await scene.store.writeTrust({ kind: 'distrust', sha256: 'ef'.repeat(32), note: '' }, null, change);
  const pool = { kind: 'licence', id: 'http-storm' } as const;
  const row = await scene.store.readActivation(pool, vmId);
  if (row === null) throw new Error('The VM has a row.');
  const keyChanges = [{ from: null, at: 1, until: change.at + MINUTE }];
  const activation = { ...row.value, blocked: true, keyChanges };
  await scene.store.writeSeats(pool, [{ row: 'activation', activation, version: row.version }]);
  const wait = (seconds: number) => (ahead += seconds * 1_000);
  expect((await restoreBackup(scene, backup, { wait })).body).toMatchObject({ done: true });
  expect(await scene.store.listTrust()).toHaveLength(1);
  expect((await scene.store.readActivation(pool, vmId))?.value).toMatchObject({ blocked: true, keyChanges });
});

test('into a store that has offers nothing is restored until every instance has read the mark', async () => {
  const scene = await createScene({ instances: [{}, {}] });
  const backup = await readBackup(scene);
  const staged = await stageBackup(scene, backup);
  const step = { step: 'apply', restore: staged.body['restore'] };
  expect((await takeStep(scene, step)).body).toMatchObject({ applied: 0, done: false, waitSeconds: 31 });
  ahead += 20_000;
  const { waitSeconds, applied } = (await takeStep(scene, step, { instance: 1 })).body;
  expect([applied, Number(waitSeconds) > 0]).toEqual([0, true]);
  ahead += 11_000;
  expect((await takeStep(scene, step)).body).toMatchObject({ applied: 1, waitSeconds: 0 });
});

test('of two backups that are restored at once, one waits until the other is finished', async () => {
  const { scene, backup } = await startScene();
  const other = await resign(scene, backup, backup.parts.slice(0, -1));
  const [one, two] = [await stageBackup(scene, backup), await stageBackup(scene, other)];
  const [mine, theirs] = [String(one.body['restore']), String(two.body['restore'])];
  await takeStep(scene, { step: 'apply', restore: mine });
  expect((await takeStep(scene, { step: 'apply', restore: theirs })).body).toMatchObject({ status: 409, code: 'busy' });
  // The same one twice at once: each step may be refused for the other's sake, and the end is the same.
  await Promise.all([applyAll(scene, mine), applyAll(scene, mine)]);
  expect((await applyAll(scene, mine)).body).toMatchObject({ done: true });
  expect(await scene.store.listLicences()).toHaveLength(linesOf(backup, 'licence').length);
});

/** The backup with pins that nobody has signed. */
async function addPins(scene: Scene, backup: Backup, pins: readonly object[]): Promise<Backup> {
  const [first = '', ...rest] = backup.parts;
  const lines = first.split('\n').slice(0, -1);
  const texts = pins.map((pin) => JSON.stringify(pin));
  const parts = [[lines[0], ...texts], lines.slice(1)].map((own) => own.map((line) => `${line}\n`).join(''));
  const unknown = createLocalSigner(pkcs8(createKeyPair().privateKey));
  const signed = await resign(scene, backup, [...parts, ...rest]);
  return { ...signed, statement: await signCompactJws('backup+jws', readPayload(signed.statement), unknown) };
}

const readEntries = async ({ store }: Scene) =>
  (await store.listTrust()).map(({ value }) => `${value.kind} ${value.sha256}`).toSorted();

test('unsigned: with a reason alone, and without the pins that nobody named', async () => {
  const { scene, backup } = await startScene();
  const { root, intermediate } = await createAuthority({ keys: runKeys('other') });
  const pinOf = ({ der }: { readonly der: Uint8Array }, role: string) => ({
    ...{ kind: 'pin', cloud: 'AzurePublicCloud', role, note: '', change: { by: 'x', at: 1 } },
    ...{ sha256: hash('sha256', der), der: Buffer.from(der).toString('base64') },
  });
  const [top, issuing] = [pinOf(root, 'root'), pinOf(intermediate, 'intermediate')];
  const pins = (...named: { readonly sha256: string }[]) => ({
    unsigned: { pins: named.map(({ sha256 }) => sha256) },
  });
  const reason = 'the key is lost';
  const forged = await addPins(scene, backup, [top, issuing]);
  const refused = { status: 400, code: 'request_malformed' };
  expect((await restoreBackup(scene, forged, { begin: pins(top) })).body).toMatchObject(refused);
  const staged = await stageBackup(scene, forged, { begin: pins(top), reason });
  const restore = String(staged.body['restore']);
  expect((await takeStep(scene, { step: 'apply', restore })).body).toMatchObject(refused);
  const { body } = await restoreBackup(scene, forged, { begin: pins(top), reason });
  expect(body).toMatchObject({ done: true, signedBy: null });
  const distrust = `distrust ${'ab'.repeat(32)}`;
  expect(await readEntries(scene)).toEqual([distrust, `pin ${top.sha256}`]);

  // Once more, with the other pin too: it is another restore of the same file.
  const wait = (seconds: number) => (ahead += seconds * 1_000);
  await restoreBackup(scene, forged, { begin: pins(top, issuing), reason, wait });
  expect(await readEntries(scene)).toEqual(
    [distrust, ...[top, issuing].map(({ sha256 }) => `pin ${sha256}`)].toSorted(),
  );
});

test('unsigned: a pin that is named must be what the file says of it', async () => {
  const { scene, backup } = await startScene();
  const { root } = await createAuthority({ keys: runKeys('other') });
  const pin = {
    ...{ kind: 'pin', cloud: 'AzurePublicCloud', role: 'root', note: '', change: { by: 'x', at: 1 } },
    ...{ sha256: hash('sha256', root.der), der: Buffer.from(root.der).toString('base64') },
  };
  const lies = [{ role: 'intermediate' }, { cloud: 'elsewhere' }, { der: 'AAAA' }, { sha256: '22'.repeat(32) }];
  for (const lie of lies) {
    const told = { ...pin, ...lie };
    const options = { begin: { unsigned: { pins: [told.sha256] } }, reason: 'the key is lost' };
    const staged = await stageBackup(scene, await addPins(scene, backup, [told]), options);
    const step = { step: 'apply', restore: String(staged.body['restore']), index: 0 };
    const { body } = await takeStep(scene, step, {}, '?dryRun=true');
    expect(body, Object.keys(lie).join()).toMatchObject({ status: 409, code: 'backup_refused' });
  }
  await expectNothing(scene);
});

test('a restore that was cut short goes on, though somebody has changed something since', async () => {
  const { scene, backup } = await startScene();
  const staged = await stageBackup(scene, backup);
  const restore = String(staged.body['restore']);
  await takeStep(scene, { step: 'apply', restore });
  await takeStep(scene, { step: 'apply', restore });
  ahead += MINUTE;
  await scene.operate('POST /trust/distrusts', { as: 'Admin', body: { sha256: 'cd'.repeat(32), note: '' } });
  expect((await scene.operate('POST /restore/confirm', { as: 'Admin' })).body).toMatchObject({ code: 'busy' });
  const again = await stageBackup(scene, backup);
  const tried = await takeStep(scene, { step: 'apply', restore, index: 0 }, {}, '?dryRun=true');
  expect(tried.body['effect']).toMatchObject({ refused: null });
  expect(again.body).toMatchObject({ applied: 1 });
  expect((await applyAll(scene, restore)).body).toMatchObject({ done: true });
});

test('what was changed while the backup ran is no reason to refuse it', async () => {
  const scene = await createScene({ catalogue: CATALOGUE });
  let changes = 0;
  const backup = await readBackup(scene, async () => {
    ahead += MINUTE;
    changes += 1;
    const body = { sha256: `${changes}`.padStart(64, '0'), note: '' };
    await scene.operate('POST /trust/distrusts', { as: 'Admin', body });
  });
  expect(changes).toBeGreaterThan(0);
  const wait = (seconds: number) => (ahead += seconds * 1_000);
  expect((await restoreBackup(scene, backup, { wait })).body).toMatchObject({ done: true });
});

test('the same backup is restored once more where something was lost after the first time', async () => {
  const { scene, backup } = await startScene();
  expect((await restoreBackup(scene, backup)).body).toMatchObject({ done: true });
  for (const { value, version } of await scene.store.listLicences()) await scene.store.deleteLicence(value.id, version);
  const wait = (seconds: number) => (ahead += seconds * 1_000);
  const licences = linesOf(backup, 'licence').length;
  expect((await restoreBackup(scene, backup, { wait })).body).toMatchObject({ done: true });
  expect(await scene.store.listLicences()).toHaveLength(licences);

  // The tables of parts alone were left.
  await emptyStore(scene, ['restores']);
  expect((await restoreBackup(scene, backup, { wait })).body).toMatchObject({ done: true });
  expect(await scene.store.listLicences()).toHaveLength(licences);
});

test('a restore that cannot be finished is replaced by another one, with a reason', async () => {
  const { scene, backup } = await startScene();
  const lost = await resign(scene, backup, backup.parts.slice(0, -1));
  const restore = String((await stageBackup(scene, lost)).body['restore']);
  await takeStep(scene, { step: 'apply', restore });
  expect((await restoreBackup(scene, backup)).body).toMatchObject({ status: 409, code: 'busy' });
  const { body } = await restoreBackup(scene, backup, { reason: 'the other file is lost' });
  expect(body).toMatchObject({ done: true });
  const gone = await takeStep(scene, { step: 'apply', restore }, { reason: 'on' });
  expect(gone.body).toMatchObject({ status: 404, code: 'not_found' });
});

test('only an Admin restores, and confirms', async () => {
  const scene = await createScene();
  for (const as of ['Reader', 'Operator'] as const) {
    for (const request of ['POST /restore', 'POST /restore/confirm'] as const) {
      const { body } = await scene.operate(request, { as, ...(request === 'POST /restore' && { body: {} }) });
      expect(body).toMatchObject({ status: 403, code: 'role_missing' });
    }
  }
  const { body } = await scene.operate('POST /restore/confirm', { as: 'Admin' });
  expect(body).toMatchObject({ status: 404, code: 'not_found' });
});
