import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import { identifyCloud } from '../../src/verifier/clouds.ts';
import { EvidenceError } from '../../src/verifier/evidenceError.ts';
import type { GeneralName } from '../../src/verifier/x509/generalName.ts';
import type { TrustDomain } from '../../src/verifier/x509/trust.ts';
import { TrustedCertificates } from '../../src/verifier/x509/trustedCertificates.ts';

const certificates = new TrustedCertificates({ anchors: [], intermediates: [] });
const domains: TrustDomain[] = Object.entries(AZURE_CLOUDS).map(([name, domain]) => ({
  ...{ name, domain, isPinned: true, certificates },
}));

const dns = (text: string): GeneralName => ({ type: 'dns', text });

function identify(...names: string[]): string {
  try {
    const { domain, region } = identifyCloud(names.map(dns), domains);
    return `${domain.name} ${region ?? 'without a region'}`;
  } catch (error) {
    return error instanceof EvidenceError ? `${error.check}: ${error.code}` : 'another error';
  }
}

const REFUSED = 'cloud: signer_unexpected';

const cloud = fc.constantFrom(...domains);
const alphanumeric = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'.split(''));
const inner = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-'.split(''));
/** RFC 1034 section 3.5, with the digit first that RFC 1123 section 2.1 allows. */
const label = fc.oneof(
  alphanumeric,
  fc.tuple(alphanumeric, fc.string({ unit: inner, maxLength: 61 }), alphanumeric).map((parts) => parts.join('')),
);
const labels = fc.array(label, { minLength: 1, maxLength: 4 });
/** The text with some of its letters in capitals. */
const inAnyCase = (text: string) =>
  fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((upper) =>
    text
      .split('')
      .map((each, index) => (upper[index] ? each.toUpperCase() : each))
      .join(''),
  );

test('a subdomain of a cloud and its domain, in either order and any case: the cloud, and the label before the domain', () => {
  const names = fc.tuple(cloud, labels, fc.boolean()).chain(([{ name, domain }, before, swapped]) => {
    const texts = [`${before.join('.')}.${domain}`, domain];
    const ordered = swapped ? texts.toReversed() : texts;
    return fc.tuple(fc.constant(`${name} ${before.at(-1) ?? ''}`), ...ordered.map(inAnyCase));
  });
  fc.assert(
    fc.property(names, ([expected, ...texts]) => {
      expect(identify(...texts)).toBe(expected);
    }),
  );
});

test('the domain alone has no region, however often it stands there, up to four times', () => {
  for (const { name, domain } of domains) {
    for (const count of [1, 2, 3, 4]) {
      expect(identify(...Array<string>(count).fill(domain))).toBe(`${name} without a region`);
    }
    expect(identify(...Array<string>(5).fill(domain))).toBe(REFUSED);
  }
  expect(identify()).toBe(REFUSED);
});

test('whatever stands before a domain without a dot of its own, or behind it, is outside', () => {
  const text = fc.string({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(cloud, text, label, ({ domain }, other, before) => {
      fc.pre(!other.endsWith('.'));
      expect(identify(other + domain)).toBe(REFUSED);
      expect(identify(`${before}.${domain}${other}`)).toBe(REFUSED);
      expect(identify(domain, `${domain}.${other}`)).toBe(REFUSED);
    }),
  );
});

test('a label with any character but letters, digits and hyphens is outside', () => {
  const odd = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((each) => !/[A-Za-z0-9.-]/.test(each));
  fc.assert(
    fc.property(cloud, label, odd, label, ({ domain }, left, character, right) => {
      expect(identify(`${left}${character}${right}.${domain}`)).toBe(REFUSED);
      expect(identify(`${character}${right}.${domain}`)).toBe(REFUSED);
      expect(identify(`${left}${character}.${domain}`)).toBe(REFUSED);
    }),
    { numRuns: 500 },
  );
});

test('an empty label, one of 64 characters, and hyphens at its ends are outside', () => {
  fc.assert(
    fc.property(cloud, label, ({ domain }, good) => {
      for (const bad of ['', 'a'.repeat(64), `-${good}`, `${good}-`, '-']) {
        expect(identify(`${bad}.${domain}`)).toBe(REFUSED);
        expect(identify(`${bad}.${good}.${domain}`)).toBe(REFUSED);
        expect(identify(`${good}.${bad}.${domain}`)).toBe(REFUSED);
      }
    }),
  );
});

test('names of two clouds, and two longer names, are refused', () => {
  fc.assert(
    fc.property(cloud, cloud, label, label, (one, other, left, right) => {
      fc.pre(one !== other);
      expect(identify(one.domain, other.domain)).toBe(REFUSED);
      expect(identify(`${left}.${one.domain}`, `${right}.${other.domain}`)).toBe(REFUSED);
      expect(identify(`${left}.${one.domain}`, `${right}.${one.domain}`, one.domain)).toBe(REFUSED);
    }),
  );
});

test('letters that only lower-casing makes ASCII are outside', () => {
  // U+212A lower-cased is k, and U+0130 begins with an i.
  expect(identify('\u212aorea.metadata.azure.com')).toBe(REFUSED);
  expect(identify('\u0130srael.metadata.azure.com')).toBe(REFUSED);
  expect(identify('metadata.m\u0130crosoftazure.de')).toBe(REFUSED);
});

test.each<GeneralName>([
  { type: 'email', text: 'metadata.azure.com' },
  { type: 'uri', text: 'metadata.azure.com' },
  { type: 'ip', octets: Buffer.from('metadata.azure.com') },
  { type: 'directory', name: [] },
  { type: 'other', tag: 0xa0 },
])('a name of the type $type is refused, beside good ones too', (name) => {
  for (const names of [[name], [dns('metadata.azure.com'), name]]) {
    expect(() => identifyCloud(names, domains)).toThrow(EvidenceError);
  }
});

test('without any domain nothing is inside', () => {
  expect(() => identifyCloud([dns('metadata.azure.com')], [])).toThrow(EvidenceError);
});
