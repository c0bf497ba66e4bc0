import { createECDH, createPrivateKey, hash, sign } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ImdsReply } from '../../../src/client/adapters.ts';

/**
 * What one released client said to the service of its time, and what that answered. A recording is never changed: the
 * clients that it stands for are in VM images.
 */
export interface Recording {
  /** The version of the client. */
  readonly client: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly issuer: string;
  /** How each code that the service could answer with was to be taken. */
  readonly problems: Readonly<Record<string, { readonly status: number; readonly retryable: boolean }>>;
  readonly steps: readonly RecordedStep[];
}

/** One call of the client's own interface. */
export interface Step {
  readonly name: string;
  readonly vm: string;
  readonly call: 'check' | 'renew' | 'release';
  /** Milliseconds since the step before. */
  readonly after?: number;
  /** Whether the client pins the root key; else it takes the key set on first use. */
  readonly rooted: boolean;
  readonly options?: { readonly claim?: string; readonly label?: string; readonly offer?: string };
}

export interface RecordedStep extends Step {
  readonly exchanges: readonly Exchange[];
  /** By path. */
  readonly imds: Readonly<Record<string, ImdsReply>>;
  /** What the client made of it. */
  readonly outcome: Readonly<Record<string, unknown>>;
}

export interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly answer: RecordedAnswer;
}

export interface RecordedAnswer {
  readonly status: number;
  /** Those that a client may read. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const HEADERS = ['content-type', 'retry-after'] as const;

export async function recordAnswer(response: Response): Promise<RecordedAnswer> {
  const headers = HEADERS.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { status: response.status, headers: Object.fromEntries(headers), text: await response.text() };
}

const RECORDING = /^client-(.+)\.json$/;

export function readRecordings(): readonly Recording[] {
  const names = readdirSync(import.meta.dirname).filter((name) => RECORDING.test(name));
  return names.map((name) => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as Recording);
}

export function recordingFile(version: string): string {
  return join(import.meta.dirname, `client-${version}.json`);
}

export interface NamedKey {
  readonly privateKey: KeyObject;
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
  readonly pem: string;
  /** RFC 7638 */
  readonly thumbprint: string;
}

/** A P-256 key that is made of its name, so that no recording has a private key in it. */
export function keyOf(name: string): NamedKey {
  const d = hash('sha256', `countersign wire recording: ${name}`, 'buffer');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url')) as [
    string,
    string,
  ];
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  const key: JsonWebKey = { ...jwk, d: d.toString('base64url') };
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  const thumbprint = hash('sha256', JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x, y }), 'base64url');
  return { privateKey, jwk, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), thumbprint };
}

export function signEs256(key: NamedKey, octets: Uint8Array): Uint8Array {
  return sign('sha256', octets, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
}

/** A compact JWS with the parts of another. */
export function signToken(key: NamedKey, header: unknown, claims: unknown): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${Buffer.from(signEs256(key, Buffer.from(input))).toString('base64url')}`;
}

export interface ReadToken {
  readonly header: unknown;
  readonly claims: unknown;
}

/** A token's parts, whoever signed it; null for any other text. */
export function readToken(text: string): ReadToken | null {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return null;
  try {
    const [header, claims] = text
      .split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown);
    return { header, claims };
  } catch {
    return null;
  }
}
