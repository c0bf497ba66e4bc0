import { createKeySet } from '../keySet.ts';
import type { SigningKeys } from '../signingKeys.ts';
import type { KeySets } from './keySets.ts';

/** A service on a loopback issuer without a root key: nothing is signed, and its clients trust on first use. */
export function createKeySetsWithoutRoot(signingKeys: SigningKeys, life: number): KeySets {
  return {
    readRootKeys: () => Promise.resolve([]),
    read: () => Promise.resolve([]),
    readSigner: (at) => signingKeys.readSigner(at),
    readPublished: async (at) => {
      const { keys, goodUntil } = await signingKeys.readPublished(at);
      return { keys: createKeySet(keys, at).keys, goodUntil };
    },
    readLife: () => Promise.resolve(life),
  };
}
