import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { p256 } from '@noble/curves/nist.js';
import { onTestFinished } from 'vitest';
import { createKeyRing } from '../../src/emulator/authority/keys.ts';
import { issueCertificate } from '../../src/emulator/authority/issueCertificate.ts';
import { thumbprint } from '../../src/tokens/publicJwk.ts';
import { TestClock } from './testClock.ts';

/**
 * A fake of Azure Key Vault's keys over https, for the real client: the 401 challenge, versions in pages, sign on a
 * ready digest, and the ways in which a vault fails. Times are milliseconds since the epoch; the vault has seconds.
 */

export const TENANT = '72f988bf-0000-4000-8000-000000000001';
export const KEY_NAME = 'licence-signing';
/** What its identity shows it. */
export const VAULT_TOKEN = 'the-token-of-the-identity';
/** A name that the vault’s certificate is for, beside its address: vaults of the public cloud have such names. */
export const VAULT_HOST = 'stand-in.vault.azure.net';
/** The real one has 25. */
const PAGE_SIZE = 2;
/** Milliseconds that a client waits for one answer. */
const ATTEMPT = 1_000;

export interface FakeVersion {
  readonly id: string;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly secretKey: Uint8Array;
  kty: 'EC' | 'EC-HSM' | 'RSA';
  crv: string;
  operations: readonly string[];
  enabled: boolean;
  created: number;
  updated: number;
  notBefore: number | null;
  expires: number | null;
}

/** What goes wrong with one request; the ones after it are answered. */
export type VaultFault =
  | { readonly status: number; readonly code?: string; readonly retryAfter?: number }
  /** No answer; half of one; the connection closed; no JSON; another answer than was asked for. */
  | 'hang'
  | 'half'
  | 'close'
  | 'noJson'
  | 'empty'
  | 'otherSignature'
  | 'derSignature';

export class FakeVault {
  readonly versions: FakeVersion[] = [];
  /** `METHOD path status`, the version's name shortened to its place. */
  readonly requests: string[] = [];
  readonly tokens: { readonly scope: unknown; readonly tenant: unknown }[] = [];
  /** Measures the time of its clients: a vault that does not answer lets a try's time pass. */
  readonly clock = new TestClock();
  /** What the vault's clock says. */
  now: () => number = Date.now;
  /** Whether it lets the identity in. */
  isOpen = true;
  /** What the real one does with `get` on a disabled version is told in two ways. */
  showsDisabled = false;
  #faults: { readonly fault: VaultFault; readonly on: RegExp }[] = [];
  #origin = '';
  #certificate = '';

  get keyUrl(): string {
    return `${this.#origin}/keys/${KEY_NAME}`;
  }

  /** PEM of its certificate, which is its own authority. */
  get certificate(): string {
    return this.#certificate;
  }

  /** What a client of this vault needs. */
  get access() {
    return {
      credential: { getToken: (scope: unknown, options?: object) => this.#giveToken(scope, options) },
      clientOptions: { disableChallengeResourceVerification: true, tlsOptions: { ca: this.#certificate } },
      limits: { budget: 6_000, attempt: ATTEMPT, clock: this.clock },
    };
  }

  /** Makes a new version, as rotating the key does. */
  addVersion(change: Partial<FakeVersion> = {}): FakeVersion {
    const { secretKey, publicKey } = p256.keygen();
    const created = change.created ?? this.now();
    const made: FakeVersion = {
      ...{ id: randomBytes(16).toString('hex'), kid: thumbprint(readPoint(publicKey)), secretKey },
      ...{ kty: 'EC', crv: 'P-256', operations: ['sign', 'verify'], enabled: true },
      ...{ created, updated: created, notBefore: null, expires: null },
      ...change,
    };
    this.versions.push(made);
    return made;
  }

  change(version: FakeVersion, change: Partial<FakeVersion>): void {
    Object.assign(version, { updated: this.now(), ...change });
  }

  /** The next requests that match fail, one fault each. */
  fail(on: 'sign' | 'list' | 'get' | 'any', ...faults: VaultFault[]): void {
    const patterns = { sign: /\/sign$/, list: /\/versions$/, get: /^GET .*\/[0-9a-f]{32}$/, any: /./ };
    this.#faults.push(...faults.map((fault) => ({ fault, on: patterns[on] })));
  }

  /** Whatever was to fail yet does not. */
  recover(): void {
    this.#faults.length = 0;
  }

  /** @param host the name under which its clients know it */
  async start(host: string): Promise<this> {
    const now = Date.now();
    const { pem, keys } = await issueCertificate({
      subject: 'CN=vault.example.test',
      keys: await createKeyRing()('vault', 'p-256'),
      notBefore: now - 60_000,
      notAfter: now + 86_400_000,
      names: [
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: VAULT_HOST },
      ],
    });
    this.#certificate = pem;
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const server = createServer({ cert: pem, key }, (request, response) => void this.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#origin = `https://${host}:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return this;
  }

  #giveToken(scope: unknown, options: { tenantId?: unknown } = {}) {
    this.tokens.push({ scope, tenant: options.tenantId });
    return Promise.resolve({ token: VAULT_TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks = (await request.toArray()) as Buffer[];
    const url = new URL(request.url ?? '/', this.#origin);
    const asked = `${request.method ?? ''} ${url.pathname.replace(/\/$/, '')}`;
    const reply = this.#answer(request, asked, url, Buffer.concat(chunks));
    this.requests.push(`${this.#shorten(asked)} ${reply.status}`);
    const fault = reply.status === 401 ? null : this.#takeFault(asked);
    if (fault === null) send(response, reply);
    else this.#misbehave(response, reply, fault);
  }

  #shorten(asked: string): string {
    return this.versions.reduce((text, { id }, place) => text.replace(id, `v${place + 1}`), asked);
  }

  #takeFault(asked: string): VaultFault | null {
    const place = this.#faults.findIndex(({ on }) => on.test(asked));
    return place < 0 ? null : (this.#faults.splice(place, 1)[0]?.fault ?? null);
  }

  #answer(request: IncomingMessage, asked: string, url: URL, body: Buffer): FakeReply {
    if (request.headers.authorization !== `Bearer ${VAULT_TOKEN}`) return unauthorized(body);
    if (!this.isOpen) return refusal(403, 'Forbidden', 'ForbiddenByRbac');
    if (url.searchParams.get('api-version') === null) return refusal(400, 'BadParameter');
    const [method = '', , collection, name, id, operation] = asked.split(/[ /]/);
    if (collection !== 'keys' || name !== KEY_NAME) return refusal(404, 'KeyNotFound');
    if (method === 'GET' && id === 'versions') return this.#list(Number(url.searchParams.get('$skiptoken') ?? 0));
    const version = this.versions.find((one) => one.id === id);
    if (version === undefined) return refusal(404, 'KeyNotFound');
    if (method === 'GET' && operation === undefined) return this.#get(version);
    return method === 'POST' && operation === 'sign' ? this.#sign(version, body) : refusal(405, 'BadMethod');
  }

  #list(start: number): FakeReply {
    // By their names, as the real one does: that is no order of time.
    const sorted = this.versions.toSorted((left, right) => (left.id < right.id ? -1 : 1));
    const value = sorted
      .slice(start, start + PAGE_SIZE)
      .map((version) => ({ kid: this.#nameOf(version), attributes: attributesOf(version) }));
    const next = start + PAGE_SIZE;
    const nextLink = `${this.keyUrl}/versions?api-version=7.6&$skiptoken=${next}`;
    return { status: 200, body: { value, nextLink: next < sorted.length ? nextLink : null } };
  }

  #get(version: FakeVersion): FakeReply {
    if (!version.enabled && !this.showsDisabled) return refusal(403, 'Forbidden', 'KeyDisabled');
    const { x, y } = readPoint(p256.getPublicKey(version.secretKey));
    const { kty, crv, operations } = version;
    const point = kty === 'RSA' ? { n: 'AQAB', e: 'AQAB' } : { crv, x, y };
    const key = { kid: this.#nameOf(version), kty, key_ops: operations, ...point };
    return { status: 200, body: { key, attributes: attributesOf(version) } };
  }

  #sign(version: FakeVersion, body: Buffer): FakeReply {
    const now = this.now();
    if (!version.enabled) return refusal(403, 'Forbidden', 'KeyDisabled');
    if ((version.notBefore ?? now) > now) return refusal(403, 'Forbidden', 'KeyNotYetValid');
    if (now >= (version.expires ?? Infinity)) return refusal(403, 'Forbidden', 'KeyExpired');
    if (!version.operations.includes('sign')) return refusal(403, 'Forbidden', 'KeyOperationForbidden');
    const { alg, value } = JSON.parse(body.toString()) as { alg?: string; value?: string };
    const digest = Buffer.from(value ?? '', 'base64url');
    if (alg !== 'ES256' || digest.length !== 32) return refusal(400, 'BadParameter');
    return { status: 200, body: { kid: this.#nameOf(version), value: sign(digest, version.secretKey) } };
  }

  #misbehave(response: ServerResponse, reply: FakeReply, fault: VaultFault): void {
    const text = JSON.stringify(reply.body);
    if (typeof fault === 'object') {
      const { status, code = 'Fault', retryAfter } = fault;
      send(response, { ...refusal(status, code), ...(retryAfter === undefined ? {} : { retryAfter }) });
    } else if (fault === 'half') {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': text.length });
      response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
    } else if (fault === 'close') response.socket?.destroy();
    else if (fault === 'noJson') response.writeHead(200, { 'Content-Type': 'application/json' }).end(text.slice(0, -2));
    else if (fault === 'empty') send(response, { status: 200, body: {} });
    else if (fault === 'hang') this.clock.pass(ATTEMPT);
    else {
      send(response, { status: 200, body: { ...reply.body, value: otherSignature(fault, reply) } });
    }
  }

  #nameOf({ id }: FakeVersion): string {
    return `${this.keyUrl}/${id}`;
  }
}

interface FakeReply {
  readonly status: number;
  readonly body: object;
  readonly challenge?: string;
  readonly retryAfter?: number;
}

/** Starts a vault for the test that calls this; it has no version yet. */
export function startVault(host = '127.0.0.1'): Promise<FakeVault> {
  return new FakeVault().start(host);
}

function send(response: ServerResponse, { status, body, challenge, retryAfter }: FakeReply): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    ...(challenge === undefined ? {} : { 'WWW-Authenticate': challenge }),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  });
  response.end(JSON.stringify(body));
}

/** The client withholds its body until it knows whom it is talking to. */
function unauthorized(body: Buffer): FakeReply {
  if (body.length > 0) return refusal(400, 'BodyBeforeChallenge');
  const authority = `https://login.microsoftonline.com/${TENANT}`;
  const challenge = `Bearer authorization="${authority}", resource="https://vault.azure.net"`;
  return { ...refusal(401, 'Unauthorized'), challenge };
}

function refusal(status: number, code: string, inner?: string): FakeReply {
  const innererror = inner === undefined ? {} : { innererror: { code: inner } };
  return { status, body: { error: { code, message: 'Refused by the fake of the vault.', ...innererror } } };
}

function attributesOf({ enabled, created, updated, notBefore, expires }: FakeVersion): object {
  const seconds = (time: number) => Math.floor(time / 1000);
  return {
    ...{ enabled, created: seconds(created), updated: seconds(updated), recoveryLevel: 'Recoverable' },
    ...(notBefore === null ? {} : { nbf: seconds(notBefore) }),
    ...(expires === null ? {} : { exp: seconds(expires) }),
  };
}

function readPoint(publicKey: Uint8Array) {
  const octets = p256.Point.fromBytes(publicKey).toBytes(false);
  const text = (start: number) => Buffer.from(octets.subarray(start, start + 32)).toString('base64url');
  return { kty: 'EC', crv: 'P-256', x: text(1), y: text(33) } as const;
}

function sign(digest: Uint8Array, secretKey: Uint8Array): string {
  return Buffer.from(p256.sign(digest, secretKey, { prehash: false, lowS: false })).toString('base64url');
}

/** A signature by another key, or the right one in the form that X.509 has. */
function otherSignature(fault: 'otherSignature' | 'derSignature', { body }: FakeReply): string {
  if (fault === 'otherSignature') return sign(randomBytes(32), p256.keygen().secretKey);
  const { value = '' } = body as { value?: string };
  const signature = p256.Signature.fromBytes(Buffer.from(value, 'base64url'));
  return Buffer.from(signature.toBytes('der')).toString('base64url');
}
