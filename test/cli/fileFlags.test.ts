import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { loadPins } from '../../src/trust/azurePins.ts';
import { readNodeRoots } from '../../src/trust/nodeRoots.ts';
import { findPinnedCertificates } from '../../src/trust/pinnedCertificates.ts';
import { writePem } from '../../src/trust/pem.ts';
import { publishKey } from '../../src/tokens/keySet.ts';
import { createLocalRoot } from '../../src/tokens/rootKey.ts';
import { signKeySet } from '../../src/tokens/signedKeySet.ts';
import { licenceClaims } from '../../src/tokens/licenceClaims.ts';
import { attestation, entitlement } from '../support/licensing.ts';
import { backupFile } from '../support/backups.ts';
import { createKeyPair, es256Token, pkcs8 } from '../tokens/forge.ts';
import { AT, TRUST, useDocumentFiles } from './documentFiles.ts';
import type { Run } from './documentFiles.ts';
import { recordIo } from './recordIo.ts';

/** Every file that a command reads, in every form in which editors save text. */

const files = useDocumentFiles();

const ISSUER = 'https://licences.contoso.com';
const KEY = createKeyPair();
const ROOT = createKeyPair();
const VM = {
  name: 'db-1',
  vmId: '0d4f0d5c-7c0f-4f0e-9b9e-6d2b2d6a9e11',
  subscriptionId: '7f8b6a52-1d2e-4c3b-8a9f-0e1d2c3b4a59',
};
const LICENCE = { id: 'x', cloud: 'emulator', subscription: VM.subscriptionId, offer: 'a/b/c', seats: 1, note: 'café' };

interface Reading {
  /** The command line that reads the file; standard input has the same content. */
  readonly args: (file: string) => readonly string[];
  /** A good content, with line feeds. */
  readonly content: () => string | Promise<string>;
  /** Where it is JSON: a key that the file may have twice. */
  readonly key?: string;
  /** What may end a line. */
  readonly ends?: readonly string[];
  /** What tells that the file was read. Exit code 0 unless given. */
  readonly read?: { readonly code: number; readonly complaint: string };
}

const sign = async () => (await files().sign()).toString('base64');
const signedJson = async () => JSON.stringify({ encoding: 'pkcs7', signature: await sign() }, null, 2);
const authorityPem = () => files().authority.pem;
const trusting = (command: string) => (file: string) => [
  ...[command, 'document.json', '--trust-pem', file],
  ...TRUST.slice(2),
];
const signSet = (change: Readonly<Record<string, string>>) => {
  const options = { root: 'root.pem', keys: 'keys.json', issuer: ISSUER, out: 'new.jwt', ...change };
  return [
    'keys',
    'sign-set',
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    '--yes',
    '--json',
  ];
};
const previousSet = () => {
  const input = { issuer: ISSUER, keys: [KEY.jwk], life: 1, iat: AT / 1_000 - 60, seconds: 86_400 };
  return createLocalRoot(pkcs8(ROOT.privateKey))
    .readSigner()
    .then((signer) => signKeySet(input, signer));
};
const pinnedRoots = () =>
  [...findPinnedCertificates(loadPins(), readNodeRoots()).values()].map(({ der }) => writePem(der)).join('# café\n');

/** By command, and the name that its help gives the file. */
const READ: Readonly<Record<string, Reading>> = {
  'verify file': { args: (file) => ['verify', file, ...TRUST, '--json'], content: signedJson, key: 'encoding' },
  'verify file as base64': { args: (file) => ['verify', file, ...TRUST, '--json'], content: sign },
  'verify --batch': {
    args: () => ['verify', '--batch', ...TRUST],
    content: async () => `${JSON.stringify({ id: 'é', document: await sign() })}\n`.repeat(2),
    key: 'id',
    // A line of JSON may have carriage returns between its tokens.
    ends: ['\n', '\r\n'],
  },
  'verify --trust-pem': { args: trusting('verify'), content: authorityPem },
  'explain file': { args: (file) => ['explain', file, ...TRUST], content: signedJson, key: 'signature' },
  'explain --trust-pem': { args: trusting('explain'), content: authorityPem },
  'preflight --trust-pem': {
    args: (file) => ['preflight', '--imds-url', notImds, '--trust-pem', file, ...TRUST.slice(2), '--json'],
    content: authorityPem,
    read: { code: 2, complaint: '' },
  },
  'trust add file': {
    args: (file) => ['trust', 'add', file, '--cloud', 'AzurePublicCloud', '--json'],
    content: () => `# café\n${authorityPem().replace(/(?<=-----END CERTIFICATE-----\n)[^]*/, '')}`,
  },
  'trust sync --from': {
    args: (file) => ['trust', 'sync', '--from', `${file}.d`, '--out', 'synced', '--json'],
    content: pinnedRoots,
    read: { code: 2, complaint: 'synced        DigiCert Global Root G2' },
  },
  'apply file': {
    args: (file) => ['apply', file, '--yes', '--json'],
    content: () => JSON.stringify({ licences: [LICENCE] }, null, 2),
    key: 'note',
  },
  'licences import file': {
    args: (file) => ['licences', 'import', file, '--dry-run', '--json'],
    content: () => `id,cloud,subscription,offer,seats,note\nx,emulator,${VM.subscriptionId},a/b/c,1,café\n`,
  },
  'licences import file of JSON': {
    args: (file) => ['licences', 'import', file, '--dry-run', '--json'],
    content: () => JSON.stringify({ licences: [LICENCE] }, null, 2),
    key: 'note',
  },
  'activate file': {
    args: (file) => ['activate', file, '--json'],
    content: () =>
      JSON.stringify({ document: { encoding: 'pkcs7', signature: 'AAAA' }, proof: 'a', label: 'café' }, null, 2),
    key: 'proof',
  },
  'keys sign-set --root': { args: (root) => signSet({ root }), content: () => pkcs8(ROOT.privateKey) },
  'keys sign-set --root of a JWK': {
    args: (root) => signSet({ root }),
    content: () => JSON.stringify(ROOT.privateKey.export({ format: 'jwk' }), null, 2),
    key: 'd',
  },
  'keys sign-set --keys': {
    args: (keys) => signSet({ keys }),
    content: () => JSON.stringify({ keys: [publishKey(KEY.jwk)] }, null, 2),
    key: 'kid',
  },
  'keys sign-set --previous': { args: (previous) => signSet({ previous }), content: previousSet },
  'keys upload file': { args: (file) => ['keys', 'upload', file, '--json'], content: previousSet },
  'restore --key-set': {
    args: (file) => ['restore', 'some.backup', '--key-set', file, '--root', 'x', '--dry-run', '--json'],
    content: previousSet,
  },
  'imds --vms': {
    args: (file) => ['imds', '--port', '0', '--vms', file, '--vm', 'nobody'],
    content: () => JSON.stringify({ vms: [VM] }, null, 2),
    key: 'name',
    read: { code: 1, complaint: 'There is no VM nobody: choose one of db-1' },
  },
  'imds --scenario': {
    args: (file) => ['imds', '--port', '0', '--vm', 'nobody', '--scenario', file],
    content: () => JSON.stringify({ steps: [{ for: '60s', answer: 410 }] }, null, 2),
    key: 'answer',
    read: { code: 1, complaint: 'There is no VM nobody: choose one of' },
  },
};

/** Folders of certificates, read as the one of `trust sync --from` is. */
const FOLDERS = ['verify', 'explain', 'preflight', 'trust status'].map((command) => `${command} --trust-dir`);
/** A command wrote it, and nobody edits it: it is read octet by octet. */
const EXACT = ['restore file'];
const WRITTEN = [
  ...['backup --out', 'restore --keys-out'],
  ...[
    'trust sync --out',
    'licences export --out',
    'usage export --out',
    'privacy export --out',
    'imds --authority',
    'activate --out',
  ],
  ...['preflight --out', 'keys status --out', 'keys create-root --out', 'keys sign-set --out', 'vectors --out'],
];

/** The commands below one, with every argument and option that names a file. */
function listFileFlags(command: CommandUnknownOpts, path: string): readonly string[] {
  const args = command.registeredArguments.map((argument) => argument.name());
  const options = command.options.filter(({ flags }) => /<(?:file|dir|path)>/.test(flags));
  return [
    ...args.filter((name) => /file|dir|path/.test(name)).map((name) => `${path} ${name}`),
    ...options.map(({ long }) => `${path} ${long ?? ''}`),
    ...command.commands.flatMap((child) => listFileFlags(child, `${path} ${child.name()}`)),
  ];
}

test('every argument and option that names a file is in this table', async () => {
  const session = { ...recordIo(), exitCode: 0 as const };
  const names = (await createProgram([], session)).commands.map((command) => command.name());
  const programs = await Promise.all(names.map((name) => createProgram([name], session)));
  const commands = programs.map((program, index) => program.commands[index]).filter((one) => one !== undefined);
  const found = commands.flatMap((command) => listFileFlags(command, command.name()));
  const known = [
    ...Object.keys(READ).filter((name) => !/ (?:as|of) |--batch/.test(name)),
    ...FOLDERS,
    ...EXACT,
    ...WRITTEN,
  ];
  expect([...found].sort()).toEqual([...known].sort());
});

const COUNTS = { created: 1, updated: 1, unchanged: 0 };
const times = { expiresAt: AT, renewAfter: AT, graceUntil: AT };
const ISSUED = {
  issuer: ISSUER,
  vm: attestation(),
  entitlement: entitlement(),
  over: false,
  times,
  issuedAt: AT,
  jti: 'x',
};
const ANSWERS: Readonly<Record<string, unknown>> = {
  'POST /offline-activations': { licence: es256Token({}, licenceClaims(ISSUED), KEY.privateKey), keySet: 'x' },
  'GET /catalogue': { offers: [], licences: [] },
  'POST /catalogue': { dryRun: false, offers: COUNTS, licences: COUNTS },
  'POST /imports/licences': { dryRun: true, offers: COUNTS, licences: COUNTS },
  'POST /trust/pins': { sha256: 'x' },
  'PUT /keys/sets': { root: 'x', keys: [] },
  'GET /keys': { troubles: [] },
  'POST /restore': { asOf: 'x', signedBy: 'x', root: 'x', parts: 1, missing: [], missingInAll: 0, counts: {} },
};

/** A service that takes everything, and the bodies that it was sent. */
async function listen(sent: string[]): Promise<string> {
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').replace('/operator/v1', '').split('?');
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      if (request.method !== 'GET') sent.push(body);
      response.end(JSON.stringify(ANSWERS[`${request.method ?? ''} ${path}`]));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A redirect ends `preflight` soon, after it has read its files. */
let notImds = '';

beforeAll(async () => {
  const server = createServer((_, response) => response.writeHead(302).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  notImds = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return () => void server.close();
});

beforeAll(() => {
  files().write('root.pem', pkcs8(ROOT.privateKey));
  files().write('some.backup', backupFile('x.y.z', ['']));
  files().write('keys.json', JSON.stringify({ keys: [publishKey(KEY.jwk)] }));
});

/** Runs the command of a reading over a file of these octets. */
async function run({ args }: Reading, octets: Buffer): Promise<Run & { readonly sent: readonly string[] }> {
  const sent: string[] = [];
  mkdirSync(join(files().folder, 'input.d'), { recursive: true });
  for (const name of ['input', 'input.d/input']) writeFileSync(join(files().folder, name), octets, { mode: 0o600 });
  rmSync(join(files().folder, 'synced'), { recursive: true, force: true });
  const env = { COUNTERSIGN_URL: await listen(sent), COUNTERSIGN_TOKEN: 'x' };
  const ran = await files().run(args('input'), { env, stdin: octets });
  // A mark would be seen, and the ends of lines may stay as they are.
  return {
    ...ran,
    // Pins are told as they come.
    complaints: ran.complaints.split('\n').sort().join('\n'),
    out: ran.out.replace(/"micros":\d+/g, ''),
    sent: sent.map((body) => body.replace(/(?:\\r\\n|\r\n?)/g, '\n')),
  };
}

const swap = (octets: Buffer) => Buffer.from(octets).swap16();
const ENCODINGS: Readonly<Record<string, (text: string) => Buffer>> = {
  'UTF-8': (text) => Buffer.from(text),
  'UTF-8 with a mark': (text) => Buffer.from(`\ufeff${text}`),
  'UTF-16 LE': (text) => Buffer.from(text, 'utf16le'),
  'UTF-16 LE with a mark': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'UTF-16 BE': (text) => swap(Buffer.from(text, 'utf16le')),
  'UTF-16 BE with a mark': (text) => swap(Buffer.from(`\ufeff${text}`, 'utf16le')),
};
const readings = Object.entries(READ).map(([name, reading]) => ({ name, reading }));

test.each(readings)('$name: read in every encoding, whatever ends its lines', async ({ reading }) => {
  const content = await reading.content();
  const expected = await run(reading, Buffer.from(content));
  const { code, complaint } = reading.read ?? { code: 0, complaint: '' };
  expect(expected).toMatchObject({ code, complaints: expect.stringContaining(complaint) as string });
  for (const [encoding, encode] of Object.entries(ENCODINGS)) {
    for (const end of reading.ends ?? ['\n', '\r\n', '\r']) {
      const ran = await run(reading, encode(content.replaceAll('\n', end)));
      expect({ encoding, end, ...ran }).toEqual({ encoding, end, ...expected });
    }
  }
});

test.each(readings.filter(({ reading }) => reading.key !== undefined))(
  '$name: a key that it has twice is refused by its name',
  async ({ reading }) => {
    const { key = '' } = reading;
    const content = await reading.content();
    const twice = content.replace(`"${key}":`, (member) => `${member} "x", ${member}`);
    const { code, complaints, sent } = await run(reading, Buffer.from(twice));
    expect({ code, sent }).toEqual({ code: 1, sent: [] });
    expect(complaints).toContain(`the key "${key}" appears twice in one object`);
    if (!reading.args('input').includes('--batch')) expect(complaints).toContain('input cannot be read as JSON: line ');
  },
);

/** The verifier judges whatever is no document, and a folder may hold other files. */
const JUDGED = /^(?:verify file|explain file|verify --batch|trust sync)/;

test.each(readings.filter(({ name }) => !JUDGED.test(name)))(
  '$name: a file that is missing, a folder, too large or no text is told by its name',
  async ({ reading: { args } }) => {
    const tell = async (file: string) => {
      const env = { COUNTERSIGN_URL: 'http://127.0.0.1:9', COUNTERSIGN_TOKEN: 'x' };
      const { code, complaints } = await files().run(args(file), { env });
      expect(code).toBe(1);
      return complaints;
    };
    files().write('large', '{');
    truncateSync(join(files().folder, 'large'), 9 * 1024 * 1024);
    files().write('latin', Buffer.from('{"caf\u00e9": 1}', 'latin1'));
    mkdirSync(join(files().folder, 'folder'), { recursive: true });
    expect(await tell('missing\u202e')).toContain('missing? cannot be read: there is no such file or folder.');
    expect(await tell('folder')).toContain('folder cannot be read: it is a directory.');
    expect(await tell('large')).toMatch(/large is (?:larger than \d+ [KM]iB\. Split it|too large for a certificate)/);
    expect(await tell('latin')).toMatch(
      /latin (?:is neither UTF-8 nor UTF-16\.|does not hold exactly one certificate)/,
    );
  },
);
