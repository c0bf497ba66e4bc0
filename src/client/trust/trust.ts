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
  /** Whatever the service answers, and whatever is kept: whoever can write the folder can forge any licence. */
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

/** The one that counts of two: a set that was signed later replaces an earlier one for ever. */
export function newerOf(one: KeySet | undefined, other: KeySet | undefined): KeySet | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (other.signed?.iat ?? 0) > (one.signed?.iat ?? 0) ? other : one;
}
