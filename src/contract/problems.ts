import type { ProblemCode } from './codes.ts';

/** What a code means, for the service's replies and for people. */
export interface ProblemFacts {
  /** HTTP status. */
  readonly status: number;
  /** What happened, in a few words (RFC 9457 `title`: the same for every occurrence). */
  readonly title: string;
  /** What to do about it, and who can. */
  readonly advice: string;
  /** Whether the same request, begun anew, may succeed without anybody changing anything. */
  readonly retryable: boolean;
}

const refused = (status: number, title: string, advice: string): ProblemFacts => ({
  ...{ status, title, advice },
  retryable: false,
});
const passing = (status: number, title: string, advice: string): ProblemFacts => ({
  ...{ status, title, advice },
  retryable: true,
});

const NEW_CHALLENGE = 'Ask for a new challenge and begin again.';
const NEW_DOCUMENT = 'Ask IMDS for a new attested document with the nonce of the challenge.';
const ASK_VENDOR = 'Ask the vendor of the software; quote the correlation id.';
const FORGED = 'Send the answer of IMDS unchanged. If it is unchanged, tell the vendor and quote the correlation id.';
const CLOCK = 'Check the clock that the verification used; Azure itself issues documents that are valid for six hours.';

/** Exhaustive by type: a new code does not compile without its facts. */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemFacts>> = {
  request_malformed: refused(
    400,
    'The request is not in the documented form',
    'Compare the body with the OpenAPI document.',
  ),
  not_found: refused(404, 'There is nothing at this address', 'Compare path and method with the OpenAPI document.'),
  request_too_large: refused(413, 'The body is too large', 'Send at most 64 KiB.'),
  media_type_unsupported: refused(415, 'The body is not JSON', 'Send Content-Type: application/json.'),

  challenge_invalid: refused(400, 'The challenge is not one of this service', NEW_CHALLENGE),
  challenge_expired: passing(400, 'The challenge has expired', NEW_CHALLENGE),
  proof_required: refused(
    400,
    'The challenge is bound to a key and no proof came with it',
    'Sign the proof with the key that the challenge was asked for with.',
  ),
  proof_invalid: refused(
    400,
    'The proof does not show possession of the key',
    'Sign the challenge’s jti for this endpoint with the key that the challenge was asked for with.',
  ),
  challenge_replayed: passing(409, 'The challenge has been used', NEW_CHALLENGE),

  document_malformed: refused(422, 'The attested document is not well formed', FORGED),
  document_unsupported: refused(422, 'The document is not in the form that Azure signs', FORGED),
  signer_unexpected: refused(422, 'The document’s signer is not Azure’s metadata service', FORGED),
  cloud_not_accepted: refused(422, 'Evidence of this cloud is not accepted here', ASK_VENDOR),
  issuer_unknown: passing(
    422,
    'The CA that issued the signer’s certificate is not known',
    'Look whether Azure has published a new CA; an operator can then add its pin. Keep the present licence meanwhile.',
  ),
  certificate_distrusted: refused(422, 'A certificate of the signer’s path is distrusted', ASK_VENDOR),
  path_invalid: refused(422, 'The signer’s certification path is not valid', FORGED),
  certificate_expired: refused(422, 'A certificate of the signer’s path had expired', CLOCK),
  certificate_not_yet_valid: refused(422, 'A certificate of the signer’s path was not valid yet', CLOCK),
  signature_invalid: refused(422, 'The signature is not one of the signer over this content', FORGED),
  claim_missing: refused(
    422,
    'The document lacks a claim that the decision rests on',
    'Ask IMDS with api-version 2020-09-01 or newer; classic VMs cannot be licensed.',
  ),
  document_expired: refused(422, 'The document has expired', NEW_DOCUMENT),
  document_not_yet_valid: refused(422, 'The document comes from the future', CLOCK),
  document_too_old: refused(422, 'The document is too old', NEW_DOCUMENT),
  nonce_mismatch: refused(422, 'The document does not carry the nonce of the challenge', NEW_DOCUMENT),
  issuer_certificate_missing: passing(
    503,
    'The certificate of a pinned CA is not at hand',
    'An operator can sync the pinned certificates; try again later.',
  ),
  readings_differ: passing(503, 'Two independent readings of the document differ', ASK_VENDOR),

  plan_missing: refused(
    403,
    'The VM was not made from an image with a Marketplace plan',
    'Deploy the vendor’s image from the Azure Marketplace, or name an offer that is licensed without a plan.',
  ),
  plan_unknown: refused(403, 'No offer knows this plan', ASK_VENDOR),
  offer_suspended: refused(403, 'The offer is suspended', ASK_VENDOR),
  subscription_not_licensed: refused(403, 'The subscription has no licence for this plan', ASK_VENDOR),
  licence_suspended: refused(403, 'The licence is suspended', ASK_VENDOR),
  licence_revoked: refused(403, 'The licence is revoked', ASK_VENDOR),
  licence_expired: refused(403, 'The licence has expired', ASK_VENDOR),
  licence_not_yet_valid: refused(403, 'The licence is not valid yet', ASK_VENDOR),
  sku_not_allowed: refused(403, 'The image’s sku is not covered', ASK_VENDOR),
  vm_not_allowed: refused(403, 'The licence does not name this VM', ASK_VENDOR),
  vm_blocked: refused(403, 'This VM is blocked', ASK_VENDOR),
  seats_exhausted: refused(
    403,
    'All seats of the licence are taken',
    'Release the seat of a VM that is no longer needed, wait for a lease to end, or ask the vendor for more seats.',
  ),
  key_required: refused(
    403,
    'The offer asks for a licence that is bound to a key',
    'Send the public key with the request for a challenge.',
  ),
  key_changed: refused(
    403,
    'The VM changed its key more often than the offer allows',
    'Use the key of the present licence, wait until the licence under the earlier key has expired, or ask the vendor.',
  ),

  rate_limited: passing(429, 'Too many requests', 'Wait as long as Retry-After says.'),
  internal_error: passing(500, 'The service failed', 'Try again later; quote the correlation id.'),
  key_set_missing: passing(
    503,
    'No signed key set is available',
    'An operator can upload a key set signed by the root key: countersign keys upload FILE.',
  ),
  store_unavailable: passing(503, 'The licence store does not answer', 'Try again later.'),
  signing_key_unavailable: passing(503, 'The signing key is not available', 'Try again later.'),

  token_missing: refused(401, 'No access token', 'Sign in and send the token as Authorization: Bearer.'),
  token_invalid: refused(401, 'The access token is not valid here', 'Sign in again, for the audience of this service.'),
  role_missing: refused(
    403,
    'The access token lacks the role',
    'Ask an administrator of the directory for the app role.',
  ),
  conflict: refused(409, 'The request contradicts an earlier one', 'Use another Idempotency-Key for another request.'),
  changed_meanwhile: refused(
    412,
    'The object was changed meanwhile',
    'Read it again and repeat the change with its ETag.',
  ),
};
