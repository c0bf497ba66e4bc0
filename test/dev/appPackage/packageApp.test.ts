import { hash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { beforeAll, expect, test } from 'vitest';
import { packageApp } from '../../../src/dev/appPackage/packageApp.ts';
import type { PackageOptions } from '../../../src/dev/appPackage/packageApp.ts';
import { PackagingError } from '../../../src/dev/appPackage/packagingError.ts';
import type { Authority } from '../../../src/emulator/authority/authority.ts';
import { hasShared, sharedPath } from '../../support/shared.ts';
import { AT, CLOUD, createPki, publishedManifestOf } from '../../trust/pki.ts';
import { PROJECT, entryFile, httpFunction, writeApp } from '../functionsHost/appFolder.ts';

let pki: Authority;

beforeAll(async () => {
  pki = await createPki();
});

/** A project with one function, and a folder with the certificates of its pins. */
function writeProject(): string {
  const root = writeApp({
    'package.json': JSON.stringify({ name: 'project', version: '1.2.3', license: 'MIT', type: 'module' }),
    'package-lock.json': readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'),
    'functions/answer.ts': entryFile(httpFunction('answer', `methods: ['GET']`)),
  });
  mkdirSync(join(root, 'certificates'));
  for (const { facts, der } of pki.certificates) writeFileSync(join(root, 'certificates', `${facts.sha256}.cer`), der);
  return root;
}

function optionsOf(root: string, options: Partial<PackageOptions> = {}): PackageOptions {
  const manifests = [publishedManifestOf(pki, () => [])];
  const certificates = { manifests, clouds: [CLOUD], at: AT, nodeRoots: [], from: join(root, 'certificates') };
  return { root, outDir: join(root, 'dist'), certificates, ...options };
}

async function packagingFails(options: PackageOptions): Promise<string> {
  const error: unknown = await packageApp(options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PackagingError);
  return error instanceof Error ? error.message : '';
}

const PRODUCTS = ['countersign-1.2.3.cdx.json', 'countersign-1.2.3.sha256', 'countersign-1.2.3.zip'];

function readProducts(folder: string): readonly string[] {
  return PRODUCTS.map((name) => hash('sha256', readFileSync(join(folder, name)), 'hex'));
}

test('the zip has the folder’s files, and the list their digests as sha256sum reads them', async () => {
  const root = writeProject();
  const { folder, products } = await packageApp(optionsOf(root));
  expect(folder).toBe(join(root, 'dist/app'));
  expect(products.map(({ path }) => path)).toEqual(
    ['zip', 'cdx.json', 'sha256'].map((kind) => join(root, `dist/countersign-1.2.3.${kind}`)),
  );
  const files = unzipSync(readFileSync(join(root, 'dist/countersign-1.2.3.zip')));
  const paths = Object.keys(files);
  const trusted = pki.certificates.map(({ facts }) => `trust/${facts.sha256}.pem`).sort();
  expect(paths).toEqual(['functions.mjs', 'functions.mjs.LEGAL.txt', 'host.json', 'package.json', ...trusted]);
  for (const [path, octets] of Object.entries(files))
    expect(readFileSync(join(folder, path))).toEqual(Buffer.from(octets));
  const lines = readFileSync(join(root, 'dist/countersign-1.2.3.sha256'), 'utf8').trimEnd().split('\n');
  expect(lines).toEqual(
    ['countersign-1.2.3.cdx.json', 'countersign-1.2.3.zip'].map(
      (name) => `${hash('sha256', readFileSync(join(root, 'dist', name)), 'hex')}  ${name}`,
    ),
  );
});

test('the same sources and certificates give the same octets, whatever was there and whenever it was written', async () => {
  const [first, second] = [writeProject(), writeProject()];
  const { certificates } = optionsOf(first);
  const later = new Date(AT + 86_400_000);
  for (const name of readdirSync(join(second, 'certificates')))
    utimesSync(join(second, 'certificates', name), later, later);
  await packageApp(optionsOf(first));
  await packageApp(
    optionsOf(second, { certificates: { ...certificates, from: join(second, 'certificates'), at: AT + 1 } }),
  );
  expect(readProducts(join(second, 'dist'))).toEqual(readProducts(join(first, 'dist')));
  await packageApp(optionsOf(second));
  expect(readProducts(join(second, 'dist'))).toEqual(readProducts(join(first, 'dist')));
});

test('the folder that certificates come from must be there', async () => {
  const options = optionsOf(writeProject());
  const from = join(options.root, 'gone');
  expect(await packagingFails({ ...options, certificates: { ...options.certificates, from } })).toMatch(
    /^The certificates cannot be read: .*gone.* TRUST_SYNC_FROM/s,
  );
});

test('a current pin without its certificate ends the packaging, and no package of this version is left', async () => {
  const root = writeProject();
  await packageApp(optionsOf(root));
  const [{ facts } = { facts: { name: '', sha256: '' } }] = pki.certificates;
  const { from } = optionsOf(root).certificates;
  writeFileSync(join(from ?? '', `${facts.sha256}.cer`), 'something else');
  expect(await packagingFails(optionsOf(root))).toBe(
    [
      `There is no certificate for 1 pin that is current for ${CLOUD}:`,
      `  ${facts.name} (SHA-256 ${facts.sha256}): not in the directory that it was to come from`,
      `Put the certificate into ${from ?? ''} as a PEM or DER file of any name, and package again.`,
    ].join('\n'),
  );
  expect(PRODUCTS.filter((name) => existsSync(join(root, 'dist', name)))).toEqual([]);
});

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('without a network the message says so, and what else can be done', async () => {
  const root = writeProject();
  const base = `http://127.0.0.1:${await closedPort()}`;
  const manifests = [publishedManifestOf(pki, () => [`${base}/a.crt`])];
  const certificates = { manifests, clouds: [CLOUD], at: AT, nodeRoots: [] };
  const message = await packagingFails(optionsOf(root, { certificates }));
  expect(message).toContain(
    `There is no certificate for ${pki.certificates.length} pins that are current for ${CLOUD}:`,
  );
  expect(message).toContain(`${base}/a.crt not reached (ECONNREFUSED)`);
  expect(message).toMatch(
    /\nThis machine reached none of these addresses\. .* NODE_USE_ENV_PROXY=1 .* TRUST_SYNC_FROM/s,
  );
});

test('a certificate that is not there and not needed is told, and the rest is packaged', async () => {
  const root = writeProject();
  const options = optionsOf(root);
  const [manifest] = options.certificates.manifests ?? [];
  const other = {
    cloud: 'OtherCloud',
    domain: 'other.test',
    pins: (manifest?.pins ?? []).map((pin) => ({
      ...pin,
      sha256: pin.sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    })),
  };
  const { without } = await packageApp({
    ...options,
    certificates: { ...options.certificates, manifests: [...(options.certificates.manifests ?? []), other] },
  });
  expect(without.map(({ clouds }) => clouds)).toEqual(other.pins.map(() => ['OtherCloud']));
});

const MAIN = join(PROJECT, 'src/dev/appPackage/main.ts');

function runScript(outDir: string, settings: Readonly<Record<string, string>>) {
  const { PATH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, '--out', outDir], {
    cwd: PROJECT,
    env: { PATH, ...settings },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('npm runs the script without arguments', () => {
  const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['package']).toBe('node src/dev/appPackage/main.ts');
});

test.skipIf(!hasShared)('this project’s package, twice: the same octets, and all clouds’ certificates', () => {
  const [first, second] = [writeApp({}), writeApp({})];
  const TRUST_SYNC_FROM = sharedPath('pki/certificates');
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
  const { status, stdout, stderr } = runScript(join(first, 'dist'), { TRUST_SYNC_FROM });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('certificates for AzurePublicCloud');
  expect(stdout).toContain(`countersign-${version}.zip`);
  expect(runScript(join(second, 'dist'), { TRUST_SYNC_FROM, TZ: 'Asia/Tokyo' }).status).toBe(0);
  for (const kind of ['zip', 'cdx.json', 'sha256']) {
    const [one, other] = [first, second].map((folder) =>
      readFileSync(join(folder, `dist/countersign-${version}.${kind}`)),
    );
    expect(other?.equals(one ?? Buffer.of())).toBe(true);
  }
});

test('a folder without certificates, and a cloud that does not exist, end the script with a sentence', () => {
  const folder = writeApp({ 'empty/.keep': '' });
  const failed = runScript(join(folder, 'dist'), { TRUST_SYNC_FROM: join(folder, 'empty') });
  expect(failed).toMatchObject({ status: 1, stdout: '' });
  expect(failed.stderr).toMatch(/^There is no certificate for \d+ pins that are current for AzurePublicCloud:\n/);
  expect(failed.stderr).not.toContain(' at ');
  const unknown = runScript(join(folder, 'dist'), { ACCEPTED_CLOUDS: 'AzureMoonCloud' });
  expect(unknown).toMatchObject({ status: 1, stdout: '' });
  expect(unknown.stderr).toMatch(/^ACCEPTED_CLOUDS has "AzureMoonCloud"\. /);
});
