import { signWith } from '../licence/possession.ts';
import { TOKEN_TYPES } from '../../contract/claims.ts';
import { randomBytes } from 'node:crypto';
import { VM_ENDPOINTS } from '../../contract/endpoints.ts';
import type { AttestedDocumentResponse, ChallengeRequest, LicenceRequest } from '../../contract/wire.ts';
import type { Run } from '../run.ts';
import type { Imds } from '../imds/imds.ts';
import type { PossessedKey } from '../licence/possession.ts';
import { parseJsonObject, textMember } from '../members.ts';
import type { JsonObject } from '../members.ts';
import { MAX_TOKEN } from '../tokens/compactToken.ts';
import { checkChallenge } from './challenge.ts';
import type { Challenge } from './challenge.ts';
import { ClientError } from '../clientError.ts';
import { RefusedError } from './refusedError.ts';
import { requestService } from './request.ts';
import type { ServiceAnswer } from './request.ts';

/** Whoever asks, and with what. */
export interface ExchangeContext {
  readonly run: Run;
  readonly imds: Imds;
  readonly key: PossessedKey;
}

/** What a request with evidence is made of. */
export interface Evidence {
  readonly challenge: string;
  readonly document: AttestedDocumentResponse;
  readonly proof: string;
}

/** Milliseconds that a challenge must still have, or a new one is asked for. */
const MIN_CHALLENGE_LEFT = 60_000;

/**
 * Challenge and document of one exchange with the service. A step that failed is repeated from where it stands: what has
 * been obtained is kept while the challenge has time left.
 */
export class Exchange {
  readonly #context: ExchangeContext;
  #challenge: { readonly value: Challenge; readonly askedAt: number } | undefined;
  #document: AttestedDocumentResponse | undefined;

  constructor(context: ExchangeContext) {
    this.#context = context;
  }

  /** Forgets everything: the service does not take this challenge. */
  startOver(): void {
    this.#challenge = undefined;
    this.#document = undefined;
  }

  /**
   * Obtains what is missing, and signs a proof for the path that the evidence is sent to.
   *
   * @throws {ClientError | RefusedError}
   */
  async prepare(path: string): Promise<Evidence> {
    const { key, run, imds } = this.#context;
    if (this.#isSpent()) this.startOver();
    this.#challenge ??= await this.#obtainChallenge();
    const { token, jti, nonce } = this.#challenge.value;
    this.#document ??= await imds.readDocument(nonce);
    const claims = { aud: run.session.settings.issuer + path, nonce: jti };
    const proof = await signProof(key, TOKEN_TYPES.proof, claims);
    return { challenge: token, document: this.#document, proof };
  }

  /** By the uptime since it was asked for, which no setting of the clock changes. */
  #isSpent(): boolean {
    if (this.#challenge === undefined) return false;
    const { value, askedAt } = this.#challenge;
    const age = this.#context.run.clocks.uptime() - askedAt;
    return age < 0 || value.life - age < MIN_CHALLENGE_LEFT;
  }

  async #obtainChallenge() {
    const { key, run } = this.#context;
    const { issuer } = run.session.settings;
    const askedAt = run.clocks.uptime();
    const request: ChallengeRequest = { key: key.jwk };
    const body = readBody(await requestService(run, VM_ENDPOINTS.issueChallenge.path, request), 201);
    const token = textMember(body, 'challenge', MAX_TOKEN);
    const nonce = textMember(body, 'nonce', 32);
    if (token === undefined || nonce === undefined) throw new ClientError('challenge_malformed');
    const value = checkChallenge(token, nonce, { issuer, thumbprint: key.thumbprint });
    run.report({ step: 'challenge' });
    return { value, askedAt };
  }
}

/**
 * @param claim a claim code to send along
 * @returns the licence as it came, still to be verified
 * @throws {ClientError | RefusedError}
 */
export async function requestLicence(run: Run, evidence: Evidence, claim: string | undefined): Promise<string> {
  const { client, label, offer } = run.session.settings;
  const request: LicenceRequest = {
    ...evidence,
    client,
    ...(offer === undefined ? {} : { offer }),
    ...(claim === undefined ? {} : { claim }),
    ...(label === undefined ? {} : { label }),
  };
  const body = readBody(await requestService(run, VM_ENDPOINTS.issueLicence.path, request), 200);
  const licence = textMember(body, 'licence', MAX_TOKEN);
  if (licence === undefined) throw new ClientError('service_answer_unusable', 'no licence in it');
  return licence;
}

/** @throws {ClientError | RefusedError} @returns RFC 3339 UTC: when another VM can have the seat */
export async function requestRelease(run: Run, evidence: Evidence, licence: string): Promise<string> {
  const body = readBody(await requestService(run, VM_ENDPOINTS.releaseLicence.path, { ...evidence, licence }), 200);
  const seatFreeAt = textMember(body, 'seatFreeAt', 64);
  if (seatFreeAt === undefined || Number.isNaN(Date.parse(seatFreeAt))) {
    throw new ClientError('service_answer_unusable', 'no seatFreeAt in it');
  }
  return seatFreeAt;
}

/** The JSON object of an answer with that status; anything else is a refusal, or not an answer of the service. */
function readBody(answer: ServiceAnswer, status: number): JsonObject {
  if (answer.status !== status) throw RefusedError.of(answer);
  const body = answer.mediaType === 'application/json' ? parseJsonObject(answer.text) : undefined;
  if (body === undefined) throw new ClientError('service_answer_unusable', 'not a JSON object');
  return body;
}

/**
 * Proves possession of a key: a compact JWS, ES256, by the key store, with a `jti` of its own.
 *
 * @param typ of the proof
 * @param claims what the proof is for
 * @throws {ClientError} `key_unusable`
 */
export async function signProof(key: PossessedKey, typ: string, claims: object): Promise<string> {
  const header = encode({ alg: 'ES256', typ, jwk: key.jwk });
  const payload = encode({ ...claims, jti: randomBytes(16).toString('base64url') });
  const signature = await signWith(key.pair, Buffer.from(`${header}.${payload}`, 'latin1'));
  return `${header}.${payload}.${Buffer.from(signature).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
