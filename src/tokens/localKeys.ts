import { isObject } from './canonicalJson.ts';
import type { SigningKey } from './keySet.ts';
import { createLocalSigner, SigningKeyError } from './localSigner.ts';
import { parsePublicJwk, thumbprint } from './publicJwk.ts';
import { SigningKeyUnavailableError } from './signer.ts';
import type { Signer } from './signer.ts';
import { ANY_KEY, MAX_KEYS } from './signingKeys.ts';
import type { MaySign, SigningKeys } from './signingKeys.ts';

/**
 * Signing keys that lie in this process: one key, or a JWK set of which the first signs and all are published. One that
 * is to come has its private half with it; of one that is retired the public half is enough.
 *
 * @param source a PKCS#8 PEM, the JSON of a private JWK (RFC 7518 section 6.2.2), or of a JWK set (RFC 7517 section 5)
 * @throws {SigningKeyError}
 */
export function createLocalKeys(source: string): SigningKeys & { readonly kids: readonly string[] } {
  const [first = source, ...others] = readSet(source) ?? [source];
  if (others.length >= MAX_KEYS) throw new SigningKeyError(`The JWK set has more than ${MAX_KEYS} keys.`);
  const signer = createLocalSigner(first);
  const rest = others.map(readOther);
  const keys: readonly SigningKey[] = [
    { state: 'current', publicJwk: signer.publicJwk },
    ...rest.map(({ key }) => key),
  ];
  const kids = keys.map(({ publicJwk }) => thumbprint(publicJwk));
  if (new Set(kids).size !== keys.length) {
    throw new SigningKeyError('The JWK set has a key twice. Name each once.');
  }
  const signers = [signer, ...rest.flatMap((one) => (one.signer === null ? [] : [one.signer]))];
  return {
    kids,
    readSigner: (_, choices = [ANY_KEY]) => Promise.resolve().then(() => chooseSigner(signers, choices)),
    readPublished: (at) => Promise.resolve({ keys, asOf: at, goodUntil: Number.POSITIVE_INFINITY, troubles: [] }),
  };
}

/** In the order in which the set has them. @throws {SigningKeyUnavailableError} */
function chooseSigner(signers: readonly Signer[], choices: readonly MaySign[]): Signer {
  for (const maySign of choices) {
    const signer = signers.find(({ kid }) => maySign(kid));
    if (signer !== undefined) return signer;
  }
  throw new SigningKeyUnavailableError('No key of the settings may sign.');
}

/** The keys of a JWK set, each as JSON; null where the text is none. */
function readSet(source: string): readonly string[] | null {
  if (!source.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(source);
    const keys = isObject(value) ? value['keys'] : undefined;
    return Array.isArray(keys) ? keys.map((key: unknown) => JSON.stringify(key)) : null;
  } catch {
    // Not JSON: whoever reads it as a key says so.
    return null;
  }
}

interface OtherKey {
  readonly key: SigningKey;
  /** Null where the private half is not there. */
  readonly signer: Signer | null;
}

function readOther(text: string): OtherKey {
  const value: unknown = JSON.parse(text);
  if (isObject(value) && Object.hasOwn(value, 'd')) {
    const signer = createLocalSigner(text);
    return { key: { state: 'next', publicJwk: signer.publicJwk, from: null }, signer };
  }
  const publicJwk = parsePublicJwk(value);
  if (publicJwk === null) throw new SigningKeyError('A key of the JWK set is not an EC key on P-256.');
  return { key: { state: 'retired', publicJwk, until: null }, signer: null };
}
