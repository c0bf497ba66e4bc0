import { beforeEach, expect, test } from 'vitest';

import { chainAll, digestPart } from '../../../src/backup/parts.ts';
import { judgeStatement } from '../../../src/backup/statement.ts';
import { createLocalSigner } from '../../../src/tokens/localSigner.ts';
import { SIGNING_KEY } from '../../app/settings.ts';
import { readPayload } from '../../endToEnd/protocolClient.ts';
import { linesOf, readBackup } from '../../support/backups.ts';
import { useScenes } from '../../support/serviceScene.ts';

/** What a backup has, and who may have it. Restoring it is in test/app/restoreDrill.test.ts. */

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const DISTRUSTED = 'ab'.repeat(32);

test('a backup has what is sold, what is blocked and distrusted, sums of hours, public keys and the changes', async () => {
  const scene = await createScene();
  const { body } = await scene.boot('fleet-1');
  const vmId = String(readPayload(String(body['licence']))['sub']).slice('urn:azure:vm:'.length);
  ahead = 25 * HOUR;
  await scene.boot('fleet-1');
  ahead += HOUR;
  await scene.operate('POST /blocks', { body: { licence: 'http-storm', vmId } });
  await scene.operate('POST /trust/distrusts', { as: 'Admin', body: { sha256: DISTRUSTED, note: 'stolen' } });
  const backup = await readBackup(scene);
  expect(linesOf(backup, 'distrust')).toMatchObject([{ sha256: DISTRUSTED, note: 'stolen' }]);
  expect(linesOf(backup, 'vm')).toMatchObject([{ pool: 'licence:http-storm', vmId, blocked: true }]);
  expect(linesOf(backup, 'offer')).toHaveLength((await scene.store.listOffers()).length);
  expect(linesOf(backup, 'licence')).toHaveLength((await scene.store.listLicences()).length);
  expect(linesOf(backup, 'holding').length).toBeGreaterThan(0);
  expect(linesOf(backup, 'key')).toHaveLength(1);
  expect(linesOf(backup, 'change').map(({ about }) => about)).toEqual(expect.arrayContaining(['block', 'distrust']));
  const sums = linesOf(backup, 'hours');
  expect(sums.length).toBeGreaterThan(0);
  expect(JSON.stringify(sums)).not.toContain(vmId);
  expect(backup.last).toMatchObject({ changed: [], changedInAll: 0 });
});

test('the statement is over the digests of all parts, and by the signing key', async () => {
  const scene = await createScene();
  const { statement, parts, digests } = await readBackup(scene);
  expect(parts.map(digestPart)).toEqual(digests);
  const issuer = scene.urls[0];
  const { publicJwk } = createLocalSigner(SIGNING_KEY);
  expect(judgeStatement(statement, { issuer, keys: [publicJwk] })).toMatchObject({
    ok: true,
    statement: { iss: issuer, parts: parts.length, digest: chainAll(digests) },
  });
});

/** A catalogue that takes several parts. */
function manyLicences(count: number): string {
  const offer = 'contoso/gateway/standard';
  const licences = Array.from({ length: count }, (_, index) => ({
    ...{ id: `customer-${`${index}`.padStart(4, '0')}`, cloud: 'AzurePublicCloud', offer, seats: 5 },
    subscription: `00000000-0000-4000-8000-${`${index}`.padStart(12, '0')}`,
    note: 'x'.repeat(1_000),
  }));
  return JSON.stringify({ offers: [{ offer, mode: 'licensed' }], licences });
}

test('in several parts nothing is missing and nothing twice, though a licence is granted and one deleted meanwhile', async () => {
  const scene = await createScene({ catalogue: manyLicences(300) });
  let count = 0;
  const backup = await readBackup(scene, async () => {
    count += 1;
    if (count > 1) return;
    await scene.operate('DELETE /licences/customer-0000');
    const licence = { id: 'a-first', offer: 'contoso/gateway/standard', cloud: 'AzurePublicCloud', seats: 1 };
    const subscription = '11111111-0000-4000-8000-000000000001';
    const { status } = await scene.operate('PUT /licences/a-first', { body: { ...licence, subscription } });
    expect(status).toBe(201);
  });
  expect(backup.parts.length).toBeGreaterThan(2);
  for (const part of backup.parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(200 * 1024);
  const ids = linesOf(backup, 'licence').map(({ licence }) => licence.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(
    expect.arrayContaining(Array.from({ length: 299 }, (_, index) => `customer-${`${index + 1}`.padStart(4, '0')}`)),
  );
  expect(backup.last.changedInAll).toBe(2);
  expect(backup.last.changed).toMatchObject([{ key: 'customer-0000' }, { key: 'a-first' }]);
});

test('only an Admin gets a backup', async () => {
  const scene = await createScene();
  for (const as of ['Reader', 'Operator'] as const) {
    expect((await scene.operate('GET /backup', { as })).body).toMatchObject({ status: 403, code: 'role_missing' });
  }
});

test('a continuation is taken as it was given, on every instance, for a day, and never from elsewhere', async () => {
  const options = { catalogue: manyLicences(200) };
  const scene = await createScene({ ...options, instances: [{}, {}] });
  const other = await createScene(options);
  const { body } = await scene.operate('GET /backup', { as: 'Admin' });
  const continuation = String(body['continuation']);
  const ask = (text: string, instance = 1) =>
    scene.operate(`GET /backup?continuation=${text}`, { as: 'Admin', instance });
  expect((await ask(continuation)).status).toBe(200);
  const [place = '', mac = ''] = continuation.split('.');
  const read = JSON.parse(Buffer.from(place, 'base64url').toString()) as { digest: string };
  const forged = Buffer.from(JSON.stringify({ ...read, digest: digestPart('other') })).toString('base64url');
  const flipped = `${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`;
  const foreign = String((await other.operate('GET /backup', { as: 'Admin' })).body['continuation']);
  for (const text of [`${forged}.${mac}`, `${place}.${flipped}`, place, `${place}.`, foreign, `${continuation}.x`]) {
    expect((await ask(text)).body, text).toMatchObject({ status: 400, code: 'request_malformed' });
  }
  ahead = DAY + HOUR;
  expect((await ask(continuation)).body).toMatchObject({ status: 400, code: 'request_malformed' });
});
