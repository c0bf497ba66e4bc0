import { beforeAll, expect, test } from 'vitest';
import { runBatch } from '../../../../src/cli/commands/documents/verifyBatch.ts';
import { runCommandLine } from '../../../../src/cli/runCommandLine.ts';
import { warmUp } from '../../../../src/cli/warmUp.ts';
import { AZURE_CLOUDS } from '../../../../src/contract/clouds.ts';
import { createAuthority } from '../../../../src/emulator/authority/authority.ts';
import { documentContent } from '../../../../src/emulator/documents/documentContent.ts';
import { signDocument } from '../../../../src/emulator/documents/signDocument.ts';
import { createAdHocTrust } from '../../../../src/trust/adHocTrust.ts';
import type { VerifyOptions } from '../../../../src/verifier/verifyEvidence.ts';
import { expectedDocuments, hasShared, readSharedText } from '../../../support/shared.ts';
import { createSharedTrust } from '../../../support/sharedTrust.ts';
import { readOutput, recordIo } from '../../recordIo.ts';
import { runKeys } from '../../../support/runKeys.ts';

const AT = Date.UTC(2026, 6, 1, 12);
const ID = '00000000-0000-4000-8000-000000000001';
const policy = { requiredClaims: ['vmId', 'timeStamp'], maximumAge: null, clockSkew: 120_000 } as const;

let defaults: VerifyOptions;
let document: string;

beforeAll(async () => {
  const pair = runKeys('one')('all');
  const authority = await createAuthority({ at: AT, keys: () => pair });
  const trust = createAdHocTrust(authority.pem, authority.domain);
  defaults = { trust, policy: { ...policy, acceptedClouds: ['custom'] }, at: AT };
  const vm = {
    vmId: ID,
    subscriptionId: ID,
    sku: 's',
    licenseType: '',
    plan: { name: '', product: '', publisher: '' },
  };
  const content = documentContent({ vm, apiVersion: '2020-09-01', nonce: '1234567890', createdOn: AT });
  document = Buffer.from(signDocument({ leaf: await authority.issueLeaf(), content })).toString('base64');
});

const line = (value: unknown) => `${JSON.stringify(value)}\n`;

async function run(input: string, options: Partial<VerifyOptions> = {}) {
  const io = recordIo([Buffer.from(input)]);
  const exitCode = await runBatch({ ...defaults, ...options }, io);
  return { exitCode, lines: readOutput(io), complaints: io.written.complaints };
}

const verdict = (id: string | number, code: string | null) => ({ id, accepted: code === null, code });

test('each line has its own time and nonce, or the defaults; order is kept, verdicts are no failures', async () => {
  const { exitCode, lines, complaints } = await run(
    line({ id: 'a', document }) +
      line({ id: 'b', document, at: '2026-07-02T12:00:00Z' }) +
      line({ id: 3, document, nonce: '1234567890', at: null }) +
      line({ id: 'd', document, nonce: '0' }) +
      line({ id: 'e', document, nonce: null, more: 1 }).trimEnd(),
  );
  expect(lines).toMatchObject([
    verdict('a', null),
    verdict('b', 'document_expired'),
    verdict(3, null),
    verdict('d', 'nonce_mismatch'),
    verdict('e', null),
  ]);
  expect({ exitCode, complaints }).toEqual({ exitCode: 0, complaints: '' });
  for (const one of lines) expect(Object.keys(one as object)).toEqual(['id', 'accepted', 'code', 'micros']);
});

test('a line ends with a line feed; a carriage return is white space of JSON, and named where it ends lines alone', async () => {
  const one = '{"id":1,\r"document":""}\r\n';
  expect(await run(one)).toMatchObject({ exitCode: 0, lines: [verdict(1, 'document_malformed')], complaints: '' });
  const two = '{"id":1,"document":""}\r{"id":2,"document":""}\r';
  const { exitCode, lines, complaints } = await run(two);
  expect({ exitCode, lines }).toEqual({ exitCode: 1, lines: [] });
  expect(complaints).toBe(
    'line 1: not a line of JSON { id, document, at?, nonce? }. It has carriage returns: end lines with a line feed\n',
  );
});

test('the flags’ nonce and time are the lines’ where they have none', async () => {
  const input = line({ id: 'a', document }) + line({ id: 'b', document, nonce: '1234567890' });
  expect((await run(input, { nonce: '1' })).lines).toMatchObject([verdict('a', 'nonce_mismatch'), verdict('b', null)]);
  const late = AT + 7 * 60 * 60 * 1000;
  expect((await run(line({ id: 'a', document }), { at: late })).lines).toMatchObject([
    verdict('a', 'document_expired'),
  ]);
});

test.each([
  ['the empty text', ''],
  ['bad base64', '!'],
  ['base64 of something else', 'AAAA'],
  ['white space', ' '],
  ['more than 16 KiB', 'A'.repeat(24_000)],
  ['nearly 8 MiB', 'A'.repeat(8 * 1024 * 1024 - 30)],
])('any text is a document: %s', async (_, text) => {
  const { exitCode, lines } = await run(line({ id: 'x', document: text }));
  expect(lines).toMatchObject([verdict('x', 'document_malformed')]);
  expect((lines[0] as { micros: number }).micros).toBeGreaterThanOrEqual(0);
  expect(exitCode).toBe(0);
});

const NOT_SUCH_JSON = 'not a line of JSON { id, document, at?, nonce? }';

test.each([
  ['', NOT_SUCH_JSON],
  ['nonsense', NOT_SUCH_JSON],
  ['[]', NOT_SUCH_JSON],
  ['null', NOT_SUCH_JSON],
  [JSON.stringify({ document: '' }), `${NOT_SUCH_JSON}: id`],
  [JSON.stringify({ id: 'x' }), `${NOT_SUCH_JSON}: document`],
  [JSON.stringify({ id: 'x', document: 7 }), `${NOT_SUCH_JSON}: document`],
  [JSON.stringify({ id: 'x', document: '', at: 'yesterday' }), `${NOT_SUCH_JSON}: at`],
  [JSON.stringify({ id: {}, document: '', nonce: 1 }), `${NOT_SUCH_JSON}: id, nonce`],
  [`{"id":"x","document":"${'A'.repeat(8 * 1024 * 1024)}"}`, 'longer than 8 MiB'],
])('what is no such line is complained of with its number, and the run goes on (%#)', async (text, complaint) => {
  const { exitCode, lines, complaints } = await run(
    `${line({ id: 1, document: '' })}${text}\n${line({ id: 2, document: '' })}`,
  );
  expect(lines).toMatchObject([{ id: 1 }, { id: 2 }]);
  expect(complaints).toBe(`line 2: ${complaint}\n`);
  expect(exitCode).toBe(1);
});

test('octets that are no UTF-8 are no such line', async () => {
  const io = recordIo([Buffer.from('{"id":"\xff","document":""}\n', 'latin1')]);
  expect(await runBatch(defaults, io)).toBe(1);
  expect(io.written).toEqual({ out: '', complaints: `line 1: ${NOT_SUCH_JSON}\n` });
});

test('a verdict comes before the next line does', async () => {
  const verdicts: string[] = [];
  const seen: number[] = [];
  async function* input() {
    for (let count = 0; count < 100; count++) {
      seen.push(verdicts.length);
      yield await Promise.resolve(Buffer.from(line({ id: count, document: '' })));
    }
  }
  expect(await runBatch(defaults, recordIo(input(), { out: (text) => verdicts.push(text) }))).toBe(0);
  expect(seen).toEqual(Array.from({ length: 100 }, (_, count) => count));
});

test('the warm-up reaches every check', async () => {
  const verification = await warmUp();
  expect(verification.accepted).toBe(true);
  expect(verification.checks.filter(({ outcome }) => outcome !== 'passed')).toMatchObject([
    { name: 'nonce', outcome: 'skipped' },
  ]);
});

test('--batch takes no FILE, and reads standard input', async () => {
  const wrong = recordIo();
  expect(await runCommandLine(['verify', '--batch', 'document.json'], wrong)).toBe(1);
  expect(wrong.written.complaints).toContain('--batch takes no FILE');
  const io = recordIo([Buffer.from(line({ id: 'x', document: '' }))]);
  expect(await runCommandLine(['verify', '--batch'], io)).toBe(0);
  expect(readOutput(io)).toMatchObject([verdict('x', 'document_malformed')]);
});

test.skipIf(!hasShared)('genuine documents get their verdicts, twice', async () => {
  const expected = [...expectedDocuments(), ...expectedDocuments()];
  const input = expected.map(({ file, at }) =>
    line({ id: file, document: readSharedText('attested-documents', file).trim(), at }),
  );
  const trust = createSharedTrust();
  const { lines } = await run(input.join(''), {
    trust,
    policy: { ...policy, acceptedClouds: Object.keys(AZURE_CLOUDS) },
  });
  expect(lines).toMatchObject(expected.map(({ file, code }) => verdict(file, code ?? null)));
});
