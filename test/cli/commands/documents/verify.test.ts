import { expect, test } from 'vitest';
import { CHECK_NAMES } from '../../../../src/contract/attestation.ts';
import { EVIDENCE_CODES } from '../../../../src/contract/codes.ts';
import { PROBLEMS } from '../../../../src/contract/problems.ts';
import { adviseOn } from '../../../../src/cli/adviseOn.ts';
import { AT, NONCE, TRUST, VM, useDocumentFiles } from '../../documentFiles.ts';

const files = useDocumentFiles();

const verify = (...args: string[]) => files().run(['verify', ...args, ...TRUST]);

async function verifyJson(...args: string[]) {
  const { code, out, complaints } = await verify(...args, '--json');
  expect(complaints).toBe('');
  expect(out.endsWith('}\n')).toBe(true);
  const value = JSON.parse(out) as Record<string, unknown>;
  const checks = value['checks'] as Record<string, unknown>[];
  return { code, value: { ...value, checks: checks.map(withoutDetail) } as Record<string, unknown> };
}

/** The detail is for people: a text where there is one. */
function withoutDetail({ detail = 'none', ...check }: Readonly<Record<string, unknown>>) {
  expect(detail).toMatch(/^[^\p{C}]{4,}$/u);
  return check;
}

const ACCEPTED = {
  accepted: true,
  code: null,
  checks: CHECK_NAMES.map((name) => ({ name, outcome: name === 'nonce' ? 'skipped' : 'passed' })),
  result: {
    cloud: 'custom',
    region: 'eastus',
    vmId: VM.vmId,
    subscriptionId: VM.subscriptionId,
    sku: VM.sku,
    licenseType: '',
    plan: VM.plan,
    nonce: NONCE,
    createdOn: '2026-11-23T12:00:00Z',
    expiresOn: '2026-11-23T18:00:00Z',
  },
};

test('--json of an accepted document is this value and nothing else', async () => {
  const { code, value } = await verifyJson('document.json');
  expect(code).toBe(0);
  expect(value).toEqual(ACCEPTED);
  expect(Object.keys(value)).toEqual(['accepted', 'code', 'checks', 'result']);
});

test.each(['document.json', 'document.b64', 'document.der', './document.json'])('%s is accepted', async (file) => {
  expect((await verifyJson(file)).value).toEqual(ACCEPTED);
});

test('the forms are told apart by content alone, from a file or standard input', async () => {
  const der = await files().sign();
  const text = der.toString('base64');
  const lines = text.replace(/.{64}/g, '$&\r\n');
  const json = JSON.stringify({ encoding: 'pkcs7', signature: text }, null, 2);
  const utf16 = [json, text].flatMap((one) => [one, `\ufeff${one}`].map((marked) => Buffer.from(marked, 'utf16le')));
  const swapped = utf16.map((octets) => Buffer.from(octets).swap16());
  const utf8 = [text, `${text}\n`, lines, json, `\ufeff${json}`, `\n ${json}\n`];
  for (const stdin of [der, ...utf8, ...utf16, ...swapped]) {
    const { code, out } = await files().run(['verify', '-', ...TRUST, '--json'], { stdin });
    expect(code, out).toBe(0);
  }
});

test('a claim that is not in the document is null, and is not ""', async () => {
  const content = JSON.stringify({
    nonce: NONCE,
    plan: { name: '', product: '', publisher: '' },
    timeStamp: { createdOn: '11/23/26 12:00:00 -0000', expiresOn: '11/23/26 18:00:00 -0000' },
    vmId: VM.vmId,
  });
  const { signDocument } = await import('../../../../src/emulator/documents/signDocument.ts');
  const leaf = await files().authority.issueLeaf();
  files().write('old.der', Buffer.from(signDocument({ leaf, content: JSON.parse(content) as never })));
  const { value } = await verifyJson('old.der');
  const absent = { subscriptionId: null, sku: null, licenseType: null };
  expect(value['result']).toEqual({ ...ACCEPTED.result, ...absent, plan: { publisher: '', product: '', name: '' } });
});

test('--json of a rejected document: the code, the checks up to the one that failed, no result', async () => {
  const { code, value } = await verifyJson('document.json', '--at', '2026-11-24T12:00:00Z');
  expect(code).toBe(2);
  const checks = value['checks'] as { name: string; outcome: string }[];
  expect(Object.keys(value)).toEqual(['accepted', 'code', 'checks', 'result']);
  expect(value).toMatchObject({ accepted: false, code: 'document_expired', result: null });
  const outcomes = Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));
  expect(outcomes).toEqual({
    ...Object.fromEntries(CHECK_NAMES.map((name) => [name, 'passed'])),
    time: 'failed',
    nonce: 'not_reached',
  });
});

test.each([
  [[], 0, 'skipped'],
  [['--nonce', NONCE], 0, 'passed'],
  [['--nonce', '1234567891'], 2, 'failed'],
  [['--nonce', `${NONCE} `], 2, 'failed'],
  [['--nonce', ''], 2, 'failed'],
])('with %j the exit code is %i and the nonce %s', async (args, exitCode, outcome) => {
  const { code, value } = await verifyJson('document.json', ...args);
  expect(code).toBe(exitCode);
  expect(value['checks']).toContainEqual(expect.objectContaining({ name: 'nonce', outcome }));
  expect(value['code']).toBe(exitCode === 0 ? null : 'nonce_mismatch');
});

test.each([
  ['2026-11-23T12:00:00Z', 0],
  ['2026-11-23t13:30:00.5+01:00', 0],
  ['2026-11-23T11:58:00Z', 0],
  ['2026-11-23T11:57:59Z', 2],
  ['2026-11-23T18:00:00Z', 0],
  ['2027-11-23T12:00:00Z', 2],
])('--at %s ends with %i', async (at, exitCode) => {
  expect((await verify('document.json', '--at', at)).code).toBe(exitCode);
});

test('without --at it is now', async () => {
  const run = (now: number) => files().run(['verify', 'document.json', ...TRUST], { now });
  expect((await run(AT)).code).toBe(0);
  expect((await run(AT + 24 * 60 * 60 * 1000)).out).toContain('document_expired');
});

test('for people, an accepted document is its claims, a line each', async () => {
  const { code, out, complaints } = await verify('document.json');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(out).toBe(
    [
      'accepted',
      '  cloud           custom',
      '  region          eastus',
      `  vmId            ${VM.vmId}`,
      `  subscriptionId  ${VM.subscriptionId}`,
      '  sku             standard-2',
      '  licenseType     ""',
      '  nonce           1234567890',
      '  createdOn       2026-11-23T12:00:00Z',
      '  expiresOn       2026-11-23T18:00:00Z',
      '  plan            contoso/gateway/standard',
      '',
    ].join('\n'),
  );
});

test('for people, a rejected document is its code, the reason and what to do', async () => {
  const { code, out } = await verify('document.json', '--nonce', '1');
  expect(code).toBe(2);
  expect(out).toMatch(/^rejected: nonce_mismatch\n {2}reason {2}.*\n {2}check {3}nonce.*\n {2}advice {2}.*\n$/);
});

/** Escape sequences, what turns the writing round, line separators, half a pair, a bell, backspaces, C1 controls. */
const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\r\n\u202etxt.exe\u2028\u0008\u0008\u009b31m\u200b\u007f';
const STEERING = /[^\p{L}\p{M}\p{N}\p{P}\p{S} \n]/u;

test.each(['verify', 'explain'])(
  '%s shows nothing that a terminal obeys, whatever the document says',
  async (command) => {
    const plan = { publisher: HOSTILE, product: HOSTILE, name: HOSTILE };
    files().write('hostile.der', await files().sign({ vm: { sku: HOSTILE, licenseType: HOSTILE.repeat(20), plan } }));
    const { code, out } = await files().run([command, 'hostile.der', ...TRUST]);
    expect(code).toBe(0);
    expect(STEERING.test(HOSTILE)).toBe(true);
    expect(STEERING.exec(out)).toBeNull();
    expect(out).toContain('owned');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThan(700);
  },
);

test.each(['verify', 'explain'])(
  '%s shows nothing that a terminal obeys, whatever a certificate says',
  async (command) => {
    const { authority } = files();
    const keys = await authority.keys('other');
    const name = 'C=US, CN=\u001b[2J\u202eowned\u009b';
    const validity = { notBefore: AT - 1000, notAfter: AT + 1_000_000 };
    const ca = await authority.issue({ subject: name, keys, ...validity, basicConstraints: { ca: true } });
    files().write('stranger.der', await files().sign({ leaf: { issuer: ca, subject: name } }));
    const { code, out } = await files().run([command, 'stranger.der', ...TRUST]);
    expect(code).toBe(2);
    expect(out).toContain('issuer_unknown');
    expect(out).toContain('owned');
    expect(STEERING.exec(out)).toBeNull();
  },
);

test.each<[string, Uint8Array | string]>([
  ['nothing', ''],
  ['blanks', ' \n\t\n'],
  ['broken JSON', '{"encoding":"pkcs7","signature":"MII'],
  ['JSON of another kind', '{"signature":"AAAA"}'],
  ['another encoding', '{"encoding":"pkcs1","signature":"AAAA"}'],
  ['a signature that is a number', '{"encoding":"pkcs7","signature":1}'],
  ['text', 'this is no document'],
  ['DER of something else', Uint8Array.of(0x30, 0x82, 0, 0)],
  ['10 MB of text', 'A'.repeat(10_000_000)],
  ['10 MB that begin like DER', Buffer.concat([Uint8Array.of(0x30, 0x84), Buffer.alloc(10_000_000)])],
  ['10 MB of JSON', `{"encoding":"pkcs7","signature":"${'A'.repeat(10_000_000)}"}`],
])('%s is rejected as document_malformed, in a file and on standard input', async (_, content) => {
  files().write('odd', content);
  const runs = [await verify('odd'), await files().run(['verify', '-', ...TRUST], { stdin: content })];
  for (const { code, out } of runs) {
    expect(code).toBe(2);
    expect(out).toContain('rejected: document_malformed\n');
  }
  expect((await verifyJson('odd')).value).toMatchObject({ accepted: false, code: 'document_malformed', result: null });
});

test.each([
  [['verify'], 'name one FILE, or - for standard input'],
  [['verify', 'a', 'b'], "too many arguments for 'verify'"],
  [['verify', 'document.json', '--once'], "unknown option '--once'"],
  [['verify', 'document.json', '--json=yes'], '--json'],
  [['verify', 'document.json', '--at'], '--at'],
  [['verify', 'document.json', '--at', 'yesterday'], 'Write a time of RFC 3339'],
  [['verify', 'document.json', '--cloud', 'Azure'], "'Azure' is invalid. The clouds are AzurePublicCloud"],
  [['verify', 'document.json', '--cloud', 'emulator'], "'emulator' is invalid. The clouds are"],
  [['verify', 'document.json', '--domain', 'metadata.azure.com'], '--domain goes with --trust-pem'],
  [['verify', 'document.json', '--trust-pem', 'authority.pem'], '--trust-pem needs --domain'],
  [['verify', 'document.json', ...TRUST, '--trust-dir', '.'], 'excludes --trust-dir and --cloud'],
  [['verify', 'document.json', ...TRUST, '--cloud', 'AzurePublicCloud'], 'excludes --trust-dir and --cloud'],
  [
    ['verify', 'document.json', '--trust-pem', 'authority.pem', '--domain', 'a b'],
    "'a b' is invalid. Write a domain name",
  ],
])('%j is wrong usage', async (args, complaint) => {
  const { code, out, complaints } = await files().run(args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
  expect(complaints).toContain('See: countersign verify --help');
});

test.each([
  [['gone.json', ...TRUST], 'gone.json'],
  [['.', ...TRUST], 'directory'],
  [['document.json', '--trust-pem', 'gone.pem', '--domain', 'a.example'], 'gone.pem'],
  [['document.json', '--trust-pem', 'document.json', '--domain', 'a.example'], 'no certificate'],
  [['document.json', '--trust-dir', 'gone'], 'gone'],
])('with %j it is a system error that names what it is about', async (args, complaint) => {
  const { code, out, complaints } = await files().run(['verify', ...args]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
});

test('the domain is the one that the signer’s names end with, in any case', async () => {
  const run = (domain: string) =>
    files().run(['verify', 'document.json', '--trust-pem', 'authority.pem', '--domain', domain]);
  expect((await run('METADATA.emulator.test')).code).toBe(0);
  expect((await run('other.test')).out).toContain('rejected: signer_unexpected');
});

test('without the authority, the emulator’s document is of no known cloud', async () => {
  const { code, out } = await files().run(['verify', 'document.json']);
  expect({ code, out: out.split('\n')[0] }).toEqual({ code: 2, out: 'rejected: signer_unexpected' });
});

test('no advice speaks of a correlation id: no service gave one', async () => {
  expect(EVIDENCE_CODES.some((code) => PROBLEMS[code].advice.includes('correlation id'))).toBe(true);
  for (const code of EVIDENCE_CODES) expect(adviseOn(code)).not.toMatch(/correlation/);
  for (const command of ['verify', 'explain']) {
    for (const flags of [[], ['--json']]) {
      const { code, out } = await files().run([command, 'document.json', ...flags]);
      expect(code).toBe(2);
      expect(out).toContain('signer_unexpected');
      expect(out).not.toMatch(/correlation/);
    }
  }
});
