import { expect, test } from 'vitest';

import { createLocalKeys } from '../../src/tokens/localKeys.ts';
import { parseFormerKeys, publishFormerKeys } from '../../src/tokens/formerKeys.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { AT, DAY } from '../support/licensing.ts';
import { createKeyPair, pkcs8 } from './forge.ts';

const [OWN, FORMER] = [createKeyPair(), createKeyPair()];
const until = new Date(AT + DAY).toISOString();
const write = (...keys: readonly object[]) => JSON.stringify({ keys });

test('a former key is published until its time, and never signs', async () => {
  const former = parseFormerKeys(write({ ...FORMER.jwk, until }, { ...OWN.jwk, until })) ?? [];
  const keys = publishFormerKeys(createLocalKeys(pkcs8(OWN.privateKey)), former);
  const kidsAt = async (at: number) =>
    (await keys.readPublished(at)).keys.map(({ publicJwk, state }) => `${state} ${thumbprint(publicJwk)}`);
  const [own, other] = [thumbprint(OWN.jwk), thumbprint(FORMER.jwk)];
  expect(await kidsAt(AT)).toEqual([`current ${own}`, `retired ${other}`]);
  expect(await kidsAt(AT + DAY)).toEqual([`current ${own}`]);
  expect((await keys.readSigner(AT)).kid).toBe(own);
  await expect(keys.readSigner(AT, [(kid) => kid === other])).rejects.toThrow();
});

test.each([
  ['no JSON', 'x'],
  ['no set', '[]'],
  ['a private key', write({ ...FORMER.privateKey.export({ format: 'jwk' }), until })],
  ['no time', write(FORMER.jwk)],
  ['a time that is none', write({ ...FORMER.jwk, until: 'soon' })],
  ['more keys than a set has', write(...Array.from({ length: 32 }, () => ({ ...FORMER.jwk, until })))],
])('what has %s is refused', (_, text) => {
  expect(parseFormerKeys(text)).toBeNull();
});
