import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { REAL_ADAPTERS } from '../../src/client/adapters/real.ts';
import {
  checkLicence,
  createLicenceClient,
  createOfflineRequest,
  importOfflineLicence,
} from '../../src/client/index.ts';
import type { Answer, ClientOptions, ImportedLicence } from '../../src/client/index.ts';
import { createLocalRoot } from '../../src/tokens/rootKey.ts';
import { DeviceKeys } from '../client/support/deviceKeys.ts';
import { readPayload } from '../endToEnd/protocolClient.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import { ROOT_KEY } from './settings.ts';

/** The shipped client on a VM without a way out, with the real service elsewhere: people carry files between them. */

const DAY = 86_400_000;
let ahead = 0;
/** How often the VM tried to reach the service. */
let tries = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
  tries = 0;
});

const ROOT = createLocalRoot(ROOT_KEY).kid;
const PRODUCT = 'contoso/gateway';
const CATALOGUE = JSON.stringify({
  offers: [{ offer: `${PRODUCT}/standard`, mode: 'licensed', offline: true, offlineLifetime: 'P14D' }],
  licences: [
    {
      ...{ id: 'customer', cloud: 'emulator', subscription: 'aaaaaaaa-0000-4000-8000-000000000001' },
      ...{ offer: `${PRODUCT}/standard`, seats: 5 },
    },
  ],
});

const startScene = () => createScene({ catalogue: CATALOGUE, settings: { ROOT_KEY } });

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-offline-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

const noWayOut = () => {
  tries += 1;
  return Promise.reject(Object.assign(new Error('no way'), { code: 'ENETUNREACH' }));
};

/** Of a VM that cannot reach the service. */
function optionsOf({ urls, imdsUrl, now }: Scene, folder: string, vm = 'licensed'): ClientOptions {
  return {
    ...{ issuer: urls[0], product: PRODUCT, folder, once: true, imdsUrl: `${imdsUrl}/vms/${vm}` },
    trust: { rootKeys: ['A'.repeat(43), ROOT] },
    adapters: { clocks: { ...REAL_ADAPTERS.clocks, now }, fetch: noWayOut },
  };
}

/** The same VM with a way out. */
const online = ({ adapters, ...options }: ClientOptions): ClientOptions => ({
  ...options,
  adapters: { ...adapters, fetch: REAL_ADAPTERS.fetch },
});

async function writeRequest(options: ClientOptions): Promise<string> {
  const written = await createOfflineRequest(options);
  if (!written.written) throw new Error(`${written.code}: ${written.reason}`);
  return JSON.stringify(written.request);
}

/** What an operator does with a request: the file that goes back. */
async function activate(scene: Scene, request: string): Promise<string> {
  const { status, text, body } = await scene.operate('POST /offline-activations', { body: request });
  if (status !== 200) throw new Error(String(body['code']));
  return text;
}

const codeOf = (one: ImportedLicence) => (one.imported ? 'imported' : one.code);
const stateOf = ({ state, code }: Answer) => [state, code];

test('a VM that never reaches the service: licensed, then due, then in grace, then not', async () => {
  const scene = await startScene();
  const options = optionsOf(scene, createFolder());
  const file = await activate(scene, await writeRequest({ ...options, label: 'Line 3', client: 'gateway/2.1' }));
  ahead = DAY;
  const imported = await importOfflineLicence(options, file);
  expect(imported).toMatchObject({ imported: true, licence: { id: 'customer', plan: { name: 'standard' } } });
  expect(await checkLicence(options)).toMatchObject({ state: 'licensed', licence: { id: 'customer' } });
  ahead = 6 * DAY;
  expect(stateOf(await checkLicence(options))).toEqual(['licensed', undefined]);
  expect(tries).toBe(0);
  ahead = 8 * DAY;
  expect(stateOf(await checkLicence(options))).toEqual(['licensed', 'service_unreachable']);
  ahead = 15 * DAY;
  expect(stateOf(await checkLicence(options))).toEqual(['grace', 'service_unreachable']);
  ahead = 22 * DAY;
  expect(stateOf(await checkLicence(options))).toEqual(['unreachable', 'service_unreachable']);
  // The next trip.
  const next = await activate(scene, await writeRequest(options));
  expect(codeOf(await importOfflineLicence(options, next))).toBe('imported');
  expect(stateOf(await checkLicence(options))).toEqual(['licensed', undefined]);
  const { body } = await scene.operate('GET /activations?licence=customer');
  expect(body['items']).toMatchObject([{ seat: 0, keyChanges: [], label: null }]);
});

test('a way out that comes later: the licence is renewed, and no older file replaces it', async () => {
  const scene = await startScene();
  const options = optionsOf(scene, createFolder());
  const first = await activate(scene, await writeRequest(options));
  ahead = DAY;
  const second = await activate(scene, await writeRequest(options));
  expect(codeOf(await importOfflineLicence(options, second))).toBe('imported');
  expect(codeOf(await importOfflineLicence(options, first))).toBe('file_outdated');
  expect(codeOf(await importOfflineLicence(options, second))).toBe('imported');
  ahead = 9 * DAY;
  const renewed = await checkLicence(online(options));
  expect(renewed.state).toBe('licensed');
  const { iat, exp } = readPayload(renewed.licence?.token ?? '') as { readonly iat: number; readonly exp: number };
  expect(exp - iat).toBe(86_400);
  expect(codeOf(await importOfflineLicence(options, second))).toBe('file_outdated');
  expect((await checkLicence(options)).licence?.token).toBe(renewed.licence?.token);
});

test('a file is of no use on another VM, nor without the key of the request', async () => {
  const scene = await startScene();
  const folder = createFolder();
  const options = optionsOf(scene, folder);
  const file = await activate(scene, await writeRequest(options));
  const copied = createFolder();
  cpSync(folder, copied, { recursive: true });
  expect(codeOf(await importOfflineLicence(optionsOf(scene, copied, 'second'), file))).toBe('licence_foreign');
  const empty = optionsOf(scene, createFolder());
  expect(codeOf(await importOfflineLicence(empty, file))).toBe('licence_foreign');
  await writeRequest(empty);
  expect(codeOf(await importOfflineLicence(empty, file))).toBe('licence_foreign');
  expect(stateOf(await checkLicence(empty))).toEqual(['unreachable', 'service_unreachable']);
  expect(codeOf(await importOfflineLicence({ ...options, product: 'contoso/router' }, file))).toBe('product_mismatch');
  expect(codeOf(await importOfflineLicence({ ...options, issuer: 'http://127.0.0.1:1' }, file))).toBe(
    'key_set_untrusted',
  );
  expect(codeOf(await importOfflineLicence(options, file))).toBe('imported');
});

test('the key may lie in a device: by file, renewed, by file again, released, and never on the disk', async () => {
  const scene = await startScene();
  const [folder, keyStore] = [createFolder(), new DeviceKeys()];
  const plain = optionsOf(scene, folder);
  const options: ClientOptions = { ...plain, adapters: { ...plain.adapters, keyStore } };
  const file = await activate(scene, await writeRequest(options));
  expect(codeOf(await importOfflineLicence(plain, file))).toBe('licence_foreign');
  expect(codeOf(await importOfflineLicence(options, file))).toBe('imported');
  expect(stateOf(await checkLicence(options))).toEqual(['licensed', undefined]);
  ahead = 9 * DAY;
  const renewed = await checkLicence(online(options));
  expect(stateOf(renewed)).toEqual(['licensed', undefined]);
  ahead = 10 * DAY;
  const next = await activate(scene, await writeRequest(options));
  expect(codeOf(await importOfflineLicence(options, next))).toBe('imported');
  expect(await createLicenceClient(online(options)).release()).toMatchObject({ released: true });
  const { body } = await scene.operate('GET /activations?licence=customer');
  expect(body['items']).toMatchObject([{ keyChanges: [] }]);
  expect(readdirSync(folder, { recursive: true }).map(String)).not.toContainEqual(expect.stringMatching(/key\.jwk$/));
});

test('a changed file is not believed', async () => {
  const scene = await startScene();
  const options = optionsOf(scene, createFolder());
  const file = await activate(scene, await writeRequest(options));
  const { licence, keySet } = JSON.parse(file) as { readonly licence: string; readonly keySet: string };
  const lengthen = (token: string) => {
    const [header = '', , signature = ''] = token.split('.');
    const claims = { ...readPayload(token), exp: 4_102_444_800 };
    return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
  };
  for (const [changed, code] of [
    [{ licence: lengthen(licence), keySet }, 'licence_signature_invalid'],
    [{ licence, keySet: lengthen(keySet) }, 'key_set_untrusted'],
    [{ licence: keySet, keySet }, 'licence_malformed'],
    [{ licence }, 'file_unusable'],
  ] as const) {
    expect(codeOf(await importOfflineLicence(options, JSON.stringify(changed)))).toBe(code);
  }
  expect(codeOf(await importOfflineLicence(options, new Uint8Array([0xff, 0x00])))).toBe('file_unusable');
  const otherRoot: ClientOptions = { ...options, trust: { rootKeys: ['A'.repeat(43)] } };
  expect(codeOf(await importOfflineLicence(otherRoot, file))).toBe('key_set_untrusted');
  const windows = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(file, 'utf16le')]);
  expect(codeOf(await importOfflineLicence(options, windows))).toBe('imported');
  expect(codeOf(await importOfflineLicence({ ...options, trust: 'first-use' }, file))).toBe('imported');
});

test('a file that comes too late is told to be so', async () => {
  const scene = await startScene();
  const options = optionsOf(scene, createFolder());
  const file = await activate(scene, await writeRequest(options));
  ahead = 15 * DAY;
  expect(codeOf(await importOfflineLicence(options, file))).toBe('file_outdated');
  ahead = 31 * DAY;
  expect(codeOf(await importOfflineLicence(options, file))).toBe('key_set_ended');
});

test('a denied VM is licensed again by a later file alone', async () => {
  const scene = await startScene();
  const options = optionsOf(scene, createFolder());
  const earlier = await activate(scene, await writeRequest(options));
  const setStatus = async (status: string) => {
    const { body } = await scene.operate('GET /licences/customer');
    const headers = { 'If-Match': String(body['etag']) };
    const changed = { ...(body['licence'] as object), status };
    expect((await scene.operate('PUT /licences/customer', { body: changed, headers })).status).toBe(200);
  };
  ahead = DAY;
  await setStatus('suspended');
  expect(stateOf(await checkLicence(online(options)))).toEqual(['denied', 'licence_suspended']);
  expect(codeOf(await importOfflineLicence(options, earlier))).toBe('file_outdated');
  ahead = 2 * DAY;
  await setStatus('active');
  const later = await activate(scene, await writeRequest(options));
  expect(codeOf(await importOfflineLicence(options, later))).toBe('imported');
  expect(stateOf(await checkLicence(options))).toEqual(['licensed', undefined]);
});

test('a request says what the options and the user data say, and holds no secret', async () => {
  const scene = await startScene();
  const folder = createFolder();
  const offer = `${PRODUCT}/standard`;
  const events: unknown[] = [];
  const options: ClientOptions = {
    ...optionsOf(scene, folder, 'claiming'),
    offer,
    label: 'Line 3',
    progress: (event) => events.push(event),
  };
  const text = await writeRequest(options);
  const request = JSON.parse(text) as Record<string, unknown>;
  expect(request).toMatchObject({ offer, label: 'Line 3', rootKeys: ['A'.repeat(43), ROOT] });
  expect(request['claim']).toMatch(/^K7D2X-/);
  const [, vmId = ''] = /"vmId":"([^"]+)"/.exec(JSON.stringify(events)) ?? [];
  const key = JSON.parse(readFileSync(join(folder, vmId, 'key.jwk'), 'utf8')) as { readonly d: string };
  expect(text).not.toContain(key.d);
  expect(JSON.stringify(events)).not.toContain(String(request['proof']));
});

test('without IMDS there is neither a request nor an import, and wrong options are told', async () => {
  const scene = await startScene();
  const options = optionsOf(scene, createFolder());
  const gone = { ...options, imdsUrl: 'http://127.0.0.1:1' };
  const [request, imported] = [
    await createOfflineRequest(gone),
    await importOfflineLicence(gone, '{"licence":"a","keySet":"b"}'),
  ];
  for (const answer of [request, imported])
    expect(answer).toMatchObject({ code: expect.stringMatching(/^(not_in_azure|imds_not_answering)$/) as string });
  expect(await createOfflineRequest({ ...options, product: 'x' })).toMatchObject({
    written: false,
    code: 'options_invalid',
  });
  expect(await createOfflineRequest({ ...options, label: '\n' })).toMatchObject({
    written: false,
    code: 'options_invalid',
  });
});
