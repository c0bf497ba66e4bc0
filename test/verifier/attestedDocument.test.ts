import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { checkClaims, parseAttestedDocument, parseAzureTime } from '../../src/verifier/attestedDocument.ts';
import type { RequiredClaim } from '../../src/verifier/attestedDocument.ts';
import { EvidenceError } from '../../src/verifier/evidenceError.ts';

const two = (number: number) => number.toString().padStart(2, '0');

/** `MM/dd/yy HH:mm:ss -0000`, written another way than the emulator does. */
function azureTime(instant: number): string {
  const date = new Date(instant);
  const day = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCFullYear() % 100].map(two).join('/');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${day} ${time} -0000`;
}

/** Of this century, in whole seconds. */
const instants = fc
  .integer({ min: Date.UTC(2000, 0, 1) / 1000, max: Date.UTC(2100, 0, 1) / 1000 - 1 })
  .map((seconds) => seconds * 1000);

test('every time of this century is read as it was written', () => {
  fc.assert(
    fc.property(instants, (instant) => {
      expect(parseAzureTime(azureTime(instant))).toBe(instant);
    }),
    { numRuns: 2000 },
  );
});

test('a text that is read is the one that its time is written as: nothing has two forms', () => {
  const digits = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(digits, (numbers) => {
      const [month, day, year, ...time] = numbers.map(two);
      const text = `${[month, day, year].join('/')} ${time.join(':')} -0000`;
      const instant = parseAzureTime(text);
      if (instant !== null) expect(azureTime(instant)).toBe(text);
    }),
    { numRuns: 5000 },
  );
});

test('no other text is a time, however close', () => {
  const place = fc.nat({ max: 22 });
  const character = fc.oneof(
    fc.constantFrom(...'0123456789/: -+'.split('')),
    fc.string({ unit: 'binary', maxLength: 2 }),
  );
  fc.assert(
    fc.property(instants, place, character, (instant, at, other) => {
      const text = azureTime(instant);
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      const read = parseAzureTime(changed);
      if (read !== null) expect(azureTime(read)).toBe(changed);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ['02/29/24 00:00:00 -0000', Date.UTC(2024, 1, 29)],
  ['02/29/23 00:00:00 -0000', null],
  ['02/29/00 00:00:00 -0000', Date.UTC(2000, 1, 29)],
  ['04/31/26 00:00:00 -0000', null],
  ['00/01/26 00:00:00 -0000', null],
  ['01/00/26 00:00:00 -0000', null],
  ['13/01/26 00:00:00 -0000', null],
  ['12/31/99 23:59:59 -0000', Date.UTC(2099, 11, 31, 23, 59, 59)],
  ['12/31/26 24:00:00 -0000', null],
  ['12/31/26 23:60:00 -0000', null],
  ['12/31/26 23:59:60 -0000', null],
  ['12/31/26 23:59:59 +0000', null],
  ['12/31/26 23:59:59 -0100', null],
  ['12/31/26 23:59:59Z', null],
  ['12/31/26  23:59:59 -0000', null],
  [' 12/31/26 23:59:59 -0000', null],
  ['12/31/26 23:59:59 -0000\n', null],
  ['\u0661\u0662/31/26 23:59:59 -0000', null],
])('%j is %j', (text, instant) => {
  expect(parseAzureTime(text)).toBe(instant);
});

const FULL = {
  licenseType: 'Windows_Server',
  nonce: '1234567890',
  plan: { name: 'n', product: 'p', publisher: 'q' },
  sku: 's',
  subscriptionId: '8D10DA13-8125-4BA9-A717-BF7490507B3D',
  timeStamp: { createdOn: '07/01/26 12:00:00 -0000', expiresOn: '07/01/26 18:00:00 -0000' },
  vmId: '02AAB8A4-74EF-476E-8182-F6D2BA4166A6',
};

const anything = fc.oneof(fc.string(), fc.constant(null), fc.integer(), fc.constant({}));
const FULL_SHAPE = {
  vmId: anything,
  plan: anything,
  timeStamp: fc.oneof(anything, fc.record({ createdOn: anything })),
};

const parse = (content: unknown) => parseAttestedDocument(Buffer.from(JSON.stringify(content)));

test('all claims are read; UUIDs come in lower case', () => {
  expect(parse(FULL)).toEqual({
    ...{ licenseType: 'Windows_Server', nonce: '1234567890', plan: FULL.plan, sku: 's' },
    subscriptionId: '8d10da13-8125-4ba9-a717-bf7490507b3d',
    vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
    createdOn: Date.UTC(2026, 6, 1, 12),
    expiresOn: Date.UTC(2026, 6, 1, 18),
  });
});

test('absent claims are null, empty ones empty; an empty UUID says nothing', () => {
  const nothing = { vmId: null, subscriptionId: null, sku: null, licenseType: null, plan: null, nonce: null };
  expect(parse({})).toEqual({ ...nothing, createdOn: null, expiresOn: null });
  expect(parse({ vmId: '', sku: '', timeStamp: {} })).toEqual({
    ...nothing,
    sku: '',
    createdOn: null,
    expiresOn: null,
  });
  expect(parse({ plan: { name: '' } }).plan).toEqual({ name: '', product: null, publisher: null });
});

test('a member of the prototype is no claim', () => {
  expect(parseAttestedDocument(Buffer.from('{"__proto__":{"sku":"s"},"toString":1}')).sku).toBeNull();
});

test.each([
  ...['vmId', 'subscriptionId', 'sku', 'licenseType', 'nonce'].flatMap((name) =>
    [1, null, true, [], {}].map((value) => ({ [name]: value })),
  ),
  ...['plan', 'timeStamp'].flatMap((name) => [1, null, true, [], 'text'].map((value) => ({ [name]: value }))),
  ...['publisher', 'product', 'name'].map((name) => ({ plan: { [name]: null } })),
  ...['createdOn', 'expiresOn'].map((name) => ({ timeStamp: { [name]: 0 } })),
  ...[null, true, 1, 'text', []],
])('%j is malformed', (content) => {
  expect(() => parse(content)).toThrow(EvidenceError);
});

test('whatever the octets, nothing but the error of the check `content` is thrown', () => {
  const texts = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.json().map((text) => Buffer.from(text)),
    fc.record({ ...FULL_SHAPE }, { requiredKeys: [] }).map((content) => Buffer.from(JSON.stringify(content))),
  );
  fc.assert(
    fc.property(texts, (content) => {
      try {
        parseAttestedDocument(content);
      } catch (error) {
        expect(error).toMatchObject({ check: 'content', code: 'document_malformed' });
      }
    }),
    { numRuns: 2000 },
  );
});

const CLAIMS: readonly RequiredClaim[] = ['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp'];

test('the claims that are required are, and no others', () => {
  const subsets = fc.subarray([...CLAIMS]);
  fc.assert(
    fc.property(subsets, subsets, (there, required) => {
      const document = parse(Object.fromEntries(there.map((claim) => [claim, FULL[claim]])));
      const check = () => {
        checkClaims(document, required);
      };
      if (required.every((claim) => there.includes(claim))) expect(check).not.toThrow();
      else expect(check).toThrow(EvidenceError);
    }),
  );
});
