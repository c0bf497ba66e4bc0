import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import { loadPins } from '../../src/trust/azurePins.ts';
import { readCertificateDirectory } from '../../src/trust/certificateFiles.ts';
import { readNodeRoots } from '../../src/trust/nodeRoots.ts';
import type { PinManifest, PublishedPin } from '../../src/trust/pin.ts';
import { findPinnedCertificates } from '../../src/trust/pinnedCertificates.ts';
import { syncCertificates } from '../../src/trust/syncCertificates.ts';
import type { SyncOptions, SyncedPin } from '../../src/trust/syncCertificates.ts';
import { reportTrust } from '../../src/trust/trustStatus.ts';
import { signerRules } from '../../src/verifier/signerRules.ts';
import { hasShared, sharedPath } from '../support/shared.ts';
import { useTestClock } from '../support/testClock.ts';
import { AT, CLOUD, createPki, dersOf, publishedManifestOf } from './pki.ts';

const clock = useTestClock();

let pki: Authority;
let outDir: string;
let server: Server;
let base: string;
let requests: string[];
let answer: RequestListener;

beforeAll(async () => {
  pki = await createPki();
});

beforeEach(async () => {
  outDir = mkdtempSync(join(tmpdir(), 'countersign-sync-'));
  requests = [];
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(outDir, { recursive: true, force: true });
});

/** The one pin of the root alone, published at these paths of the local server. */
function rootManifest(...paths: string[]): PinManifest<PublishedPin> {
  const manifest = publishedManifestOf(pki, () => paths.map((path) => base + path));
  return { ...manifest, pins: manifest.pins.slice(0, 1) };
}

function sync(options: Partial<SyncOptions> = {}) {
  return syncCertificates({ manifests: [rootManifest('/root.crt')], outDir, at: AT, nodeRoots: [], ...options });
}

async function syncOne(options: Partial<SyncOptions> = {}): Promise<SyncedPin> {
  const [pin] = (await sync(options)).pins;
  if (pin === undefined) throw new Error('no pin');
  return pin;
}

const send = (body: string | Uint8Array, status = 200): RequestListener => {
  return (_, response) => response.writeHead(status).end(body);
};

const redirect = (location: string): RequestListener => {
  return (_, response) => response.writeHead(302, { location }).end();
};

test('certificates are downloaded, kept under their digests, and found there again', async () => {
  const manifests = [publishedManifestOf(pki, ({ sha256 }) => [`${base}/${sha256}.crt`])];
  answer = (request, response) => {
    const found = pki.certificates.find(({ facts }) => request.url === `/${facts.sha256}.crt`);
    response.end(found?.der);
  };
  const told: SyncedPin[] = [];
  const result = await sync({ manifests, progress: (pin) => told.push(pin) });
  expect(result.complete).toBe(true);
  expect(result.pins.map(({ sha256, state }) => [sha256, state])).toEqual(
    pki.certificates.map(({ facts }) => [facts.sha256, 'synced']),
  );
  expect(told.toSorted(byDigest)).toEqual(result.pins.toSorted(byDigest));
  expect(readdirSync(outDir)).toEqual(pki.certificates.map(({ facts }) => `${facts.sha256}.pem`).toSorted());
  expect(findPinnedCertificates(manifests, await readCertificateDirectory(outDir)).size).toBe(4);
  const again = await sync({ manifests });
  expect(again.pins.map(({ state }) => state)).toEqual(Array(4).fill('already_there'));
  expect(requests.length).toBe(4);
});

const byDigest = (left: SyncedPin, right: SyncedPin) => left.sha256.localeCompare(right.sha256);

test('PEM is taken as well as DER', async () => {
  answer = send(`published\n${pki.intermediate.pem}${pki.root.pem}`);
  expect(await syncOne()).toMatchObject({ state: 'synced', reason: null, required: true, clouds: [CLOUD] });
  expect(readFileSync(join(outDir, `${pki.root.facts.sha256}.pem`), 'utf8')).toBe(pki.root.pem);
});

test.each<[string, () => RequestListener, string]>([
  ['404', () => send('not found', 404), 'answered 404'],
  ['500 with the certificate', () => send(pki.root.der, 500), 'answered 500'],
  ['another certificate', () => send(pki.secondRoot.der), 'has another certificate'],
  ['one octet more', () => send(Buffer.concat([pki.root.der, Uint8Array.of(0)])), 'has another certificate'],
  ['a page', () => send('<!doctype html><title>Sorry</title>'), 'has no certificate'],
  ['nothing', () => send(''), 'has no certificate'],
  ['more than 64 KiB', () => send(Buffer.concat([pki.root.der, Buffer.alloc(64 * 1024)])), 'sent more than 64 KiB'],
  [
    'a stream without end',
    () => (_, response) => {
      flood(response);
    },
    'sent more than 64 KiB',
  ],
  ['a redirect to another host', () => redirect('http://localhost/root.crt'), 'a redirect to another host'],
  ['a redirect to a file', () => redirect('file:///etc/passwd'), 'a redirect to no URL'],
  ['redirects in a circle', () => redirect('/root.crt'), 'too many redirects'],
  ['a redirect to nowhere', () => send('', 302), 'answered 302'],
  ['a broken connection', () => (request) => request.socket.destroy(), 'not reached (UND_ERR_SOCKET)'],
])('%s leaves the certificate missing', async (_, listener, reason) => {
  answer = listener();
  const { complete, pins } = await sync();
  expect(complete).toBe(false);
  expect(pins).toMatchObject([{ state: 'missing', reason: `${base}/root.crt ${reason}` }]);
  expect(readdirSync(outDir)).toEqual([]);
  expect(requests.length).toBeLessThan(5);
});

/** Writes until the other side has had enough. */
function flood(response: Parameters<RequestListener>[1]): void {
  const write = () => {
    while (!response.destroyed && response.write(Buffer.alloc(16 * 1024)));
  };
  response.on('drain', write).on('error', () => undefined);
  write();
}

test('a server that does not finish is left after the time given', async () => {
  answer = (_, response) => {
    response.write(pki.root.der.subarray(0, 10));
    clock.pass(100);
  };
  expect(await syncOne({ timeout: 100 })).toMatchObject({
    state: 'missing',
    reason: `${base}/root.crt no complete answer within 0.1 s`,
  });
});

test('a host that does not answer is told with the system’s code', async () => {
  const manifests = [rootManifest('/root.crt')];
  await new Promise((resolve) => server.close(resolve));
  expect((await syncOne({ manifests })).reason).toBe(`${base}/root.crt not reached (ECONNREFUSED)`);
});

test('a redirect on the same host is followed', async () => {
  answer = (request, response) => {
    (request.url === '/root.crt' ? redirect('/moved/root.crt') : send(pki.root.der))(request, response);
  };
  expect((await syncOne()).state).toBe('synced');
  expect(requests).toEqual(['/root.crt', '/moved/root.crt']);
});

test('every place of publication is tried in its order, and each failure is told', async () => {
  answer = (request, response) => {
    (request.url === '/second.crt' ? send(pki.root.der) : send('', 404))(request, response);
  };
  expect((await syncOne({ manifests: [rootManifest('/first.crt', '/second.crt', '/third.crt')] })).state).toBe(
    'synced',
  );
  expect(requests).toEqual(['/first.crt', '/second.crt']);
  rmSync(join(outDir, `${pki.root.facts.sha256}.pem`));
  const { reason } = await syncOne({ manifests: [rootManifest('/first.crt', '/third.crt')] });
  expect(reason).toBe(`${base}/first.crt answered 404; ${base}/third.crt answered 404`);
});

test('a pin that is published nowhere says so', async () => {
  const manifest = rootManifest();
  expect((await syncOne({ manifests: [manifest] })).reason).toBe('published nowhere');
  const noted = { ...manifest, pins: manifest.pins.map((pin) => ({ ...pin, note: 'closed in 2021' })) };
  expect((await syncOne({ manifests: [noted] })).reason).toBe('closed in 2021');
});

test('a pin that says otherwise than its certificate is refused by name', async () => {
  answer = send(pki.root.der);
  const manifest = rootManifest('/root.crt');
  const wrong = { ...manifest, pins: manifest.pins.map((pin) => ({ ...pin, spkiSha256: '0'.repeat(64) })) };
  expect(await sync({ manifests: [wrong] })).toMatchObject({
    complete: false,
    pins: [{ name: pki.root.facts.name, state: 'refused', reason: 'its key is not the one that the pin names' }],
  });
  expect(readdirSync(outDir)).toEqual([]);
});

test('a pin of something that is no certificate is refused', async () => {
  const text = Uint8Array.of(0x30, 0x80, 1, 2, 3);
  answer = send(text);
  const manifest = rootManifest('/root.crt');
  const wrong = { ...manifest, pins: manifest.pins.map((pin) => ({ ...pin, sha256: hash('sha256', text, 'hex') })) };
  expect(await syncOne({ manifests: [wrong] })).toMatchObject({
    state: 'refused',
    reason: 'our own reader does not take it for a certificate',
  });
  expect(readdirSync(outDir)).toEqual([]);
});

test('with a directory to take from nothing is downloaded', async () => {
  const from = mkdtempSync(join(tmpdir(), 'countersign-from-'));
  try {
    writeFileSync(join(from, 'some name.bin'), pki.root.der);
    const manifests = [publishedManifestOf(pki, () => [`${base}/any.crt`])];
    const { complete, pins } = await sync({ manifests, from });
    expect(complete).toBe(false);
    expect(pins.map(({ state }) => state)).toEqual(['synced', 'missing', 'missing', 'missing']);
    expect(pins[1]?.reason).toBe('not in the directory that it was to come from');
    expect(requests).toEqual([]);
  } finally {
    rmSync(from, { recursive: true });
  }
});

test('a directory to take from that is not there is an error', async () => {
  await expect(sync({ from: join(outDir, 'absent') })).rejects.toThrow('cannot be read (ENOENT)');
});

test('roots of Node.js are written without a download', async () => {
  expect(await syncOne({ nodeRoots: dersOf([pki.root]) })).toMatchObject({ state: 'from_node' });
  expect(requests).toEqual([]);
  expect(readdirSync(outDir)).toEqual([`${pki.root.facts.sha256}.pem`]);
});

test('what is in the directory stays, under any name; a file with a wrong content under the right name is replaced', async () => {
  writeFileSync(join(outDir, 'mine.txt'), 'mine');
  writeFileSync(join(outDir, 'root.der'), pki.root.der);
  answer = send('', 404);
  expect((await syncOne()).state).toBe('already_there');
  rmSync(join(outDir, 'root.der'));
  const victim = join(outDir, 'mine.txt');
  symlinkSync(victim, join(outDir, `${pki.root.facts.sha256}.pem`));
  answer = send(pki.root.der);
  expect((await syncOne()).state).toBe('synced');
  expect(readFileSync(victim, 'utf8')).toBe('mine');
  expect(readdirSync(outDir)).toEqual([`${pki.root.facts.sha256}.pem`, 'mine.txt'].toSorted());
});

test('a file that cannot be written is an error, and leaves nothing behind', async () => {
  answer = send(pki.root.der);
  const name = `${pki.root.facts.sha256}.pem`;
  mkdirSync(join(outDir, name));
  await expect(sync()).rejects.toThrow('EISDIR');
  expect(readdirSync(outDir)).toEqual([name]);
});

test('only current pins of accepted clouds are required', async () => {
  answer = send('', 404);
  const manifest = rootManifest('/root.crt');
  const historic = { ...manifest, cloud: 'Old', pins: manifest.pins.map((pin) => ({ ...pin, historic: true })) };
  const required = async (options: Partial<SyncOptions>) => (await syncOne(options)).required;
  expect(await required({ manifests: [manifest, historic] })).toBe(true);
  expect(await required({ manifests: [historic, manifest] })).toBe(true);
  expect(await required({ manifests: [historic] })).toBe(false);
  expect(await required({ acceptedClouds: [] })).toBe(false);
  expect(await required({ manifests: [manifest, historic], acceptedClouds: ['Old'] })).toBe(false);
  expect(await required({ at: pki.root.facts.notAfter + 1000 })).toBe(false);
  expect(await sync({ manifests: [historic] })).toMatchObject({
    complete: true,
    pins: [{ state: 'missing', clouds: ['Old'] }],
  });
  expect((await sync({ manifests: [manifest, historic] })).pins[0]?.clouds).toEqual([CLOUD, 'Old']);
});

test.skipIf(!hasShared)('the reference data fills a directory that completes a path in every cloud', async () => {
  const manifests = loadPins();
  const from = sharedPath('pki', 'certificates');
  const { complete, pins } = await sync({ manifests, from, nodeRoots: readNodeRoots() });
  expect(complete).toBe(true);
  expect(pins.filter(({ state }) => state !== 'synced')).toEqual([]);
  const certificates = findPinnedCertificates(manifests, await readCertificateDirectory(outDir));
  const acceptedClouds = manifests.map(({ cloud }) => cloud);
  const status = reportTrust({ manifests, certificates }, { acceptedClouds, rules: signerRules(true), at: AT });
  expect(status.verdict).toBe('ok');
  expect(certificates.size).toBe(pins.length);
});
