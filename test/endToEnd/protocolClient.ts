import { generateKeyPairSync, hash, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { SignJWT } from 'jose';

/**
 * A client written from the protocol alone: it shares no code with the shipped one, so that a misunderstanding which
 * service and client have in common shows.
 */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ClientKey {
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly privateKey: KeyObject;
}

export interface Challenge {
  readonly challenge: string;
  readonly nonce: string;
}

export function createKey(): ClientKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { jwk: publicKey.export({ format: 'jwk' }), privateKey };
}

export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  let response = await fetch(url, { redirect: 'error', ...init });
  // A connection that waited too long for its request, in a storm: RFC 9110 section 15.5.9 lets it be sent again.
  for (let tries = 1; response.status === 408 && tries < 5; tries += 1) {
    await response.body?.cancel();
    response = await fetch(url, { redirect: 'error', ...init });
  }
  const text = await response.text();
  let body: unknown = {};
  try {
    body = JSON.parse(text);
  } catch {
    // Not every answer is JSON; those that must be are compared by their members.
  }
  return { status: response.status, headers: response.headers, text, body: body as Answer['body'] };
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return send(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export async function askChallenge(baseUrl: string, key?: ClientKey): Promise<Challenge> {
  const { body } = await post(`${baseUrl}/v1/challenges`, key === undefined ? {} : { key: key.jwk });
  return { challenge: String(body['challenge']), nonce: String(body['nonce']) };
}

/** The payload of a token, unverified. */
export function readPayload(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

export function prove({ challenge }: Challenge, key: ClientKey, audience: string): Promise<string> {
  return new SignJWT({ aud: audience, nonce: String(readPayload(challenge)['jti']) })
    .setProtectedHeader({ alg: 'ES256', typ: 'proof+jwt', jwk: key.jwk })
    .sign(key.privateKey);
}

/** IMDS's answer for one VM of the emulator; null where the emulator has no such VM. */
export async function readDocument(imdsUrl: string, vm: string, nonce: string): Promise<unknown> {
  const url = `${imdsUrl}/vms/${vm}/metadata/attested/document?api-version=2021-02-01&nonce=${nonce}`;
  for (;;) {
    const answer = await send(url, { headers: { Metadata: 'true' } });
    // An emulator that somebody else started answers five requests a second, and a case may need more.
    if (answer.status !== 429) return answer.status === 200 ? answer.body : null;
    await pauseFor(250);
  }
}

export interface BootOptions {
  readonly baseUrl: string;
  readonly issuer: string;
  readonly imdsUrl: string;
  readonly vm: string;
  readonly key?: ClientKey;
  /** Over the members of the request. */
  readonly change?: Readonly<Record<string, unknown>>;
}

/** A whole boot: challenge, document, proof where there is a key, licence. */
export async function boot({ baseUrl, issuer, imdsUrl, vm, key, change }: BootOptions): Promise<Answer> {
  const challenge = await askChallenge(baseUrl, key);
  const document = await readDocument(imdsUrl, vm, challenge.nonce);
  const proof = key === undefined ? {} : { proof: await prove(challenge, key, `${issuer}/v1/licences`) };
  return post(`${baseUrl}/v1/licences`, { challenge: challenge.challenge, document, ...proof, ...change });
}

/** Gives the seat of `licence` back: challenge, document, proof for the endpoint of releases. */
export async function release(options: BootOptions & { readonly licence: string }): Promise<Answer> {
  const { baseUrl, issuer, imdsUrl, vm, key, licence, change } = options;
  const challenge = await askChallenge(baseUrl, key);
  const document = await readDocument(imdsUrl, vm, challenge.nonce);
  const proof = key === undefined ? {} : { proof: await prove(challenge, key, `${issuer}/v1/releases`) };
  return post(`${baseUrl}/v1/releases`, { challenge: challenge.challenge, document, licence, ...proof, ...change });
}

export interface FileOptions {
  readonly issuer: string;
  readonly imdsUrl: string;
  readonly vm: string;
  readonly key: ClientKey;
  readonly product: string;
  /** The key that the document names, where that is not the one of the proof. */
  readonly namedKey?: ClientKey;
  /** The document that is sent, of the one that IMDS answered with: in base64. */
  readonly changeDocument?: (signature: string) => string;
  /** Over the claims of the proof. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly typ?: string;
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

function base32(octets: Uint8Array): string {
  const bits = [...octets].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => BASE32.charAt(Number.parseInt(five, 2))).join('');
}

/** RFC 7638. */
export function thumbprintOf({ jwk: { crv, kty, x, y } }: ClientKey): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}

/** What a VM without a way out writes for `POST /operator/v1/offline-activations`. */
export async function writeRequestFile(options: FileOptions) {
  const { issuer, imdsUrl, vm, key, product, namedKey = key, changeDocument, claims, typ } = options;
  const nonce = base32(hash('sha256', `countersign-offline${thumbprintOf(namedKey)}`, 'buffer')).slice(0, 32);
  const { encoding, signature: own } = (await readDocument(imdsUrl, vm, nonce)) as Record<string, string>;
  const signature = changeDocument?.(String(own)) ?? String(own);
  const said = {
    aud: `${issuer}/operator/v1/offline-activations`,
    product,
    jti: randomBytes(16).toString('base64url'),
    doc: hash('sha256', Buffer.from(signature, 'base64'), 'base64url'),
  };
  const proof = await new SignJWT({ ...said, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: typ ?? 'offline-proof+jwt', jwk: key.jwk })
    .sign(key.privateKey);
  return { document: { encoding, signature }, proof };
}
