import { webcrypto } from 'node:crypto';
import type { LicenceClaims } from '../../../src/contract/claims.ts';
import { formatInstant } from '../../../src/contract/instants.ts';
import { createSigningKey } from '../../client/support/licenceService.ts';
import type { LicenceService, SigningKey } from '../../client/support/licenceService.ts';
import { licenceClaims, VM_ID } from '../../client/support/vectors.ts';

/** What the agent leaves for other programs, made by a test that has all the keys. */

export type FileName = 'state' | 'status.json' | 'licence.jwt' | 'jwks.jwt';
export type RunFiles = Partial<Record<FileName, string | undefined>>;

/** Members of an object, changed or (undefined) left out. */
type Change = Readonly<Record<string, unknown>>;

export interface TokenChange {
  readonly header?: Change;
  readonly claims?: Change;
  readonly key?: SigningKey;
}

export interface LicenceChange extends TokenChange {
  readonly terms?: Change;
  readonly azure?: Change;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs whatever it is given with ES256, also where the header says something else. */
export async function sign(header: unknown, claims: unknown, { privateKey }: SigningKey): Promise<string> {
  return signText(`${encode(header)}.${encode(claims)}`, privateKey);
}

export async function signText(signed: string, privateKey: SigningKey['privateKey']): Promise<string> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await webcrypto.subtle.sign(algorithm, privateKey, Buffer.from(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}

/** The vendor's service with its keys, and everything that can be signed with them or in their place. */
export class Vendor {
  readonly service: LicenceService;
  readonly root: SigningKey;
  /** Pinned too, and never used by the service. */
  readonly secondRoot: SigningKey;
  readonly key: SigningKey;
  readonly stranger: SigningKey;
  /** Seconds. */
  readonly now = Math.floor(Date.now() / 1000);

  private constructor(service: LicenceService, root: SigningKey, secondRoot: SigningKey, stranger: SigningKey) {
    this.service = service;
    this.root = root;
    this.secondRoot = secondRoot;
    this.key = service.key;
    this.stranger = stranger;
  }

  static async create(service: LicenceService): Promise<Vendor> {
    const [root] = service.roots;
    if (root === undefined) throw new Error('The service has no root.');
    return new Vendor(service, root, await createSigningKey(), await createSigningKey());
  }

  get issuer(): string {
    return this.service.issuer;
  }

  get rootKeys(): readonly string[] {
    return [this.root.kid, this.secondRoot.kid];
  }

  /** A key set that was issued an hour ago. */
  keySet({ header, claims, key = this.root }: TokenChange = {}): Promise<string> {
    const iat = this.now - 3600;
    const { issuer } = this;
    const { life, published: keys } = this.service;
    const sound = { iss: issuer, sub: issuer, iat, exp: iat + 30 * 86_400, life, keys };
    const soundHeader = { alg: 'ES256', typ: 'jwk-set+jwt', kid: key.kid, jwk: key.jwk };
    return sign({ ...soundHeader, ...header }, { ...sound, ...claims }, key);
  }

  /** A licence that was issued half an hour ago. */
  licence({ header, claims, terms, azure, key = this.key }: LicenceChange = {}): Promise<string> {
    const sound: LicenceClaims = licenceClaims(this.issuer, 'A'.repeat(43), (this.now - 1800) * 1000, VM_ID);
    const changed = {
      ...sound,
      azure: { ...sound.azure, ...azure },
      licence: { ...sound.licence, ...terms },
      ...claims,
    };
    return sign({ alg: 'ES256', typ: 'licence+jwt', kid: key.kid, ...header }, changed, key);
  }

  /** @param minutes from now to the next check */
  status(minutes = 55, more: object = {}): string {
    const [since, checkedAt, nextCheckAt] = [-90, -60, minutes].map((from) =>
      formatInstant(Date.now() + from * 60_000),
    );
    const features = { nextCheckAt: '2020-01-01T00:00:00Z' };
    const reason = 'Not the "nextCheckAt":"2020-01-01T00:00:00Z" of the agent.';
    return `${JSON.stringify({ state: 'licensed', code: null, reason, since, checkedAt, nextCheckAt, features, ...more })}\n`;
  }

  async files(): Promise<RunFiles> {
    return {
      state: 'licensed\n',
      'status.json': this.status(),
      'licence.jwt': await this.licence(),
      'jwks.jwt': await this.keySet(),
    };
  }
}
