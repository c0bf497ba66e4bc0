import { createPublicKey, verify } from 'node:crypto';
import { inspect } from 'node:util';
import { calculateJwkThumbprint, compactVerify } from 'jose';
import { expect, test } from 'vitest';
import type { KeyStore } from '../../../src/client/adapters.ts';
import { OTHER_VM_ID, VM_ID } from './vectors.ts';

/** What every key store has to keep to. `create` makes an empty one. */
export function testKeyStore(name: string, create: () => Promise<KeyStore>): void {
  test(`${name}: a key is created once for each VM`, async () => {
    const store = await create();
    expect(await store.open(VM_ID, { create: false })).toBeUndefined();
    const made = await store.open(VM_ID);
    const again = await store.open(VM_ID);
    const other = await store.open(OTHER_VM_ID);
    expect(again?.jwk).toEqual(made?.jwk);
    expect((await store.open(VM_ID, { create: false }))?.jwk).toEqual(made?.jwk);
    expect(other?.jwk.x).not.toBe(made?.jwk.x);
  });

  test(`${name}: the public half has its four members, and no other`, async () => {
    const key = await (await create()).open(VM_ID);
    expect(Object.keys(key?.jwk ?? {}).sort()).toEqual(['crv', 'kty', 'x', 'y']);
    expect(key?.jwk).toMatchObject({ kty: 'EC', crv: 'P-256' });
    expect(await calculateJwkThumbprint(key?.jwk ?? {})).toHaveLength(43);
  });

  test(`${name}: whoever holds a key pair can do nothing with it but sign`, async () => {
    const pair = await (await create()).open(VM_ID);
    expect(Object.keys(pair ?? {}).filter((member) => !['jwk', 'sign', 'fault'].includes(member))).toEqual([]);
    const { x, y } = pair?.jwk ?? {};
    const shown = inspect(pair, { depth: Infinity, showHidden: true }).match(/'[\w-]{43}'/g);
    expect(new Set(shown)).toEqual(new Set([`'${x ?? ''}'`, `'${y ?? ''}'`]));
  });

  test(`${name}: it signs octets of any length, several at a time, and none is changed`, async () => {
    const key = await (await create()).open(VM_ID);
    if (key === undefined) throw new Error('There is no key.');
    const texts = [0, 1, 64, 65_536].map((length) => Buffer.alloc(length, 7));
    const signatures = await Promise.all(texts.map((octets) => key.sign(octets)));
    const publicKey = createPublicKey({ key: { ...key.jwk }, format: 'jwk' });
    for (const [index, octets] of texts.entries()) {
      const signature = signatures[index] ?? new Uint8Array();
      expect(octets).toEqual(Buffer.alloc(octets.length, 7));
      expect(verify('sha256', octets, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    }
  });

  test(`${name}: it signs ES256, r and s in 64 octets, as another implementation verifies`, async () => {
    const key = await (await create()).open(VM_ID);
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (let times = 0; times < 20; times++) {
      const input = `${encode({ alg: 'ES256' })}.${encode({ times })}`;
      const signature = (await key?.sign(Buffer.from(input))) ?? new Uint8Array();
      expect(signature).toHaveLength(64);
      const token = `${input}.${Buffer.from(signature).toString('base64url')}`;
      await expect(compactVerify(token, key?.jwk ?? {}, { algorithms: ['ES256'] })).resolves.toBeDefined();
    }
  });
}
