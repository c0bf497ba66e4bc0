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
