import { createHash, randomUUID } from 'node:crypto';
import { nonceFromDigest } from '../../../../src/contract/nonce.ts';
import { claimsOf, digest, hasMac, headerOf, inputOf, isSignedBy, macJws, thumbprintOf } from './jws.ts';
import type { Jwk, Members } from './jws.ts';
import { readAttested } from './simulatedImds.ts';
import { Vendor } from './vendor.ts';
import type { IssuedLicence } from './vendor.ts';

export const ISSUER = 'https://licences.example.com';
export const PRODUCT = 'contoso/analyzer';

const CHALLENGE_SECRET = 'challenges';
const CHALLENGE_SECONDS = 300;

/** What the service knows of one VM. */
export interface Activation {
  /** The keys in the order in which they came. */
  readonly jkts: string[];
  /** NumericDate: the latest `exp` of any licence issued. */
  leaseEnd: number;
  /** The newest challenge that was honoured. */
  newest: string;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The licence service of this world: it speaks the protocol, decides, and remembers what is true. */
export class SimulatedService {
  readonly vendor: Vendor;
  readonly activations = new Map<string, Activation>();
  readonly licences = new Map<string, IssuedLicence>();
  readonly denials = new Set<string>();
  /** VMs that an operator has stopped. */
  readonly suspended = new Set<string>();
  /** How many VMs may be licensed at a time. */
  seats = Infinity;
  readonly #now: () => number;

  constructor(now: () => number, vendor = new Vendor(ISSUER, PRODUCT)) {
    this.#now = now;
    this.vendor = vendor;
  }

  /** A service under the same keys that knows what this one knows. */
  clone(now: () => number): SimulatedService {
    const copy = new SimulatedService(now, this.vendor.clone());
    for (const [vmId, activation] of this.activations) {
      copy.activations.set(vmId, { ...activation, jkts: [...activation.jkts] });
    }
    for (const [token, licence] of this.licences) copy.licences.set(token, licence);
    return copy;
  }

  answer(path: string, body: string | undefined): ServiceAnswer {
    const { pathname, searchParams } = new URL(path, ISSUER);
    switch (pathname) {
      case '/.well-known/jwks.json':
        return json(200, { keys: this.vendor.publishedKeys() });
      case '/.well-known/jwks.jwt':
        return this.#answerKeySet(searchParams.get('root'));
      case '/v1/challenges':
        return this.#answerChallenge(JSON.parse(body ?? '') as Members);
      case '/v1/licences':
        return this.#answerLicence(JSON.parse(body ?? '') as Members);
      case '/v1/releases':
        return this.#answerRelease(JSON.parse(body ?? '') as Members);
      default:
        return problem(404, 'not_found');
    }
  }

  #answerKeySet(root: string | null): ServiceAnswer {
    const set = this.vendor.signKeySet(this.#seconds, root);
    if (set === undefined) return problem(404, 'not_found');
    return { status: 200, type: 'application/jwk-set+jwt', body: set };
  }

  #answerChallenge({ key }: Members): ServiceAnswer {
    const iat = this.#seconds;
    const jkt = thumbprintOf(key as Jwk);
    const exp = iat + CHALLENGE_SECONDS;
    const claims = { iss: ISSUER, iat, exp, ms: Math.floor(this.#now()), jti: randomUUID(), jkt };
    const challenge = macJws({ alg: 'HS256', typ: 'challenge+jwt', kid: 'a' }, claims, CHALLENGE_SECRET);
    return json(201, { challenge, nonce: nonceOf(challenge), expiresAt: new Date(exp * 1000).toISOString() });
  }

  #answerLicence(request: Members): ServiceAnswer {
    const evidence = this.#verify(request, '/v1/licences');
    if ('status' in evidence) return evidence;
    const { challenge, vmId, jkt, proof } = evidence;
    const known = this.activations.get(vmId);
    if (this.suspended.has(vmId)) return this.#deny('licence_suspended', evidence);
    if (known === undefined && this.activations.size >= this.seats) return this.#deny('seats_exhausted', evidence);
    const order = orderOf(challenge);
    if (known !== undefined && order <= known.newest) return problem(409, 'challenge_replayed');
    const activation = known ?? { jkts: [], leaseEnd: 0, newest: '' };
    if (activation.jkts.at(-1) !== jkt) activation.jkts.push(jkt);
    const licence = this.vendor.issue({ vmId, jkt, now: this.#seconds });
    activation.newest = order;
    activation.leaseEnd = Math.max(activation.leaseEnd, licence.claims.exp);
    this.activations.set(vmId, activation);
    this.licences.set(licence.token, { ...licence, proof });
    const { exp, licence: terms } = licence.claims;
    const [expiresAt, renewAfter] = [exp, terms.renewAfter].map((time) => new Date(time * 1000).toISOString());
    return json(200, { licence: licence.token, expiresAt, renewAfter });
  }

  #answerRelease(request: Members): ServiceAnswer {
    const evidence = this.#verify(request, '/v1/releases');
    if ('status' in evidence) return evidence;
    const leaseEnd = this.activations.get(evidence.vmId)?.leaseEnd ?? 0;
    return json(200, { seatFreeAt: new Date(leaseEnd * 1000).toISOString() });
  }

  #deny(code: string, { vmId, challenge, proof }: Evidence): ServiceAnswer {
    const jti = claimsOf(challenge)['jti'] as string;
    const denial = this.vendor.deny({ code, vmId, jti, pth: digest(proof), now: this.#seconds });
    this.denials.add(denial);
    return problem(403, code, { denial });
  }

  #verify({ challenge, document, proof }: Members, path: string): Evidence | ServiceAnswer {
    if (typeof challenge !== 'string' || typeof proof !== 'string') return problem(400, 'request_malformed');
    if (!hasMac(challenge, CHALLENGE_SECRET)) return problem(400, 'challenge_invalid');
    const { exp, jkt, jti } = claimsOf(challenge);
    if ((exp as number) <= this.#seconds) return problem(400, 'challenge_expired');
    const jwk = headerOf(proof)['jwk'] as Jwk;
    const { aud, nonce } = claimsOf(proof);
    const isProof = thumbprintOf(jwk) === jkt && aud === ISSUER + path && nonce === jti && isSignedBy(proof, jwk);
    if (!isProof) return problem(400, 'proof_invalid');
    const attested = readAttested((document as { signature: string }).signature);
    if (attested === undefined) return problem(422, 'signature_invalid');
    if (attested.nonce !== nonceOf(challenge)) return problem(422, 'nonce_mismatch');
    return { challenge, proof, jkt: jkt, vmId: attested.vmId };
  }

  get #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }
}

interface Evidence {
  readonly challenge: string;
  readonly proof: string;
  readonly jkt: string;
  readonly vmId: string;
}

function nonceOf(challenge: string): string {
  return nonceFromDigest(createHash('sha256').update(inputOf(challenge)).digest(), 'base32');
}

/** Compares like the time of issue, then the id. */
function orderOf(challenge: string): string {
  const { ms, jti } = claimsOf(challenge);
  return `${String(ms).padStart(16, '0')} ${String(jti)}`;
}

function json(status: number, body: object): ServiceAnswer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

/** A refusal as the service writes it. */
export function problem(status: number, code: string, more: object = {}): ServiceAnswer {
  const retryable = status === 429 || status >= 500;
  const body = { type: 'about:blank', title: code, status, code, detail: 'Simulated.', retryable, ...more };
  const document = { ...body, instance: '/', correlationId: 'c0ffee' };
  return { status, type: 'application/problem+json', body: JSON.stringify(document) };
}
