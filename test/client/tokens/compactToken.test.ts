import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { readCompactToken } from '../../../src/client/tokens/compactToken.ts';

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

const SOUND = `${encode('{"typ":"a"}')}.${encode('{"b":1}')}.AA`;

test('a token is taken apart', () => {
  expect(readCompactToken(SOUND)).toEqual({
    header: { typ: 'a' },
    claims: { b: 1 },
    signingInput: SOUND.slice(0, SOUND.lastIndexOf('.')),
    signature: Buffer.from([0]),
  });
});

test.each([
  ['trailing bits in the signature', SOUND.replace(/AA$/, 'AB')],
  ['trailing bits in the header', `${encode('{}').slice(0, -1)}1.${encode('{}')}.AA`],
  ['padding', `${encode('{}')}=.${encode('{}')}.AA`],
  ['white space', `${SOUND}\n`],
  ['two parts', 'e30.e30'],
  ['four parts', 'e30.e30.AA.AA'],
  ['an empty signature', 'e30.e30.'],
  ['a header that is a list', `${encode('[]')}.e30.AA`],
  ['claims that are no JSON', `e30.${encode('{')}.AA`],
  ['more than 16 KiB', `e30.e30.${'A'.repeat(16_380)}`],
])('%s: no token', (_, token) => {
  expect(readCompactToken(token)).toBeUndefined();
});

test('any text is either taken apart or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.base64String(), { maxLength: 4 }).map((parts) => parts.join('.')),
      ),
      (text) => {
        const token = readCompactToken(text);
        return token === undefined || text.startsWith(`${token.signingInput}.`);
      },
    ),
  );
});
