import { ClientError } from '../clientError.ts';
import { asObject } from '../members.ts';
import { readUnsignedKeySet } from './keySet.ts';
import type { KeySet } from './keySet.ts';
import { verifySignedKeySet } from './signedKeySet.ts';

/** Whose key sets count. */
export type Trust =
  /** Sets that one of these root keys has signed: RFC 7638 thumbprints, asked for in this order. */
  | { readonly kind: 'rootKeys'; readonly rootKeys: readonly string[] }
  /** The keys that the vendor ships, and no others. */
  | { readonly kind: 'keySet'; readonly keySet: KeySet }
  /** The keys that the service answers with or that are kept. Anybody who can write the folder can forge any licence. */
  | { readonly kind: 'first-use' };

/** @returns undefined where what is kept is no key set that counts here */
export function readKeptKeySet(trust: Trust, issuer: string, value: unknown): KeySet | undefined {
  try {
    switch (trust.kind) {
      case 'rootKeys':
        return typeof value === 'string' ? verifySignedKeySet(value, { issuer, ...trust }) : undefined;
      case 'keySet':
        return trust.keySet;
      case 'first-use':
        return asObject(value) === undefined ? undefined : readUnsignedKeySet(value);
    }
  } catch (error) {
    if (error instanceof ClientError) return undefined;
    throw error;
  }
}

/** The newer of two sets. Once a newer one is known, the older one never counts again. */
export function newerOf(one: KeySet | undefined, other: KeySet | undefined): KeySet | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (other.signed?.iat ?? 0) > (one.signed?.iat ?? 0) ? other : one;
}
