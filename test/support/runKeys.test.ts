import { expect, test } from 'vitest';
import { subjectPublicKeyInfo } from '../../src/emulator/authority/keys.ts';
import type { KeyKind, KeyRing } from '../../src/emulator/authority/keys.ts';
import { runKeys } from './runKeys.ts';

async function publicKeyOf(ring: KeyRing, label: string, kind: KeyKind = 'p-256'): Promise<string> {
  return Buffer.from(subjectPublicKeyInfo((await ring(label, kind)).publicKey)).toString('hex');
}

test('rings of one name give the same key, even when several ask for it first at the same time', async () => {
  const asked = Array.from({ length: 8 }, () => publicKeyOf(runKeys('run-keys-test'), 'shared'));
  expect(new Set(await Promise.all(asked)).size).toBe(1);
});

test('another name, label or kind gives another key', async () => {
  const ring = runKeys('run-keys-test');
  const keys = [
    await publicKeyOf(ring, 'one'),
    await publicKeyOf(ring, 'two'),
    await publicKeyOf(runKeys('run-keys-other'), 'one'),
    await publicKeyOf(ring, 'one', 'ed25519'),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test('the key is of the kind that was asked for', async () => {
  const { privateKey } = await runKeys('run-keys-test')('one', 'p-384');
  expect(privateKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'secp384r1' });
});
