import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  calculateJwkThumbprint,
  CompactSign,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
  exportJWK,
  generateKeyPair,
} from 'jose';
import type { CompactJWSHeaderParameters, CryptoKey, JWK } from 'jose';
import type { ChallengeClaims, LicenceClaims } from '../../../src/contract/claims.ts';
import { formatInstant } from '../../../src/contract/instants.ts';
import { nonceFromDigest } from '../../../src/contract/nonce.ts';
import type { LicenceRequest, NonceStyle, PublicJwk } from '../../../src/contract/wire.ts';
import { listen, readText } from './loopback.ts';
import type { Loopback } from './loopback.ts';
import { licenceClaims, PRODUCT } from './vectors.ts';

export interface Reply {
  readonly status: number;
  /** Text and octets are sent as they are, anything else as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A signing key with its public half and its name. */
export interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly jwk: PublicJwk;
  readonly kid: string;
}

/** What a test may put in the place of an answer: the faithful one is made first, and can be passed on altered. */
type Alteration = (reply: Reply, body: unknown) => Reply | Promise<Reply> | 'hang' | 'hang after headers' | 'reset';

/** What a test changes in a key set under the root. */
export interface KeySetChange {
  readonly claims?: object;
  readonly header?: object;
  readonly key?: SigningKey;
}

export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { x = '', y = '' } = await exportJWK(publicKey);
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y };
  return { privateKey, jwk, kid: await calculateJwkThumbprint(jwk) };
}

/**
 * A small service that keeps the protocol: it checks challenge, proof and nonce, and answers with a licence. It believes
 * documents, which is the verifier's part, not the client's.
 */
export class LicenceService {
  issuer = '';
  nonceStyle: NonceStyle = 'base32';
  key: SigningKey;
  /** Signs key sets; the first is asked for where no root is named. */
  roots: SigningKey[];
  /** Seconds: `iat` of the signed key sets; the present time where it is undefined. */
  keySetIssuedAt: number | undefined;
  life = 30 * 86_400;
  /** The code that the service denies with, instead of issuing. */
  denies: string | undefined;
  readonly secret = randomBytes(32);
  readonly requests: string[] = [];
  readonly licenceRequests: LicenceRequest[] = [];
  readonly releaseRequests: unknown[] = [];
  /** By path, without the query. */
  readonly alter = new Map<string, Alteration>();
  /** Its clock: milliseconds since the epoch. */
  now: () => number;
  #server: Loopback | undefined;

  constructor(key: SigningKey, root: SigningKey, now: () => number) {
    this.key = key;
    this.roots = [root];
    this.now = now;
  }

  static async start(now: () => number): Promise<LicenceService> {
    const service = new LicenceService(await createSigningKey(), await createSigningKey(), now);
    service.#server = await listen((request, response) => {
      void service.#serve(request, response);
    });
    service.issuer = service.#server.url;
    return service;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** Answers one path with this until told otherwise. */
  answer(path: string, reply: Reply): void {
    this.alter.set(path, () => reply);
  }

  /** Signs a token as the service does; header and key can be given. */
  async sign(
    claims: object,
    header: Partial<CompactJWSHeaderParameters> = {},
    key: SigningKey = this.key,
  ): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', typ: 'licence+jwt', kid: key.kid, ...header })
      .sign(key.privateKey, { crit: { x: true, b64: true } });
  }

  async challenge(alter: Partial<ChallengeClaims> & { jkt?: string }): Promise<{ challenge: string; nonce: string }> {
    const at = this.now();
    const seconds = Math.floor(at / 1000);
    const claims = { iss: this.issuer, iat: seconds, exp: seconds + 300, ms: at, jti: randomUUID(), ...alter };
    const challenge = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'HS256', typ: 'challenge+jwt', kid: 'c1' })
      .sign(this.secret);
    return { challenge, nonce: this.nonceOf(challenge) };
  }

  nonceOf(challenge: string): string {
    const signingInput = challenge.split('.').slice(0, 2).join('.');
    return nonceFromDigest(createHash('sha256').update(signingInput).digest(), this.nonceStyle);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '', this.issuer);
    this.requests.push(request.url ?? '');
    const text = await readText(request);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const faithful = await this.#reply(path, body, searchParams);
    const reply = (await this.alter.get(path)?.(faithful, body)) ?? faithful;
    if (reply === 'hang') return;
    if (reply === 'reset') {
      request.socket.destroy();
      return;
    }
    if (reply === 'hang after headers') {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      return;
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    const { body: sent } = reply;
    response.end(typeof sent === 'string' || sent instanceof Uint8Array ? sent : JSON.stringify(sent));
  }

  async #reply(path: string, body: unknown, query: URLSearchParams): Promise<Reply> {
    if (path === '/v1/challenges') return this.#replyToChallenge(body as { key: JWK });
    if (path === '/v1/licences') return this.#replyToLicence(body as LicenceRequest);
    if (path === '/v1/releases')
      return this.#replyToRelease(body as { licence: string; proof: string; challenge: string });
    if (path === '/.well-known/jwks.json') return { status: 200, body: { keys: this.published } };
    if (path === '/.well-known/jwks.jwt') return this.#replyToSignedKeySet(query.get('root'));
    if (path === '/.well-known/countersign') return { status: 200, body: { issuer: this.issuer } };
    return problem(404, 'not_found');
  }

  get published(): readonly object[] {
    return [{ ...this.key.jwk, kid: this.key.kid, use: 'sig', alg: 'ES256' }];
  }

  async #replyToSignedKeySet(root: string | null): Promise<Reply> {
    const key = root === null ? this.roots[0] : this.roots.find(({ kid }) => kid === root);
    if (key === undefined) return problem(404, 'not_found');
    return signedKeySetReply(await this.signKeySet({ key }));
  }

  /** A key set as the service signs it, or with something changed. */
  async signKeySet({ claims, header, key = this.roots[0] }: KeySetChange = {}): Promise<string> {
    if (key === undefined) throw new Error('There is no root.');
    const iat = this.keySetIssuedAt ?? Math.floor(this.now() / 1000);
    const { issuer: iss, life, published: keys } = this;
    const sound = { iss, sub: iss, iat, exp: iat + 30 * 86_400, life, keys };
    return this.sign({ ...sound, ...claims }, { typ: 'jwk-set+jwt', jwk: key.jwk, ...header }, key);
  }

  async #replyToChallenge({ key }: { key: JWK }): Promise<Reply> {
    const made = await this.challenge({ jkt: await calculateJwkThumbprint(key) });
    return { status: 201, body: { ...made, expiresAt: formatInstant(this.now() + 300_000) } };
  }

  async #replyToLicence(request: LicenceRequest): Promise<Reply> {
    this.licenceRequests.push(request);
    const challenge = await this.#verifyChallenge(request.challenge);
    if (challenge?.jkt === undefined) return problem(400, 'challenge_invalid');
    if (!(await this.#isProofGood(request.proof ?? '', challenge, '/v1/licences')))
      return problem(400, 'proof_invalid');
    const document = Buffer.from(request.document.signature, 'base64').toString('latin1');
    if (!document.includes(this.nonceOf(request.challenge))) return problem(422, 'nonce_mismatch');
    if (this.denies !== undefined) return this.denialReply(request, this.denies);
    const { vmId } = /"vmId":"(?<vmId>[0-9a-f-]{36})"/.exec(document)?.groups ?? {};
    const claims = licenceClaims(this.issuer, challenge.jkt, this.now(), vmId);
    return { status: 200, body: await this.licenceBody(claims) };
  }

  /** A refusal with a signed denial of this request, or with something changed in it. */
  async denialReply(
    { challenge, document, proof = '' }: LicenceRequest,
    code: string,
    { claims, header, key }: KeySetChange = {},
  ): Promise<Reply> {
    const text = Buffer.from(document.signature, 'base64').toString('latin1');
    const vmId = /"vmId":"([0-9a-f-]{36})"/.exec(text)?.[1] ?? '';
    const iat = Math.floor(this.now() / 1000);
    const pth = createHash('sha256').update(proof).digest('base64url');
    const { jti } = decodeJwt(challenge);
    const sound = { iss: this.issuer, sub: `urn:azure:vm:${vmId}`, aud: PRODUCT, code, iat, exp: iat + 300, jti, pth };
    const denial = await this.sign({ ...sound, ...claims }, { typ: 'licence-denial+jwt', ...header }, key);
    return problem(403, code, { denial });
  }

  async #replyToRelease(request: { licence: string; proof: string; challenge: string }): Promise<Reply> {
    this.releaseRequests.push(request);
    const challenge = await this.#verifyChallenge(request.challenge);
    if (challenge?.jkt === undefined) return problem(400, 'challenge_invalid');
    if (!(await this.#isProofGood(request.proof, challenge, '/v1/releases'))) return problem(400, 'proof_invalid');
    return { status: 200, body: { seatFreeAt: formatInstant(this.now() + 3_600_000) } };
  }

  async licenceBody(claims: LicenceClaims): Promise<object> {
    return {
      licence: await this.sign(claims),
      expiresAt: formatInstant(claims.exp * 1000),
      renewAfter: formatInstant(claims.licence.renewAfter * 1000),
    };
  }

  async #verifyChallenge(token: string): Promise<ChallengeClaims | undefined> {
    try {
      const { payload } = await compactVerify(token, this.secret, { algorithms: ['HS256'] });
      return JSON.parse(Buffer.from(payload).toString('utf8')) as ChallengeClaims;
    } catch {
      return undefined;
    }
  }

  async #isProofGood(proof: string, challenge: ChallengeClaims, path: string): Promise<boolean> {
    try {
      const { payload } = await compactVerify(proof, EmbeddedJWK, { algorithms: ['ES256'] });
      const { typ, jwk } = decodeProtectedHeader(proof);
      const claims = JSON.parse(Buffer.from(payload).toString('utf8')) as Record<string, unknown>;
      const ours =
        claims['aud'] === `${this.issuer}${path}` &&
        claims['nonce'] === challenge.jti &&
        typeof claims['jti'] === 'string';
      return typ === 'proof+jwt' && ours && (await calculateJwkThumbprint(jwk ?? {})) === challenge.jkt;
    } catch {
      return false;
    }
  }
}

export function signedKeySetReply(token: string): Reply {
  return { status: 200, body: token, headers: { 'content-type': 'application/jwk-set+jwt' } };
}

/** A problem document as the service writes them. */
export function problem(status: number, code: string, more: object = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: {
      type: `https://docs.example.test/problems/${code}`,
      title: code,
      status,
      code,
      detail: `What to do about ${code}.`,
      instance: '/v1/licences',
      retryable: false,
      correlationId: 'c-1',
      ...more,
    },
  };
}
