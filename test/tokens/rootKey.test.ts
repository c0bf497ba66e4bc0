import { expect, test } from 'vitest';
import { SigningKeyError } from '../../src/tokens/localSigner.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { createLocalRoot, splitRootKeys } from '../../src/tokens/rootKey.ts';
import { createKeyPair, pkcs8 } from './forge.ts';

const [FIRST, SECOND, THIRD] = [createKeyPair(), createKeyPair(), createKeyPair()];
const pem = ({ privateKey }: typeof FIRST) => pkcs8(privateKey);
const jwk = ({ privateKey }: typeof FIRST) => privateKey.export({ format: 'jwk' });
const set = (...pairs: readonly (typeof FIRST)[]) => JSON.stringify({ keys: pairs.map(jwk) }, null, 2);
const kidsOf = (text: string) => splitRootKeys(text).map((one) => createLocalRoot(one).kid);
const [FIRST_KID, SECOND_KID] = [thumbprint(FIRST.jwk), thumbprint(SECOND.jwk)];

test.each([
  ['a PEM', pem(FIRST), [FIRST_KID]],
  ['a JWK', JSON.stringify(jwk(FIRST)), [FIRST_KID]],
  ['two PEMs', `${pem(FIRST)}\n${pem(SECOND)}\n`, [FIRST_KID, SECOND_KID]],
  ['a JWK set of one', set(FIRST), [FIRST_KID]],
  ['a JWK set of two', ` ${set(FIRST, SECOND)}`, [FIRST_KID, SECOND_KID]],
])('reads %s', (_, text, kids) => {
  expect(kidsOf(text)).toEqual(kids);
});

test('signs with the key whose thumbprint it names', async () => {
  const root = createLocalRoot(pem(FIRST));
  expect([root.source, root.kid, (await root.readSigner()).kid]).toEqual(['setting', FIRST_KID, FIRST_KID]);
});

test.each([
  ['three PEMs', [FIRST, SECOND, THIRD].map(pem).join(''), 'There are 3 root keys. Give one or two.'],
  ['an empty set', '{"keys":[]}', 'There are 0 root keys. Give one or two.'],
  ['a public key', JSON.stringify(FIRST.jwk), 'The root key has no private half: it is a public JWK.'],
  ['what is no key', 'hunter2', 'The root key is neither PKCS#8 PEM nor a JWK.'],
  ['half a JWK', '{"keys":[', 'The root key is not complete JSON.'],
  ['SEC1', FIRST.privateKey.export({ type: 'sec1', format: 'pem' }).toString(), 'The root key is SEC1, not PKCS#8.'],
])('refuses %s, and quotes nothing of it', (_, text, message) => {
  const read = () => kidsOf(text);
  expect(read).toThrow(SigningKeyError);
  expect(read).toThrow(message);
  expect(read).not.toThrow('hunter2');
});
