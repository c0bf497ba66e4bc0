import type { ProblemCode } from './codes.ts';

/** The public half of a client's key (RFC 7517); P-256 is the only curve taken. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** `POST /v1/challenges` */
export interface ChallengeRequest {
  readonly key?: PublicJwk;
}

/** 201 of `POST /v1/challenges`; `expiresAt` is RFC 3339 UTC. */
export interface ChallengeResponse {
  readonly challenge: string;
  readonly nonce: string;
  readonly expiresAt: string;
}

/** What IMDS answers to `GET /metadata/attested/document`, passed on untouched. */
export interface AttestedDocumentResponse {
  readonly encoding: 'pkcs7';
  /** Base64 of the DER of a CMS SignedData. */
  readonly signature: string;
}

/** `POST /v1/licences` */
export interface LicenceRequest {
  readonly challenge: string;
  readonly document: AttestedDocumentResponse;
  readonly proof?: string;
  /** `publisher/product/plan`, used only where the attested plan is empty, or of another publisher where the offer allows that. */
  readonly offer?: string;
  /** A code that attaches the VM's subscription to a licence; looked at only where the subscription has none. */
  readonly claim?: string;
  /** The client's name and version, for operators. */
  readonly client?: string;
  /** A name of the machine for people, the VM's own word: one line, at most 64 characters. Never decided on. */
  readonly label?: string;
}

/** 200 of `POST /v1/licences`; times are RFC 3339 UTC. */
export interface LicenceResponse {
  readonly licence: string;
  readonly expiresAt: string;
  readonly renewAfter: string;
}

/**
 * `POST /operator/v1/offline-activations`: a VM's request that a person has carried here as a file. Its document has the
 * nonce of {@link offlineNonceInput}, its proof the `typ` `offline-proof+jwt`.
 */
export interface OfflineRequest extends Omit<LicenceRequest, 'challenge' | 'proof'> {
  readonly proof: string;
  /** RFC 7638 thumbprints of the root keys that the VM believes: the key set comes under the first that is in force. */
  readonly rootKeys?: readonly string[];
}

/** The claims of that proof. */
export interface OfflineProofClaims {
  /** The issuer plus the path. */
  readonly aud: string;
  /** `publisher/product` that the licence must be for. */
  readonly product: string;
  readonly jti: string;
  /** base64url of SHA-256 over the document's DER. */
  readonly doc: string;
}

/** 200 of the same: what is carried back to the VM. */
export interface OfflineLicence {
  readonly licence: string;
  /** The signed key set of `/.well-known/jwks.jwt`. */
  readonly keySet: string;
}

/** 200 of `POST /v1/releases`; RFC 3339 UTC. */
export interface ReleaseResponse {
  readonly seatFreeAt: string;
}

/** Every error (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly instance: string;
  readonly retryable: boolean;
  readonly correlationId: string;
  /** A signed denial (compact JWS). */
  readonly denial?: string;
  /** Operators' requests: everything that is wrong with the body. */
  readonly errors?: readonly FieldProblem[];
}

/** One thing that is wrong with a body, and what it must be instead. */
export interface FieldProblem {
  /** Of a file with lines, from 1. */
  readonly line?: number;
  /** Where it stands, such as `licences[3].seats`; empty for the whole. */
  readonly field: string;
  readonly message: string;
}

/** `GET /.well-known/countersign` */
export interface Discovery {
  readonly issuer: string;
  readonly endpoints: {
    readonly challenges: string;
    readonly licences: string;
    readonly releases: string;
    readonly jwks: string;
    readonly signedJwks: string;
  };
  readonly acceptedClouds: readonly string[];
  readonly algorithms: { readonly licence: readonly ['ES256']; readonly proof: readonly ['ES256'] };
  readonly nonceStyle: NonceStyle;
  /** RFC 7638 thumbprints of the root keys in force: what an image pins. Empty where there is none. */
  readonly rootKeys: readonly string[];
  readonly pinSetVersion: string;
}

/** How the nonce is derived from a challenge: see `nonceFromDigest`. */
export type NonceStyle = 'base32' | 'digits';
