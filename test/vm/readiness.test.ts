import { generateKeyPairSync } from 'node:crypto';
import { TableClient } from '@azure/data-tables';
import { expect, test } from 'vitest';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { useAzurite } from '../support/azurite.ts';
import type { TestTables } from '../support/azurite.ts';
import { bodyOf, createRequest } from '../app/edgeRequest.ts';
import { AT, STORE_DOWN, fillStore, settingsOf, useInstances } from '../app/instance.ts';
import type { Instance } from '../app/instance.ts';

const tables = useAzurite();
const createInstance = useInstances();
const YEAR = 365 * 24 * 60 * 60 * 1000;

type Probes = Readonly<Record<string, { readonly state: string; readonly detail: string }>>;

async function read({ service, log }: Instance) {
  const reply = await service.readReadiness(createRequest({ path: '/readyz', log }));
  const { state, probedAt, probes } = bodyOf(reply) as { state: string; probedAt: string; probes: Probes };
  return { status: reply.status, state, probedAt, probes, headers: reply.headers };
}

async function emptyStore({ connectionString, tablePrefix }: TestTables): Promise<void> {
  const client = TableClient.fromConnectionString(connectionString, `${tablePrefix}offers`, {
    allowInsecureConnection: true,
  });
  for await (const { partitionKey = '', rowKey = '' } of client.listEntities()) {
    await client.deleteEntity(partitionKey, rowKey);
  }
}

test('all is ready: 200, each probe says what it saw, and nobody keeps the answer', async () => {
  const mine = tables();
  await fillStore(mine);
  const { status, state, probedAt, probes, headers } = await read(await createInstance(settingsOf(mine)));
  expect({ status, state, probedAt }).toEqual({ status: 200, state: 'ok', probedAt: '2026-11-23T12:00:00.000Z' });
  expect(Object.keys(probes).sort()).toEqual(['challengeSecret', 'pins', 'root', 'signingKey', 'store']);
  expect(Object.values(probes).map((probe) => probe.state)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  expect(Object.values(probes).every(({ detail }) => detail.length > 5)).toBe(true);
  expect(headers['Cache-Control']).toBe('no-store');
});

test('a store that does not answer is a failure of the store alone, with what to look at', async () => {
  const instance = await createInstance(STORE_DOWN);
  const { status, state, probes } = await read(instance);
  expect([status, state]).toEqual([503, 'failed']);
  expect(probes['store']?.detail).toContain('does not answer');
  const others = Object.entries(probes).filter(([name]) => name !== 'store');
  expect(others.map(([, probe]) => probe.state)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(instance.log).toContainEqual(expect.objectContaining({ level: 'error', event: 'store_probe_failed' }));
  expect(JSON.stringify([instance.log, probes])).not.toContain('c2VjcmV0');
});

test('a root key that is offline needs the store for its key set, and not to be known', async () => {
  const settings = { ...STORE_DOWN, ROOT_KEY: '', ROOT_THUMBPRINTS: 'A'.repeat(43) };
  const instance = await createInstance(settings);
  const { status, probes } = await read(instance);
  expect([status, probes['root']?.state]).toEqual([503, 'failed']);
  expect(probes['root']?.detail).toContain('cannot be read: look at the store');
  expect(instance.log).toContainEqual(expect.objectContaining({ level: 'error', event: 'root_probe_failed' }));
  const discovery = await instance.service.readDiscovery(createRequest({ log: instance.log }));
  expect(bodyOf(discovery)['rootKeys']).toEqual(['A'.repeat(43)]);
  const signed = await instance.service.readSignedKeySet(createRequest({ log: instance.log }));
  expect([signed.status, bodyOf(signed)['code']]).toEqual([503, 'store_unavailable']);
});

test('pins: what operators distrust counts for an instance that was asked for nothing but its readiness', async () => {
  const mine = tables();
  const store = await fillStore(mine);
  const instance = await createInstance(settingsOf(mine));
  const distrust = { kind: 'distrust', sha256: instance.issuerSha256, note: '' } as const;
  await store.writeTrust(distrust, null, { by: 'test', at: AT });
  const { status, probes } = await read(instance);
  expect([status, probes['pins']?.state]).toEqual([503, 'failed']);
  expect(probes['pins']?.detail).toContain('because operators distrust');
  await store.deleteTrust(distrust, null);
  instance.clock.at = AT + 60_000;
  expect((await read(instance)).probes['pins']?.state).toBe('ok');
});

test('a store without an offer is degraded where nothing was decided yet: a first deployment', async () => {
  const mine = tables();
  const { connectionString, tablePrefix } = mine;
  await createTablesStore({ connection: { connectionString }, tablePrefix }).ensureTables();
  const instance = await createInstance(settingsOf(mine));
  const first = await read(instance);
  expect([first.status, first.state, first.probes['store']?.state]).toEqual([200, 'degraded', 'degraded']);
  expect(first.probes['store']?.detail).toContain('holds no offer yet');
  // A VM that came too early was decided about.
  expect((await instance.boot()).reply.status).toBe(403);
  instance.clock.at = AT + 10_000;
  expect((await read(instance)).status).toBe(503);
});

test('a store that was emptied is a failure, seen after ten seconds at the latest, and so is its return', async () => {
  const mine = tables();
  await fillStore(mine);
  const instance = await createInstance(settingsOf(mine));
  expect((await read(instance)).status).toBe(200);
  expect((await instance.boot()).reply.status).toBe(200);
  await emptyStore(mine);
  instance.clock.at = AT + 9_999;
  expect((await read(instance)).status).toBe(200);
  instance.clock.at = AT + 10_000;
  const emptied = await read(instance);
  expect([emptied.status, emptied.probes['store']?.state]).toEqual([503, 'failed']);
  expect(emptied.probes['store']?.detail).toContain('holds no offer');
  await fillStore(mine);
  instance.clock.at = AT + 20_000;
  expect((await read(instance)).status).toBe(200);
});

test('however many ask at once, there is one probe; a clock that is set back makes a new one', async () => {
  const instance = await createInstance(STORE_DOWN);
  await Promise.all(Array.from({ length: 50 }, () => read(instance)));
  const probed = () => instance.log.filter(({ event }) => event === 'store_probe_failed').length;
  expect(probed()).toBe(1);
  instance.clock.at = AT + 5_000;
  expect((await read(instance)).probedAt).toBe('2026-11-23T12:00:00.000Z');
  instance.clock.at = AT - 60_000;
  expect((await read(instance)).probedAt).toBe('2026-11-23T11:59:00.000Z');
  expect(probed()).toBe(2);
});

test('pins: soon to end is degraded and still 200, ended is failed', async () => {
  const mine = tables();
  await fillStore(mine);
  const instance = await createInstance(settingsOf(mine));
  instance.clock.at = AT + 5 * YEAR - 24 * 60 * 60 * 1000;
  const ending = await read(instance);
  expect([ending.status, ending.state, ending.probes['pins']?.state]).toEqual([200, 'degraded', 'degraded']);
  expect(ending.probes['pins']?.detail).toContain('emulator: soon to end: Countersign Emulator Issuing CA 01');
  instance.clock.at = AT + 6 * YEAR;
  const ended = await read(instance);
  expect([ended.status, ended.probes['pins']?.state]).toEqual([503, 'failed']);
  expect(ended.probes['pins']?.detail).toContain('emulator: no complete path today');
});

test('a cloud that is accepted without its certificates fails, and is named', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const instance = await createInstance({
    ...STORE_DOWN,
    ACCEPTED_CLOUDS: 'emulator,AzureGermanCloud',
    SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  const { probes } = await read(instance);
  expect(probes['pins']?.state).toBe('failed');
  expect(probes['pins']?.detail).toContain('AzureGermanCloud: no complete path today');
  expect(probes['pins']?.detail).not.toContain('emulator:');
});
