import { randomUUID } from 'node:crypto';
import { createSigningKey, signJws } from './jws.ts';
import type { Jwk, SigningKey } from './jws.ts';

const DAY = 86_400;

/** Seconds from the issue of a licence. */
export const TERMS = { renewAfter: 12 * 3600, lifetime: DAY, grace: 7 * DAY, life: 30 * DAY, keySet: 30 * DAY };

export interface LicenceClaims {
  readonly iat: number;
  readonly exp: number;
  readonly cnf: { readonly jkt: string };
  readonly azure: { readonly vmId: string };
  readonly licence: { readonly renewAfter: number; readonly graceUntil: number };
}

export interface IssuedLicence {
  readonly token: string;
  readonly claims: LicenceClaims;
  /** That it answers. */
  readonly proof?: string;
}

/** Whoever holds signing keys and a root key: the vendor, or somebody who plays one. */
export class Vendor {
  readonly issuer: string;
  readonly product: string;
  roots: readonly SigningKey[] = [createSigningKey()];
  /** The first one signs. */
  keys: readonly SigningKey[] = [createSigningKey()];
  /** Every key set that was ever handed out. */
  readonly keySets: Set<string>;
  #signed:
    { readonly iat: number; readonly keys: readonly SigningKey[]; readonly byRoot: Map<string, string> } | undefined;

  constructor(issuer: string, product: string, keySets: Iterable<string> = []) {
    this.issuer = issuer;
    this.product = product;
    this.keySets = new Set(keySets);
  }

  /** Somebody with the same keys, who goes on alone from here. */
  clone(): Vendor {
    const copy = new Vendor(this.issuer, this.product, this.keySets);
    copy.roots = this.roots;
    copy.keys = this.keys;
    copy.#signed = this.#signed;
    return copy;
  }

  get root(): SigningKey {
    return first(this.roots);
  }

  get signingKey(): SigningKey {
    return first(this.keys);
  }

  publishedKeys(): (Jwk & { readonly kid: string; readonly alg: 'ES256'; readonly use: 'sig' })[] {
    return this.keys.map(({ jwk, thumbprint }) => ({ ...jwk, kid: thumbprint, alg: 'ES256', use: 'sig' }));
  }

  /**
   * The set that is in force: signed anew when the keys change and when half its life is over.
   *
   * @param root thumbprint; null for the first
   * @returns undefined where that root is not in force
   */
  signKeySet(now: number, root: string | null): string | undefined {
    const signer = root === null ? this.root : this.roots.find(({ thumbprint }) => thumbprint === root);
    if (signer === undefined) return undefined;
    const signed = this.#signed;
    const isFresh = signed?.keys === this.keys && now < signed.iat + TERMS.keySet / 2;
    const inForce = isFresh ? signed : { iat: now, keys: this.keys, byRoot: new Map<string, string>() };
    this.#signed = inForce;
    const set = inForce.byRoot.get(signer.thumbprint) ?? this.makeKeySet({ iat: inForce.iat }, signer);
    inForce.byRoot.set(signer.thumbprint, set);
    this.keySets.add(set);
    return set;
  }

  /** NumericDate: when the set that is in force ends. */
  keySetEnd(now: number): number {
    this.signKeySet(now, null);
    return (this.#signed?.iat ?? now) + TERMS.keySet;
  }

  /** Any set at all. */
  makeKeySet({ iat, ...changed }: { readonly iat: number } & Record<string, unknown>, root = this.root): string {
    const claims = { iss: this.issuer, sub: this.issuer, iat, exp: iat + TERMS.keySet, life: TERMS.life };
    const header = { alg: 'ES256', typ: 'jwk-set+jwt', kid: root.thumbprint, jwk: root.jwk };
    return signJws(header, { ...claims, keys: this.publishedKeys(), ...changed }, root);
  }

  issue({ vmId, jkt, now }: { readonly vmId: string; readonly jkt: string; readonly now: number }): IssuedLicence {
    const [publisher, product] = this.product.split('/');
    const exp = now + TERMS.lifetime;
    const claims = {
      ...{ iss: this.issuer, sub: `urn:azure:vm:${vmId}`, aud: this.product, jti: randomUUID() },
      ...{ iat: now, nbf: now - 120, exp, cnf: { jkt } },
      azure: {
        ...{ cloud: 'public', region: 'westeurope', subscriptionId: randomUUID(), vmId, sku: 'standard' },
        ...{ licenseType: null, documentCreatedOn: now },
      },
      licence: {
        id: 'lic-1',
        plan: { publisher, product, name: 'standard' },
        features: {},
        renewAfter: now + TERMS.renewAfter,
        graceUntil: exp + TERMS.grace,
      },
    };
    return { token: this.signLicence(claims), claims };
  }

  signLicence(claims: object, header: object = {}): string {
    const { signingKey } = this;
    const own = { alg: 'ES256', typ: 'licence+jwt', kid: signingKey.thumbprint };
    return signJws({ ...own, ...header }, { ...claims }, signingKey);
  }

  deny({ vmId, now, ...denial }: { vmId: string; now: number; code: string; jti: string; pth: string }): string {
    const claims = { iss: this.issuer, sub: `urn:azure:vm:${vmId}`, aud: this.product, iat: now, exp: now + 300 };
    const { signingKey } = this;
    const header = { alg: 'ES256', typ: 'licence-denial+jwt', kid: signingKey.thumbprint };
    return signJws(header, { ...claims, ...denial }, signingKey);
  }
}

function first(keys: readonly SigningKey[]): SigningKey {
  const [key] = keys;
  if (key === undefined) throw new Error('There is no key.');
  return key;
}
