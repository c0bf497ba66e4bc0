import type { PublicJwk } from './wire.ts';

/** `typ` of each token (RFC 8725 section 3.11: explicit typing). */
export const TOKEN_TYPES = {
  challenge: 'challenge+jwt',
  proof: 'proof+jwt',
  offlineProof: 'offline-proof+jwt',
  licence: 'licence+jwt',
  denial: 'licence-denial+jwt',
  keySet: 'jwk-set+jwt',
} as const;

/** A challenge: HS256 under a secret that the service's instances share. NumericDate is in seconds, `ms` in milliseconds. */
export interface ChallengeClaims {
  readonly iss: string;
  readonly iat: number;
  readonly exp: number;
  /** Issue time in milliseconds; with `jti` it orders the challenges that one VM has honoured. */
  readonly ms: number;
  readonly jti: string;
  /** RFC 7638 thumbprint of the client's key, if it sent one. */
  readonly jkt?: string;
}

/** The vendor's own settings of an offer or licence. */
export type Features = Readonly<Record<string, boolean | number | string>>;

export const LICENCE_CLASSES = ['production', 'development'] as const;

export type LicenceClass = (typeof LICENCE_CLASSES)[number];

/** A licence: ES256. All of `azure` comes from the verified evidence. */
export interface LicenceClaims {
  readonly iss: string;
  /** `urn:azure:vm:<vmId>` */
  readonly sub: string;
  /** `<publisher>/<product>` */
  readonly aud: string;
  readonly iat: number;
  /** Two minutes before `iat`, for readers whose clock is behind. */
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
  readonly cnf?: { readonly jkt: string };
  readonly azure: {
    readonly cloud: string;
    readonly region: string | null;
    readonly subscriptionId: string;
    readonly vmId: string;
    readonly sku: string;
    readonly licenseType: string | null;
    /** NumericDate */
    readonly documentCreatedOn: number;
    /** The attested plan, where it is another publisher's. */
    readonly plan?: { readonly publisher: string; readonly product: string; readonly name: string };
  };
  readonly licence: {
    readonly id: string;
    readonly plan: { readonly publisher: string; readonly product: string; readonly name: string };
    readonly features: Features;
    /** NumericDate */
    readonly renewAfter: number;
    /** NumericDate: how long the software may run on an expired licence while the service cannot be reached. */
    readonly graceUntil: number;
    /** The VM's seat is one beyond those that were bought. */
    readonly over?: boolean;
    /** NumericDate: the end of the subscription's trial. Absent outside a trial. */
    readonly trialEndsAt?: number;
    /** Of the operators' licence; absent in a trial and in marketplace mode. */
    readonly class?: string;
  };
}

/** A signed refusal that an operator meant. Only one of these, for the client's own challenge, ends its grace. */
export interface DenialClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly code: string;
  readonly iat: number;
  readonly exp: number;
  /** The challenge's `jti`. */
  readonly jti: string;
  /**
   * base64url of SHA-256 over the proof text: it shows that the denial answers this very request, so that the client
   * needs no clock to judge it.
   */
  readonly pth: string;
}

/**
 * A key set that the vendor's root key has signed: the shipped client believes no other. NumericDates are in seconds.
 * The header is exactly `{ alg, typ, kid, jwk }`: `kid` the root's RFC 7638 thumbprint, `jwk` its public key.
 */
export interface KeySetClaims {
  /** The issuer of the licences. */
  readonly iss: string;
  /** The issuer again. */
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
  /** Seconds: the most from a licence's `iat` to its `graceUntil`. */
  readonly life: number;
  readonly keys: readonly PublishedJwk[];
}

/** A signing key as it stands in the key set (RFC 7517 section 4). */
export interface PublishedJwk extends PublicJwk {
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/** Seconds from `iat` to `exp` of a signed key set, at most. */
export const MAX_KEY_SET_SECONDS = 92 * 86_400;

/** The `sub` of a licence and of a denial. */
export function vmSubject(vmId: string): string {
  return `urn:azure:vm:${vmId}`;
}
