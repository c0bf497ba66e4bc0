import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { PublicJwk } from '../contract/wire.ts';
import { asEs256Key, signEs256, verifyEs256 } from './es256.ts';
import type { Es256Key } from './es256.ts';
import { UNREADABLE_PEM, findKeyFault } from './keyFault.ts';
import { parsePublicJwk, thumbprint } from './publicJwk.ts';
import type { Signer } from './signer.ts';

/** The configured key cannot be a signing key or a root key. The message says what to do and carries no part of the key. */
export class SigningKeyError extends Error {
  override readonly name = 'SigningKeyError';
}

const HOW_TO =
  'Give an unencrypted PKCS#8 PEM or a private JWK on curve P-256. Only if there has never been a key, make one: ' +
  'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256';

/** What a key is called where it cannot be used. */
type KeyName = 'signing key' | 'root key';

/**
 * A signer whose key lies in this process.
 *
 * @param source a PKCS#8 PEM, or the JSON text of a private JWK (RFC 7518 section 6.2.2)
 * @throws {SigningKeyError}
 */
export function createLocalSigner(source: string, name: KeyName = 'signing key'): Signer {
  const privateKey = asEs256Key(readPrivateKey(source.trim(), name));
  const publicJwk = readPublicJwk(privateKey, name);
  const signer = {
    kid: thumbprint(publicJwk),
    publicJwk,
    sign: (signingInput: Uint8Array) => Promise.resolve(signEs256(privateKey, signingInput)),
  };
  checkPair(privateKey, name);
  return signer;
}

function readPrivateKey(text: string, name: KeyName): KeyObject {
  const fault = findKeyFault(text);
  if (fault !== null) throw new SigningKeyError(`The ${name} ${fault}`);
  if (text.startsWith('{')) return readJwk(text, name);
  if (text.startsWith('-----BEGIN PRIVATE KEY-----')) {
    return readKey(() => createPrivateKey(text), `The ${name} ${UNREADABLE_PEM}`);
  }
  throw new SigningKeyError(`The ${name} is neither PKCS#8 PEM nor a JWK. ${HOW_TO}`);
}

function readJwk(text: string, name: KeyName): KeyObject {
  const fault = `The ${name} cannot be read. ${HOW_TO}`;
  return readKey(() => createPrivateKey({ key: JSON.parse(text) as Record<string, string>, format: 'jwk' }), fault);
}

/** The cause is dropped on purpose: a parser's message may quote what it read. */
function readKey(read: () => KeyObject, fault: string): KeyObject {
  try {
    return read();
  } catch {
    throw new SigningKeyError(fault);
  }
}

function readPublicJwk(privateKey: KeyObject, name: KeyName): PublicJwk {
  if (privateKey.asymmetricKeyType !== 'ec' || privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new SigningKeyError(`The ${name} is not on curve P-256. ${HOW_TO}`);
  }
  const jwk = parsePublicJwk(createPublicKey(privateKey).export({ format: 'jwk' }));
  if (jwk === null) throw new SigningKeyError(`The ${name} has no usable public half. ${HOW_TO}`);
  return jwk;
}

/** A JWK names both halves of its key, and node:crypto does not ask whether they belong together. */
function checkPair(privateKey: Es256Key, name: KeyName): void {
  const probe = Buffer.from('countersign');
  if (!verifyEs256(asEs256Key(createPublicKey(privateKey)), probe, signEs256(privateKey, probe))) {
    throw new SigningKeyError(`The public half of the ${name} is not that of its private half. ${HOW_TO}`);
  }
}
