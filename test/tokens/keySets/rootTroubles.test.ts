import { expect, test } from 'vitest';
import { StoreUnavailableError } from '../../../src/contract/stored.ts';
import { KeySetMissingError } from '../../../src/tokens/keySets/keySets.ts';
import type { RootState } from '../../../src/tokens/keySets/keySets.ts';
import { findRootTroubles } from '../../../src/tokens/keySets/rootTroubles.ts';
import { publishKey } from '../../../src/tokens/keySet.ts';
import { SigningKeyUnavailableError } from '../../../src/tokens/signer.ts';
import { createSigner } from './fakeKeys.ts';

const DAY = 86_400;
const AT = Date.UTC(2026, 10, 28);
const [SIGNER, OTHER] = [createSigner(), createSigner()];

function rootOf(change: Partial<RootState> = {}, { days = 30, life = 30 * DAY } = {}): RootState {
  const iat = AT / 1_000;
  const claims = { iss: 'x', sub: 'x', iat, exp: iat + days * DAY, life, keys: [publishKey(SIGNER.publicJwk)] };
  return { thumbprint: 'root', source: 'upload', set: { token: '', claims }, failure: null, ...change };
}

const current = [{ state: 'current', publicJwk: SIGNER.publicJwk }] as const;
const find = (root: RootState, keys: Parameters<typeof findRootTroubles>[1]['keys'] = current) =>
  findRootTroubles([root], { keys, life: 30 * DAY, at: AT });

test('where all is well there is nothing to do', () => {
  expect(find(rootOf())).toEqual([]);
  expect(find(rootOf({ source: 'vault' }))).toEqual([]);
});

test.each<[string, RootState, RegExp]>([
  ['no set', rootOf({ set: null, failure: new KeySetMissingError('none yet') }), /^root key root: none yet$/],
  [
    'a root key in a vault that never answered',
    rootOf({ thumbprint: null, source: 'vault', set: null, failure: new SigningKeyUnavailableError('HTTP 403') }),
    /^root key that was not read yet does not sign: look at the key and the identity’s role on it$/,
  ],
  [
    'a root key that does not sign any more',
    rootOf({ source: 'vault', failure: new SigningKeyUnavailableError('HTTP 403') }),
    /^root key root does not sign: look at the key/,
  ],
  [
    'a store that is down',
    rootOf({ failure: new StoreUnavailableError('down') }),
    /^root key root: the store does not answer, and the last key set is served: look at the storage account$/,
  ],
  ['an end within ten days', rootOf({}, { days: 9 }), /^the key set under root key root ends on 2026-12-07.*sign-set/],
  [
    'an end within ten days, of a set that the service signs',
    rootOf({ source: 'setting' }, { days: 9 }),
    /^the key set under root key root ends on 2026-12-07T00:00:00Z: look at the key/,
  ],
  ['a life that is too short', rootOf({}, { life: 60 }), /has a life of 60 seconds.*sign a set with --life 2592000$/],
])('%s is told, with what to do', (_, root, trouble) => {
  expect(find(root)).toEqual([expect.stringMatching(trouble)]);
});

test('ten days before the end is early enough', () => {
  expect(find(rootOf({}, { days: 10 }))).toEqual([]);
});

test('a key that is to sign, or does, and is in no set is told; one that has signed is not', () => {
  const next = { state: 'next', publicJwk: OTHER.publicJwk, from: null } as const;
  expect(find(rootOf(), [...current, next])).toEqual([
    expect.stringMatching(`does not have the signing key ${OTHER.kid}, which therefore does not sign: write the keys`),
  ]);
  const retired = { state: 'retired', publicJwk: OTHER.publicJwk, until: null } as const;
  expect(find(rootOf(), [...current, retired])).toEqual([]);
  expect(find(rootOf({ source: 'vault' }), [...current, next])).toEqual([]);
});
