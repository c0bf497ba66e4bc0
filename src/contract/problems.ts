import type { ProblemCode } from './codes.ts';

/** What a code means, for the service's replies and for people. */
export interface ProblemFacts {
  /** HTTP status. */
  readonly status: number;
  /** What happened, in a few words (RFC 9457 `title`: the same for every occurrence). */
  readonly title: string;
  /** What to do about it, and who can. */
  readonly advice: string;
  /** Whether the same request, started over, can succeed without any change. */
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

const NEW_CHALLENGE = 'Request a new challenge and start over.';
const NEW_DOCUMENT = 'Request a new attested document from IMDS with the nonce of the challenge.';
const ASK_VENDOR = 'Contact the vendor of the software and quote the correlation id.';
const FORGED =
  'Send the answer of IMDS unchanged. If it is unchanged, contact the vendor and quote the correlation id.';
const CLOCK =
  'Check the clock that was used for the verification. Azure issues documents that are valid for six hours.';

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

  challenge_invalid: refused(400, 'The challenge was not issued by this service', NEW_CHALLENGE),
  challenge_expired: passing(400, 'The challenge has expired', NEW_CHALLENGE),
  proof_required: refused(
    400,
    'The challenge is bound to a key, but the request has no proof',
    'Sign the proof with the key that was sent with the challenge request.',
  ),
  proof_invalid: refused(
    400,
    'The proof does not prove possession of the key',
    'Sign the challenge’s jti for this endpoint with the key that was sent with the challenge request.',
  ),
  challenge_replayed: passing(409, 'The challenge has already been used', NEW_CHALLENGE),

  document_malformed: refused(422, 'The attested document is not well formed', FORGED),
  document_unsupported: refused(422, 'The document does not have the format that Azure signs', FORGED),
  signer_unexpected: refused(422, 'The document’s signer is not Azure’s metadata service', FORGED),
  cloud_not_accepted: refused(422, 'Evidence of this cloud is not accepted here', ASK_VENDOR),
  issuer_unknown: passing(
    422,
    'The CA that issued the signer’s certificate is unknown',
    'Check whether Azure has published a new CA; an operator can then pin it. The current licence stays valid.',
  ),
  certificate_distrusted: refused(422, 'A certificate of the signer’s path is distrusted', ASK_VENDOR),
  path_invalid: refused(422, 'The signer’s certification path is not valid', FORGED),
  certificate_expired: refused(422, 'A certificate of the signer’s path had expired', CLOCK),
  certificate_not_yet_valid: refused(422, 'A certificate of the signer’s path was not yet valid', CLOCK),
  signature_invalid: refused(422, 'The signature of the signer over this content is not valid', FORGED),
  claim_missing: refused(
    422,
    'The document lacks a required claim',
    'Query IMDS with api-version 2020-09-01 or newer. Classic VMs cannot be licensed.',
  ),
  document_expired: refused(422, 'The document has expired', NEW_DOCUMENT),
  document_not_yet_valid: refused(422, 'The document is dated in the future', CLOCK),
  document_too_old: refused(422, 'The document is too old', NEW_DOCUMENT),
  nonce_mismatch: refused(422, 'The document does not have the nonce of the challenge', NEW_DOCUMENT),
  issuer_certificate_missing: passing(
    503,
    'The certificate of a pinned CA is not installed',
    'An operator can sync the pinned certificates. Retry later.',
  ),
  readings_differ: passing(503, 'Two independent parsers read the document differently', ASK_VENDOR),

  plan_missing: refused(
    403,
    'The VM was not created from an image with a Marketplace plan',
    'Deploy the vendor’s image from the Azure Marketplace, or name an offer that is licensed without a plan.',
  ),
  plan_unknown: refused(403, 'No offer has this plan', ASK_VENDOR),
  offer_suspended: refused(403, 'The offer is suspended', ASK_VENDOR),
  subscription_not_licensed: refused(403, 'The subscription has no licence for this plan', ASK_VENDOR),
  licence_suspended: refused(403, 'The licence is suspended', ASK_VENDOR),
  licence_revoked: refused(403, 'The licence is revoked', ASK_VENDOR),
  licence_expired: refused(403, 'The licence has expired', ASK_VENDOR),
  licence_not_yet_valid: refused(403, 'The licence is not yet valid', ASK_VENDOR),
  sku_not_allowed: refused(403, 'The image’s sku is not covered', ASK_VENDOR),
  vm_not_allowed: refused(403, 'The licence does not cover this VM', ASK_VENDOR),
  vm_blocked: refused(403, 'This VM is blocked', ASK_VENDOR),
  seats_exhausted: refused(
    403,
    'All seats of the licence are taken',
    'Release the seat of a VM that you no longer need, wait until a lease ends, or ask the vendor for more seats.',
  ),
  trial_ended: refused(403, 'The trial of the subscription has ended', ASK_VENDOR),
  claim_invalid: refused(
    403,
    'The claim code cannot be used',
    'Compare the code with the one that the vendor sent, or ask the vendor for another one.',
  ),
  key_required: refused(
    403,
    'The offer requires a licence that is bound to a key',
    'Send the public key with the challenge request.',
  ),
  key_changed: refused(
    403,
    'The VM has changed its key more often than the offer allows',
    'Use the key of the current licence, wait until the licence under the earlier key has expired, or contact the vendor.',
  ),
  offline_not_allowed: refused(
    403,
    'The offer has no licences by file',
    'Connect the VM to the licence service, directly or through a proxy, or ask the vendor to allow licences by file.',
  ),

  rate_limited: passing(429, 'Too many requests', 'Wait as long as Retry-After says.'),
  internal_error: passing(500, 'The service failed', 'Retry later. If it persists, quote the correlation id.'),
  key_set_missing: passing(
    503,
    'No signed key set is available',
    'An operator can upload a key set signed by the root key: countersign keys upload FILE.',
  ),
  store_unavailable: passing(503, 'The licence store does not answer', 'Retry later.'),
  signing_key_unavailable: passing(503, 'The signing key is not available', 'Retry later.'),

  token_missing: refused(401, 'No access token', 'Sign in and send the token as Authorization: Bearer.'),
  token_invalid: refused(401, 'The access token is not valid', 'Sign in again for the audience of this service.'),
  role_missing: refused(
    403,
    'The access token lacks the role',
    'Ask an administrator of the directory for the app role.',
  ),
  name_taken: refused(
    409,
    'The name is already in use',
    'Choose another name, or change the object that has this one.',
  ),
  in_use: refused(409, 'Something else must be removed first', 'Delete or change what the detail names, then retry.'),
  busy: passing(409, 'Another request is still running', 'Wait as long as Retry-After says, then retry.'),
  request_reused: refused(
    409,
    'The Idempotency-Key was used for another request',
    'Use a new Idempotency-Key for each different request.',
  ),
  changed_meanwhile: refused(
    412,
    'The object has changed in the meantime',
    'Read it again and repeat the change with the new ETag.',
  ),
  store_newer: refused(
    409,
    'The store has changes that the backup does not have',
    'Restore a later backup, or restore into an empty store.',
  ),
  backup_refused: refused(
    409,
    'This is not a backup that may be restored here',
    'Use the file as countersign backup wrote it, and name the key set under which it was signed.',
  ),
  precondition_required: refused(
    428,
    'The request has no If-Match header',
    'Read the object, and send its ETag in If-Match.',
  ),
  directory_unavailable: passing(
    503,
    'The operators’ directory is not available',
    'Wait as long as Retry-After says, then retry.',
  ),
};
