import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { readElement } from '../../src/emulator/documents/der.ts';
import { DerError, DerReader, TAG, checkDer, constructedContextTag, formatOid } from '../../src/verifier/der.ts';

const LIMITS = { depth: 4, elements: 8 };
const der = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

test.each([
  ['an empty sequence', '30 00'],
  ['nested sequences to the depth allowed', '30 06 30 04 30 02 30 00'],
  ['as many elements as allowed', '30 0e 05 00 05 00 05 00 05 00 05 00 05 00 05 00'],
  ['booleans', '30 06 01 01 00 01 01 ff'],
  ['integers in their one form', '30 0b 02 01 00 02 02 00 80 02 02 ff 7f'],
  ['a length of two octets', `04 81 80 ${'00'.repeat(128)}`],
  ['a bit string with unused bits that are zero', '03 02 03 f8'],
  ['an empty bit string', '03 01 00'],
  ['a context tag with elements', 'a0 02 05 00'],
  ['a context tag without', '80 03 01 02 03'],
])('checkDer takes %s', (_, hex) => {
  expect(() => {
    checkDer(der(hex), LIMITS);
  }).not.toThrow();
});

test.each([
  ['nothing', ''],
  ['a tag without length', '30'],
  ['a tag number above 30', '1f 81 00 00'],
  ['an indefinite length', '30 80 00 00'],
  ['a constructed octet string', '24 04 04 02 01 02'],
  ['a primitive sequence', '10 00'],
  ['a primitive set', '11 00'],
  ['end-of-contents', '30 02 00 00'],
  ['a length in long form that fits the short one', '30 81 02 05 00'],
  ['a length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`],
  ['a length of four octets', '04 84 00 00 00 01 00'],
  ['a length that goes beyond the input', '30 05 05 00'],
  ['a length whose octets are missing', '30 82 01'],
  ['an element beyond the one around it', '30 03 04 02 01 02'],
  ['octets after the end', '30 00 00'],
  ['octets after a primitive end', '05 00 05 00'],
  ['more depth', '30 08 30 06 30 04 30 02 30 00'],
  ['more elements', '30 10 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00'],
  ['a boolean of another value', '01 01 01'],
  ['a boolean of two octets', '01 02 ff ff'],
  ['an integer without octets', '02 00'],
  ['an integer with a needless zero', '02 02 00 7f'],
  ['an integer with a needless ff', '02 02 ff 80'],
  ['null with content', '05 01 00'],
  ['a bit string without octets', '03 00'],
  ['a bit string with eight unused bits', '03 02 08 00'],
  ['a bit string with unused bits set', '03 02 03 ff'],
  ['unused bits of no octet', '03 01 01'],
  ['an object identifier without octets', '06 00'],
  ['an object identifier that does not end', '06 02 2a 86'],
  ['an object identifier with a padded arc', '06 03 2a 80 01'],
])('checkDer refuses %s', (_, hex) => {
  expect(() => {
    checkDer(der(hex), LIMITS);
  }).toThrow(DerError);
});

test('whatever the octets, checkDer ends and throws nothing but its own error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      try {
        checkDer(octets, { depth: 16, elements: 64 });
      } catch (error) {
        expect(error).toBeInstanceOf(DerError);
      }
    }),
    { numRuns: 2000 },
  );
});

/** A DER element as its tag and content. */
const elements = fc.letrec<{ element: Buffer }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 3 },
    fc.uint8Array({ maxLength: 300 }).map((content) => encode(TAG.octetString, content)),
    fc.array(tie('element'), { maxLength: 3 }).map((inner) => encode(TAG.sequence, Buffer.concat(inner))),
  ),
})).element;

function encode(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), content]);
}

test('what is encoded in DER is taken, and no prefix of it and nothing longer', () => {
  const limits = { depth: 16, elements: 1000 };
  fc.assert(
    fc.property(elements, fc.nat(), (octets, at) => {
      checkDer(octets, limits);
      const cut = octets.subarray(0, at % octets.length);
      expect(() => {
        checkDer(cut, limits);
      }).toThrow(DerError);
      expect(() => {
        checkDer(Buffer.concat([octets, Buffer.of(0)]), limits);
      }).toThrow(DerError);
    }),
  );
});

/** The octets put together anew from tags and contents, every length as short as it can be. */
function encodeAnew(octets: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  for (let place = 0; place < octets.length;) {
    const { tag, contents, end } = readElement(octets, place);
    const inside = octets.subarray(contents, end);
    parts.push(encode(tag, (tag & 0x20) === 0 ? inside : encodeAnew(inside)));
    place = end;
  }
  return Buffer.concat(parts);
}

test('whatever checkDer takes is the one encoding of what it says', () => {
  const octet = fc.constantFrom(0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x30, 0x31, 0x80, 0x81, 0x82, 0xa0, 0xff);
  const heads = fc.array(octet, { minLength: 2, maxLength: 12 }).map((octets) => Uint8Array.from(octets));
  const long = fc
    .tuple(heads, fc.nat({ max: 300 }))
    .map(([head, length]) => Buffer.concat([head, new Uint8Array(length)]));
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(heads, long, elements), (octets) => {
      try {
        checkDer(octets, { depth: 16, elements: 1000 });
      } catch {
        return;
      }
      taken++;
      expect(encodeAnew(octets)).toEqual(Buffer.from(octets));
    }),
    { numRuns: 5000 },
  );
  expect(taken).toBeGreaterThan(1000);
});

test('the reader hands out contents, whole elements and inner readers in order', () => {
  const reader = new DerReader(der('30 0b 02 01 05 04 02 aa bb a0 02 05 00'));
  const sequence = reader.enter(TAG.sequence);
  expect(reader.atEnd).toBe(true);
  expect(sequence.nextTag).toBe(TAG.integer);
  expect(sequence.readContent(TAG.integer)).toEqual(der('05'));
  expect(sequence.readElement(TAG.octetString)).toEqual(der('04 02 aa bb'));
  expect(() => {
    sequence.finish();
  }).toThrow(DerError);
  const inner = sequence.enter(constructedContextTag(0));
  expect(inner.readContent(TAG.null)).toEqual(der(''));
  expect(inner.nextTag).toBe(-1);
  expect(() => inner.readContent(TAG.null)).toThrow(DerError);
  sequence.finish();
});

test('the reader hands out no octet beyond the element that it reads in, walked or not', () => {
  const overlong = der('30 08 30 02 04 02 01 02 05 00');
  const inner = new DerReader(overlong).enter(TAG.sequence).enter(TAG.sequence);
  expect(() => inner.readContent(TAG.octetString)).toThrow(DerError);
  const headless = der('30 05 30 01 04 05 00');
  const cut = new DerReader(headless).enter(TAG.sequence).enter(TAG.sequence);
  expect(() => cut.readContent(TAG.octetString)).toThrow(DerError);
});

test('the reader refuses another tag, and bits that are not whole octets', () => {
  expect(() => new DerReader(der('05 00')).readContent(TAG.integer)).toThrow(DerError);
  expect(() => new DerReader(der('03 02 01 02')).readOctetAlignedBits()).toThrow(DerError);
  expect(new DerReader(der('03 02 00 02')).readOctetAlignedBits()).toEqual(der('02'));
});

test.each([
  ['2a 86 48 86 f7 0d 01 01 0b', '1.2.840.113549.1.1.11'],
  ['55 1d 11', '2.5.29.17'],
  ['88 37', '2.999'],
  ['00', '0.0'],
])('the object identifier %s is %s', (hex, dotted) => {
  expect(formatOid(der(hex))).toBe(dotted);
});
