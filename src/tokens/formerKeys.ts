import type { PublicJwk } from '../contract/wire.ts';
import type { SigningKey } from './keySet.ts';
import { isObject } from './canonicalJson.ts';
import { parsePublicJwk, thumbprint } from './publicJwk.ts';
import { MAX_KEYS } from './signingKeys.ts';
import type { SigningKeys } from './signingKeys.ts';

/** A public key under which an earlier deployment signed: it is published until the last licence under it has ended. */
export interface FormerKey {
  readonly publicJwk: PublicJwk;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** What `countersign restore --keys-out` writes. @returns null for anything else, also where a key is a private one */
export function parseFormerKeys(text: string): readonly FormerKey[] | null {
  const set = parseJson(text);
  const keys: unknown = isObject(set) ? set['keys'] : null;
  if (!Array.isArray(keys) || keys.length >= MAX_KEYS) return null;
  const read = keys.map(readKey);
  return read.every((one) => one !== null) ? read : null;
}

function readKey(value: unknown): FormerKey | null {
  const publicJwk = parsePublicJwk(value);
  const { until } = isObject(value) ? value : {};
  const at = typeof until === 'string' ? Date.parse(until) : Number.NaN;
  return publicJwk === null || Number.isNaN(at) ? null : { publicJwk, until: at };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The keys of this deployment, with those of an earlier one among the published ones. These never sign. */
export function publishFormerKeys(keys: SigningKeys, former: readonly FormerKey[]): SigningKeys {
  if (former.length === 0) return keys;
  return {
    readSigner: (at, choices) => keys.readSigner(at, choices),
    readPublished: async (at) => {
      const published = await keys.readPublished(at);
      const own = new Set(published.keys.map(({ publicJwk }) => thumbprint(publicJwk)));
      const others = former.filter(({ publicJwk, until }) => at < until && !own.has(thumbprint(publicJwk)));
      const retired = others.map((one): SigningKey => ({ state: 'retired', ...one }));
      return { ...published, keys: [...published.keys, ...retired].slice(0, MAX_KEYS) };
    },
  };
}
