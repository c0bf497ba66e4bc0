import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import { base64Length, decodeBase64 } from '../../src/contract/base64.ts';

test('octets come back, and the length is foretold', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => {
      const text = Buffer.from(octets).toString('base64');
      expect(decodeBase64(text)).toEqual(Buffer.from(octets));
      expect(base64Length(octets.length)).toBe(text.length);
    }),
  );
});

test.each(['TQ', 'TQ=', 'TR==', 'TWF=', 'TWE', 'T Q==', 'TQ==\n', 'TQ==TQ==', 'T-==', '=', 'TQ==='])(
  '%j is not canonical',
  (text) => {
    expect(decodeBase64(text)).toBeNull();
  },
);
