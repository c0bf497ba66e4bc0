import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import type { JWK } from 'jose';
import { send } from '../endToEnd/protocolClient.ts';
import type { Answer } from '../endToEnd/protocolClient.ts';

/**
 * What a client that carries root keys believes, written from the protocol alone: it shares no code with the service nor
 * with the shipped client.
 */

interface KeySet {
  readonly iss: string;
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
  readonly life: number;
  readonly keys: readonly (JWK & { readonly kid: string })[];
}

interface Times {
  readonly iat: number;
  readonly exp: number;
  readonly licence: { readonly renewAfter: number; readonly graceUntil: number };
}

export class RootedClient {
  readonly #issuer: string;
  readonly #rootKeys: readonly string[];
  readonly #now: () => number;
  /** The newest set that was seen. */
  kept: KeySet | null = null;

  /** @param now milliseconds since the epoch */
  constructor(issuer: string, rootKeys: readonly string[], now: () => number) {
    this.#issuer = issuer;
    this.#rootKeys = rootKeys;
    this.#now = now;
  }

  /** Fetches the set under the first pin that is in force, and keeps it where it counts. The last answer is returned. */
  async fetchSet(baseUrl: string): Promise<Answer> {
    let answer: Answer | undefined;
    for (const root of this.#rootKeys) {
      answer = await send(`${baseUrl}/.well-known/jwks.jwt?root=${root}`);
      if (answer.status === 200) await this.#keep(answer.text, root);
      if (answer.status !== 404) return answer;
    }
    if (answer === undefined) throw new Error('The client carries no root key.');
    return answer;
  }

  /** Whether the licence counts under the set that is kept, or else under the one that is served now. */
  async believes(licence: string, baseUrl: string): Promise<boolean> {
    if (await this.#counts(licence)) return true;
    await this.fetchSet(baseUrl);
    return this.#counts(licence);
  }

  async #counts(licence: string): Promise<boolean> {
    const key = this.#findKey(decodeProtectedHeader(licence).kid ?? '');
    if (key === undefined || this.kept === null) return false;
    const options = {
      ...{ issuer: this.#issuer, algorithms: ['ES256'], typ: 'licence+jwt' },
      // The clocks of two machines may differ by two minutes.
      ...{ currentDate: new Date(this.#now()), clockTolerance: 120 },
    };
    const { payload } = await jwtVerify(licence, await importJWK(key, 'ES256'), options);
    const { iat, exp, licence: times } = payload as unknown as Times;
    const isOrdered = times.renewAfter <= exp && exp <= times.graceUntil;
    return isOrdered && iat <= this.kept.exp && times.graceUntil - iat <= this.kept.life;
  }

  #findKey(kid: string): JWK | undefined {
    return this.kept?.keys.find((key) => key.kid === kid);
  }

  async #keep(token: string, root: string): Promise<void> {
    const header = decodeProtectedHeader(token);
    const jwk = header.jwk as JWK;
    const isExact = Object.keys(header).sort().join() === 'alg,jwk,kid,typ' && header.typ === 'jwk-set+jwt';
    if (!isExact || header.kid !== root || (await calculateJwkThumbprint(jwk)) !== root)
      throw new Error('another root');
    const { payload } = await compactVerify(token, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] });
    const set = JSON.parse(Buffer.from(payload).toString()) as KeySet;
    if (set.iss !== this.#issuer || set.sub !== this.#issuer) throw new Error('another issuer');
    if (set.exp - set.iat > 92 * 86_400 || this.#now() >= set.exp * 1_000) throw new Error('too long, or over');
    if (this.kept === null || set.iat >= this.kept.iat) this.kept = set;
  }
}
