import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { startEmulator } from '../../../src/emulator/server/startEmulator.ts';
import type { StartedEmulator } from '../../../src/emulator/server/startEmulator.ts';
import { DEMO_CATALOGUE } from '../../../src/dev/stack.ts';
import { writePem } from '../../../src/trust/pem.ts';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../useStack.ts';
import { runKeys } from '../../support/runKeys.ts';

/** Of the article's VMs, as the demonstration has them. */
const stack = useStack({ catalogueFile: DEMO_CATALOGUE });

/** The cloud under a CA that nobody has pinned: what a change of Azure's CAs looks like. */
let moved: StartedEmulator;

beforeAll(async () => {
  const names = { root: 'New Root', secondRoot: 'New Second Root', intermediate: 'New Issuing CA' };
  moved = await startEmulator({
    port: 0,
    authority: await createAuthority({ names, keys: runKeys('other') }),
    rateLimit: Infinity,
  });
});
afterAll(() => moved.close());

async function bootCode(imdsUrl: string): Promise<unknown> {
  const { serviceUrl } = stack();
  const answer = await boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: 'fleet-1', key: bootKey });
  return answer.status === 200 ? 'licensed' : answer.body['code'];
}

const bootKey = createKey();

const addPin = (der: Uint8Array, newAnchor: boolean) =>
  operate(stack(), 'POST /trust/pins', {
    as: 'Admin',
    body: { cloud: 'emulator', certificate: writePem(der), newAnchor, note: 'seen in the announcement' },
  });

test('an unknown issuer is seen, pinned by an administrator, and its documents earn licences', async () => {
  expect(await bootCode(moved.url)).toBe('issuer_unknown');
  const { body: seen } = await operate(stack(), 'GET /trust/issuers', { as: 'Reader' });
  expect((seen['items'] as { name: string }[]).map(({ name }) => name).join()).toContain('New Issuing CA');
  const { root, intermediate } = moved.authority;
  const early = await addPin(intermediate.der, false);
  expect([early.status, early.body['code']]).toEqual([400, 'request_malformed']);
  expect((await addPin(root.der, false)).status).toBe(400);
  const pinned = await addPin(root.der, true);
  expect(pinned.body).toMatchObject({ role: 'root', name: 'New Root', note: 'seen in the announcement' });
  expect(await bootCode(moved.url)).toBe('issuer_unknown');
  expect((await addPin(intermediate.der, false)).body).toMatchObject({ role: 'intermediate' });
  expect(await bootCode(moved.url)).toBe('licensed');
});

test('the same pin again is success, with another note it is refused', async () => {
  const { root } = moved.authority;
  expect((await addPin(root.der, true)).status).toBe(200);
  const body = { cloud: 'emulator', certificate: writePem(root.der), newAnchor: true, note: 'other' };
  const other = await operate(stack(), 'POST /trust/pins', { as: 'Admin', body });
  expect([other.status, other.body['code']]).toEqual([409, 'name_taken']);
});

test('a distrusted CA refuses what it licensed a moment ago, until the distrust is taken back', async () => {
  expect(await bootCode(moved.url)).toBe('licensed');
  const { sha256 } = parseCertificate(moved.authority.intermediate.der);
  const spelled = sha256.toUpperCase().match(/../g)?.join(':');
  const distrust = (note: string) =>
    operate(stack(), 'POST /trust/distrusts', { as: 'Admin', body: { sha256: spelled, note } });
  const added = await distrust('stolen');
  expect(added.body).toMatchObject({ sha256, note: 'stolen' });
  const again = await distrust('stolen');
  expect([added.status, again.status, again.body]).toEqual([201, 200, added.body]);
  expect((await distrust('lost')).body['code']).toBe('name_taken');
  expect(await bootCode(moved.url)).toBe('certificate_distrusted');
  const { body: report } = await operate(stack(), 'GET /trust', { as: 'Reader' });
  expect(report['distrusts']).toEqual([added.body]);
  const emulator = (report['clouds'] as { cloud: string; distrusted: { name: string }[] }[]).find(
    ({ cloud }) => cloud === 'emulator',
  );
  expect(emulator?.distrusted.map(({ name }) => name)).toEqual(['New Issuing CA']);
  const gone = await operate(stack(), `DELETE /trust/distrusts/${sha256}`, { as: 'Admin' });
  expect(gone.body).toEqual({ deleted: true });
  expect(await bootCode(moved.url)).toBe('licensed');
});

test('a dry run tells how many licences were issued under the CA in the last day, whatever names it', async () => {
  // No VM boots under it, so nothing but this is counted.
  const names = { root: 'Quiet Root', intermediate: 'Quiet Issuing CA' };
  const { root, intermediate } = await createAuthority({ names, keys: runKeys('pki') });
  for (const { der } of [root, intermediate]) expect((await addPin(der, der === root.der)).status).toBe(201);
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  const issue = (hoursAgo: number, { issuer = names.intermediate, cloud = 'emulator' } = {}) => {
    store.countIssue({ cloud, issuer, at: Date.now() - hoursAgo * 3_600_000 });
  };
  for (const hoursAgo of [0, 0, 1, 23, 26]) issue(hoursAgo);
  issue(1, { cloud: 'AzureChinaCloud' });
  issue(1, { issuer: 'Countersign Emulator Issuing CA 01' });
  await store.writeIssues();
  const [ca, anchor] = [parseCertificate(intermediate.der), parseCertificate(root.der)];
  const tell = async (request: string, body?: object) => {
    const answer = await operate(stack(), `${request}?dryRun=true`, { as: 'Admin', body });
    return (answer.body['effect'] as { issues: unknown }).issues;
  };
  const since = expect.stringMatching(/T\d\d:00:00Z$/) as string;
  const digests = [ca.sha256, ca.spkiSha256, anchor.sha256, anchor.spkiSha256];
  const answers = await Promise.all([
    ...digests.map((sha256) => tell('POST /trust/distrusts', { sha256 })),
    ...[ca.sha256, anchor.sha256].map((sha256) => tell(`DELETE /trust/pins/emulator/${sha256}`)),
  ]);
  expect(answers).toEqual(answers.map(() => ({ last24h: 4, since })));
  expect(await tell('POST /trust/distrusts', { sha256: 'ab'.repeat(32) })).toEqual({ last24h: null, since });
});

test('a pin that is taken back leaves nothing trusted behind', async () => {
  const { sha256 } = parseCertificate(moved.authority.intermediate.der);
  const path = `/trust/pins/emulator/${sha256}`;
  const stale = await operate(stack(), `DELETE ${path}`, { as: 'Admin', headers: { 'If-Match': '"eA"' } });
  expect([stale.status, stale.body['code']]).toEqual([412, 'changed_meanwhile']);
  expect((await operate(stack(), `DELETE ${path}`, { as: 'Admin' })).status).toBe(200);
  expect((await operate(stack(), `DELETE ${path}`, { as: 'Admin' })).body['code']).toBe('not_found');
  expect(await bootCode(moved.url)).toBe('issuer_unknown');
});

test('the report names every cloud with its verdict, and the pin set that discovery names', async () => {
  const { body } = await operate(stack(), 'GET /trust', { as: 'Reader' });
  const clouds = body['clouds'] as { cloud: string; accepted: boolean; verdict: string; path: string[] }[];
  expect(clouds.filter(({ accepted }) => accepted).map(({ cloud, verdict }) => [cloud, verdict])).toEqual([
    ['emulator', expect.stringMatching(/ok|degraded/)],
  ]);
  expect(clouds.map(({ cloud }) => cloud)).toEqual(expect.arrayContaining(['AzurePublicCloud', 'AzureChinaCloud']));
  const discovery = (await (await fetch(`${stack().serviceUrl}/.well-known/countersign`)).json()) as {
    pinSetVersion: string;
  };
  expect(body['version']).toBe(discovery.pinSetVersion);
});

test.each(['Reader', 'Operator'] as const)('a %s pins and distrusts nothing', async (as) => {
  const bodies = {
    'POST /trust/pins': { cloud: 'emulator', certificate: writePem(moved.authority.root.der), newAnchor: true },
    'POST /trust/distrusts': { sha256: 'ab'.repeat(32) },
    [`DELETE /trust/distrusts/${'ab'.repeat(32)}`]: undefined,
  };
  for (const [request, body] of Object.entries(bodies)) {
    expect((await operate(stack(), request, { as, body })).body['code']).toBe('role_missing');
  }
});

test.each([
  ['POST /trust/distrusts', { sha256: 'ab' }],
  ['POST /trust/pins', { cloud: 'AzureMarsCloud', certificate: 'x' }],
  ['POST /trust/pins', { cloud: 'emulator', certificate: 'x' }],
  ['POST /trust/pins', { cloud: 'emulator', certificate: 'x', force: true }],
])('%s %j is refused', async (request, body) => {
  expect((await operate(stack(), request, { as: 'Admin', body })).body['code']).toBe('request_malformed');
});
