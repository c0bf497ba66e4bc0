import { expect, test } from 'vitest';
import { CHECK_NAMES } from '../../../../src/contract/attestation.ts';
import { NONCE, TRUST, VM, useDocumentFiles } from '../../documentFiles.ts';

const files = useDocumentFiles();

const explain = (...args: string[]) => files().run(['explain', ...args, ...TRUST]);

/** The outcome of each check as it is shown. */
function marksOf(out: string): Readonly<Record<string, string>> {
  const lines = [...out.matchAll(/^ {2}(ok|FAIL|skip| {2}-) +([a-z]+) {2,}\S/gm)];
  return Object.fromEntries(lines.map(([, mark = '', name = '']) => [name, mark.trim()]));
}

test('an accepted document is explained: what it is, who signed it, what it says, each check', async () => {
  const { code, out, complaints } = await explain('document.json', '--nonce', NONCE);
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(out).toMatch(/^A document of \d+ octets, a CMS SignedData in Azure's form\.\n/);
  expect(out).toMatch(/subject +metadata\.emulator\.test\n +issuer +Countersign Emulator Issuing CA 01\n/);
  expect(out).toMatch(/alternative names +eastus\.metadata\.emulator\.test, metadata\.emulator\.test\n/);
  expect(out).toMatch(/key +RSA, 2048 bits\n/);
  expect(out).toContain(`vmId            "${VM.vmId}"`);
  expect(out).toContain('plan            "contoso/gateway/standard"');
  expect(out).toContain('Checks at 2026-11-23T12:00:00Z');
  expect(marksOf(out)).toEqual(Object.fromEntries(CHECK_NAMES.map((name) => [name, 'ok'])));
  expect(out.endsWith('\nAccepted: custom signed this.\n')).toBe(true);
});

test('a rejected one ends with its code, the reason and what to do', async () => {
  const { code, out } = await explain('document.json', '--at', '2026-11-25T12:00:00Z');
  expect(code).toBe(2);
  expect(marksOf(out)).toMatchObject({ path: 'ok', signature: 'ok', time: 'FAIL', nonce: '-' });
  expect(out).toMatch(/Rejected: document_expired\. .+\.\nWhat to do: .+\.\n$/);
});

test('a nonce that was not given is skipped', async () => {
  expect(marksOf((await explain('document.json')).out)).toMatchObject({ content: 'ok', nonce: 'skip' });
});

test('--json says what verify says, and what each check asks and what to do', async () => {
  const [explained, verified] = [
    await explain('document.json', '--nonce', '0', '--json'),
    await files().run(['verify', 'document.json', '--nonce', '0', '--json', ...TRUST]),
  ];
  expect(explained.code).toBe(2);
  const { advice, checks, ...rest } = JSON.parse(explained.out) as { advice: string; checks: { asks?: string }[] };
  const { checks: plain, ...same } = JSON.parse(verified.out) as { checks: object[] };
  expect(rest).toEqual(same);
  expect(checks.map(({ asks, ...check }) => [typeof asks, check])).toEqual(plain.map((check) => ['string', check]));
  expect(advice.length).toBeGreaterThan(20);
});

test.each([
  ['nothing', '', 'A document of 0 octets'],
  ['text', 'no base64!', 'The input is not canonical base64, DER, or an answer of IMDS.'],
  ['too much', 'A'.repeat(40_000), 'which is more than is ever read.'],
  ['10 MB', 'A'.repeat(10_000_000), 'which is more than is ever read.'],
])('%s is explained as far as it can be read', async (_, content, words) => {
  files().write('odd', content);
  const { code, out } = await explain('odd');
  expect(code).toBe(2);
  expect(out).toContain(words);
  expect(out).toContain('Rejected: document_malformed.');
});

test('DER of something else is explained by what is missing', async () => {
  files().write('other', 'MAA=');
  const { code, out } = await explain('other');
  expect(code).toBe(2);
  expect(out).toContain('A document of 2 octets, not readable as a signed document: not the structure of a SignedData');
  expect(out).toContain('Rejected: document_unsupported.');
});

test('what was altered is explained all the same, and its own words are still shown', async () => {
  const der = await files().sign();
  der[der.indexOf(VM.vmId)] = 0x32;
  files().write('altered.der', der);
  const { out } = await explain('altered.der');
  expect(out).toContain('vmId            "21111111-0000-4000-8000-000000000001"');
  expect(marksOf(out)).toMatchObject({ path: 'ok', signature: 'FAIL', reading: '-' });
  expect(out).toContain('Rejected: signature_invalid.');
});

test('it takes the options of verify, and complains of itself', async () => {
  const { code, complaints } = await files().run(['explain', 'document.json', '--cloud', 'Azure']);
  expect(code).toBe(1);
  expect(complaints).toContain(
    "countersign explain: option '--cloud <name>' argument 'Azure' is invalid. The clouds are",
  );
});
