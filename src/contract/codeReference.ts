import type { ProblemCode } from './codes.ts';

/** What a person needs to know about a code beyond its title: the cause, who can fix it, and how. */
export interface CodeReference {
  readonly cause: string;
  /** For whoever runs the VM or calls the service; `null` where they can do nothing. */
  readonly caller: string | null;
  /** For the vendor's operators; `null` where they have nothing to do. */
  readonly vendor: string | null;
}

const CLIENT_FAULT = 'The shipped client never causes this; a custom client or a proxy that rewrites requests does.';
const START_OVER = 'Start over with a new challenge. The shipped client does this automatically.';
const UNCHANGED =
  'Send the answer of the metadata service unchanged, and remove any proxy between the VM and the metadata service.';
const PROBING =
  'Check how often this occurs, and from which addresses. An isolated case is usually a broken client; many suggest probing.';
const CONTACT_VENDOR = 'Contact the vendor and quote the correlation id.';
const WAIT =
  'Wait and retry. A VM that has a licence keeps running through its grace period; the shipped client retries automatically.';
const SERVICE_CLOCK =
  'Compare the clock of the service with a second source. On Azure it is correct. The log shows the times that were compared.';

/** Exhaustive by type: a new code does not compile without its page. */
export const CODE_REFERENCE: Readonly<Record<ProblemCode, CodeReference>> = {
  request_malformed: {
    cause:
      'A member of the body, the query or the path is missing, has the wrong type or is out of bounds. Operators get a list of every place.',
    caller: 'Compare the request with /openapi.json of the service, and correct what the detail names.',
    vendor: null,
  },
  not_found: {
    cause:
      'What the path names does not exist, or no longer exists. This answer is never signed, so it ends no licence. If no route has the path or method, the platform itself answers 404 without a code.',
    caller:
      'Compare the path, method and names with /openapi.json. Check that the issuer URL is the URL of the service.',
    vendor: 'If many clients get this, the DNS name of the issuer points to something other than this service.',
  },
  request_too_large: {
    cause: 'The body is larger than the route allows: 64 KiB for VMs, 256 KiB for operators.',
    caller:
      'Send a smaller body. A genuine request from a VM stays below 8 KB; split a file of licences, which the command line does by itself.',
    vendor: null,
  },
  media_type_unsupported: {
    cause: 'The Content-Type header names a type that the route does not accept.',
    caller: 'Send application/json, or text/csv to import licences.',
    vendor: null,
  },

  challenge_invalid: {
    cause:
      'The challenge was not signed by this service, was altered on the way, belongs to another issuer, or was signed with a secret that the service no longer has.',
    caller: START_OVER,
    vendor:
      'If this starts right after a deployment, the challenge secrets were replaced instead of rotated. See docs/runbooks.md for the steps.',
  },
  challenge_expired: {
    cause:
      'More than five minutes passed between the challenge and the request, or the clocks of two instances differ by minutes.',
    caller: START_OVER,
    vendor: null,
  },
  proof_required: {
    cause: 'The challenge was requested with a key, but the request has no proof that the sender holds that key.',
    caller: `Sign the proof with that key and send it with the request. ${CLIENT_FAULT}`,
    vendor: null,
  },
  proof_invalid: {
    cause:
      'The proof belongs to another key, another challenge or another endpoint. For a release, the key is not the key of the VM’s newest licence.',
    caller: `Sign the challenge’s jti with the key of the challenge, for the URL of this endpoint. ${CLIENT_FAULT}`,
    vendor: null,
  },
  challenge_replayed: {
    cause:
      'A licence was already issued for this challenge, or for a newer challenge of the same VM. The first answer may have been lost, or two processes of the VM asked at the same time.',
    caller: START_OVER,
    vendor:
      'Nothing, if this is occasional. If it is frequent for one VM, something sends its requests twice, a copy of the VM is running, or the clocks of two instances differ.',
  },

  document_malformed: {
    cause:
      'The document is not base64 of strict DER, is larger than 16 KiB, or its content is not the JSON that Azure signs.',
    caller: UNCHANGED,
    vendor: PROBING,
  },
  document_unsupported: {
    cause:
      'The document is well formed, but it does not have the one structure that Azure signs: it has other algorithms, more than one signer, signed attributes or extra certificates.',
    caller: UNCHANGED,
    vendor:
      'If genuine documents get this, Azure has changed its format: keep one as a sample, and look for a new release of this service. Software that is already running is not affected.',
  },
  signer_unexpected: {
    cause:
      'The certificate in the document does not belong to Azure’s metadata service, judging by its subject names, or it is not the certificate that signed.',
    caller: UNCHANGED,
    vendor: PROBING,
  },
  cloud_not_accepted: {
    cause:
      'The document comes from an Azure cloud (for example China or US Government) that this service does not accept.',
    caller: `Run the VM in a cloud that the vendor supports. ${CONTACT_VENDOR}`,
    vendor:
      'If you sell the software in that cloud, add it to ACCEPTED_CLOUDS, and check that /readyz reports a complete path for it.',
  },
  issuer_unknown: {
    cause:
      'No pin of that cloud matches the CA that issued the signer’s certificate. This is seen when Azure changes its CAs, and with forgeries.',
    caller:
      'Nothing. The current licence of the VM stays valid, including its grace period. The shipped client retries automatically.',
    vendor:
      'Check whether Azure’s published list of CAs contains the issuer (countersign trust issuers shows what was seen). If it does, compare the digest with the one that the CA publishes and pin it: countersign trust add. Never pin a CA only because a document names it.',
  },
  certificate_distrusted: {
    cause: 'An operator distrusts the signer’s certificate, a CA above it, or one of their keys.',
    caller: CONTACT_VENDOR,
    vendor: 'This is intentional. To undo it when the reason is gone, run countersign trust undistrust.',
  },
  path_invalid: {
    cause:
      'The issuer is known, but the path from the signer’s certificate to a pinned root violates RFC 5280 or Azure’s profile, for example a signature, a constraint or a key usage.',
    caller: UNCHANGED,
    vendor: PROBING,
  },
  certificate_expired: {
    cause: 'A certificate of the signer’s path had expired when it was verified, or when the document was created.',
    caller: 'Request a new document. Azure replaces its certificates long before they expire.',
    vendor: `${SERVICE_CLOCK} Then check whether a pinned CA has expired: countersign trust status.`,
  },
  certificate_not_yet_valid: {
    cause:
      'A certificate of the signer’s path was not yet valid when it was verified, or when the document was created.',
    caller: 'Request a new document in a few minutes.',
    vendor: SERVICE_CLOCK,
  },
  signature_invalid: {
    cause:
      'The signature over this content was not made with the key of the certificate. One changed byte is enough to cause this.',
    caller: UNCHANGED,
    vendor: PROBING,
  },
  claim_missing: {
    cause:
      'The document is genuine but lacks vmId, subscriptionId, sku, plan, nonce or timeStamp: it was requested with an old api-version, or by a classic VM.',
    caller:
      'Query the metadata service with api-version 2020-09-01 or newer. A VM of the classic deployment model cannot be licensed: migrate it to Azure Resource Manager.',
    vendor: null,
  },
  document_expired: {
    cause: 'The document has expired. Azure issues documents that are valid for six hours.',
    caller: 'Request a new document with the nonce of the challenge.',
    vendor: SERVICE_CLOCK,
  },
  document_not_yet_valid: {
    cause: 'The document is dated more than two minutes in the future.',
    caller: 'Retry. Azure sets these times, not the VM.',
    vendor: SERVICE_CLOCK,
  },
  document_too_old: {
    cause:
      'The document was created more than five minutes before it arrived: an old document was kept, or the VM took too long to send it.',
    caller: 'Request a new document with the nonce of the challenge.',
    vendor: null,
  },
  nonce_mismatch: {
    cause:
      'The document has a different nonce from the challenge: it was created for another request, or the metadata service answered from its cache.',
    caller:
      'Query the metadata service again with the nonce of this challenge. The shipped client checks the nonce before it sends.',
    vendor: PROBING,
  },
  issuer_certificate_missing: {
    cause: 'The CA is pinned, but its certificate is not installed here.',
    caller: WAIT,
    vendor:
      'Run countersign trust sync and deploy again, or pin the CA together with its certificate now: countersign trust add. To see what is missing, run countersign trust status.',
  },
  readings_differ: {
    cause:
      'Two independent parsers read a document differently that passed every other check. One of them has a fault. Nothing was granted.',
    caller: `${WAIT} ${CONTACT_VENDOR}`,
    vendor:
      'This is an alarm. Keep the signer’s certificate (it is public) and report it to the maintainers as a security issue.',
  },

  plan_missing: {
    cause:
      'Azure attests no Marketplace plan for this VM: it was created from a custom image, a captured disk or another publisher’s image.',
    caller:
      'Deploy the vendor’s image from the Azure Marketplace. Software that may run without a plan must name its offer.',
    vendor:
      'For custom images, development VMs and cluster nodes: set withoutPlan on an offer in licensed mode, and let the software name that offer.',
  },
  plan_unknown: {
    cause:
      'No offer has the publisher, product and plan of the VM, or the offer is not sold in the VM’s cloud. This refusal is never signed, because an emptied store looks the same.',
    caller: CONTACT_VENDOR,
    vendor:
      'Add an offer for this plan, add an alias of its product, or sell the offer in this cloud. If all VMs get this, the store was emptied: apply the catalogue again.',
  },
  offer_suspended: {
    cause: 'An operator suspended the offer for all of its customers.',
    caller: CONTACT_VENDOR,
    vendor: 'Resume the offer: countersign offers resume.',
  },
  subscription_not_licensed: {
    cause:
      'The offer requires a licence for each subscription, and the VM’s subscription has none for this plan. This refusal is never signed.',
    caller: 'Order a licence. If you already have one, tell the vendor the id of the subscription.',
    vendor: 'If the subscription belongs to a customer, grant it a licence for the plan: countersign licences grant.',
  },
  licence_suspended: {
    cause: 'An operator suspended the licence of the subscription.',
    caller: CONTACT_VENDOR,
    vendor: 'If this customer may run again, resume the licence: countersign licences resume.',
  },
  licence_revoked: {
    cause: 'An operator revoked the licence of the subscription.',
    caller: CONTACT_VENDOR,
    vendor: 'Revocation is permanent. If it was a mistake, run countersign licences resume.',
  },
  licence_expired: {
    cause: 'The licence of the subscription has ended (validUntil).',
    caller: 'Renew the licence with the vendor.',
    vendor: 'Extend the licence: countersign licences set ID --valid-until TIME.',
  },
  licence_not_yet_valid: {
    cause: 'The licence of the subscription starts later (validFrom).',
    caller: 'Wait until it starts, or ask the vendor for an earlier start.',
    vendor: 'Wait for validFrom, or set an earlier one: countersign licences set ID --valid-from TIME.',
  },
  sku_not_allowed: {
    cause:
      'The offer or the licence lists the image skus that it covers, and the VM’s sku is not one of them. A custom image has an empty sku.',
    caller: 'Deploy an image that the licence covers.',
    vendor:
      'Add the sku to the offer and the licence (countersign licences set ID --skus), or tell the customer which images are covered.',
  },
  vm_not_allowed: {
    cause:
      'The licence lists the VMs that it covers, and this VM is not one of them. A VM that was recreated has a new vmId.',
    caller: 'Tell the vendor the id of the new VM (vmId).',
    vendor: 'If the VM belongs to this customer, add it to the licence: countersign licences set ID --vm-ids.',
  },
  vm_blocked: {
    cause: 'An operator blocked this VM.',
    caller: CONTACT_VENDOR,
    vendor: 'When the reason for the block is resolved, unblock the VM: countersign activations unblock.',
  },
  seats_exhausted: {
    cause:
      'Other VMs hold all seats of the licence, or held them until a moment ago. A VM that already has a seat is never refused for this reason. The refusal is signed only if the VM has no grace left on an earlier licence.',
    caller: 'Release the seats of VMs that you no longer need, wait until their leases end, or order more seats.',
    vendor:
      'Add seats to the licence (countersign licences set ID --seats; in marketplace mode, to the offer), or ask the customer to release VMs that are gone. Seats are freed automatically when leases end.',
  },
  trial_ended: {
    cause:
      'The subscription has no licence for the plan, and its trial has ended. A subscription gets one trial of an offer, once.',
    caller: 'Order a licence from the vendor.',
    vendor: 'If the customer has bought the product, grant a licence: countersign licences grant.',
  },
  claim_invalid: {
    cause:
      'The subscription has no licence for the plan, and the claim code that the VM sent is unknown, has ended, was revoked, has no use left, or is for another offer.',
    caller: 'Compare the code with the one that the vendor sent. Ask the vendor for another code if it is right.',
    vendor:
      'Look at the code with countersign claims list, and create another one with countersign claims create. The customer’s subscription can also be added to the licence directly.',
  },
  key_required: {
    cause: 'The offer binds licences to a key of the VM, but the challenge was requested without a key.',
    caller: 'Update the software: its client must send a key. The shipped client does.',
    vendor:
      'Update the client, or turn the requirement off (requireKey: false). Licences without a key work wherever they are copied to.',
  },
  key_changed: {
    cause:
      'The VM came with another key while licences under earlier keys are still valid, more often than the offer allows. Typical of repeated reinstallation, or of a copied disk.',
    caller:
      'Keep the folder that holds the key. Wait until the licence under the earlier key has expired, or contact the vendor.',
    vendor:
      'Ask whether the VM was reinstalled. If it was, run countersign activations release-key. If it was not, its disk may have been copied: countersign activations block.',
  },
  offline_not_allowed: {
    cause: 'An operator sent a request file of the VM, and the offer does not allow licences by file (offline: false).',
    caller: 'Connect the VM to the licence service, directly or through a proxy, or ask the vendor.',
    vendor:
      'If the VM has no way out, set offline to true in the offer (countersign apply), then send the same file again. A licence by file lasts longer than others, and nothing ends it before its exp.',
  },

  rate_limited: {
    cause:
      'More requests came from one address, or with the evidence of one VM or subscription, than the service accepts.',
    caller:
      'Wait as long as Retry-After says, then repeat the same request. The shipped client does so automatically, and keeps its current licence.',
    vendor:
      'If many VMs of one customer share an address (NAT), give that address a limit of its own with ADDRESS_LIMITS (docs/operations.md, “Rate limits”). If all customers seem to come from one address, set TRUSTED_PROXIES.',
  },
  internal_error: {
    cause: 'An unexpected internal error occurred.',
    caller: `${WAIT} ${CONTACT_VENDOR}`,
    vendor: 'Search the log for request_failed with the correlation id, and report it to the maintainers.',
  },
  key_set_missing: {
    cause: 'The root key is offline, and no key set signed by it has been uploaded yet, or the last one has ended.',
    caller: WAIT,
    vendor: 'Sign a key set with the root key (countersign keys sign-set) and upload it (countersign keys upload).',
  },
  store_unavailable: {
    cause:
      'The licence store did not answer in time, refused the request, or contains something that this version cannot read; or too many VMs requested a seat of one licence at once. Nothing was granted.',
    caller: WAIT,
    vendor:
      'Check /readyz, the storage account and the role of the identity on its tables. The log shows what the store answered.',
  },
  signing_key_unavailable: {
    cause:
      'The signing key, or the vault that holds it, did not answer in time or refused the request. Nothing was granted.',
    caller: WAIT,
    vendor:
      'Check /readyz, the versions of the key and the role of the identity on it. The log shows what the vault answered.',
  },

  token_missing: {
    cause: 'A route for operators was called without an access token.',
    caller: 'Sign in (az login), or send a token as Authorization: Bearer.',
    vendor: null,
  },
  token_invalid: {
    cause:
      'The access token has expired, belongs to another directory or audience, or its signature does not match the keys of the directory.',
    caller: 'Sign in again for the audience of this service (COUNTERSIGN_AUDIENCE).',
    vendor:
      'If nobody can sign in, compare ENTRA_TENANT, ENTRA_AUDIENCE and ENTRA_ISSUER with the registration of the application.',
  },
  role_missing: {
    cause: 'The access token is valid but lacks the app role that the route requires: Reader, Operator or Admin.',
    caller: 'Ask an administrator of the directory for the role.',
    vendor: 'Assign the app role to the person or application in the directory.',
  },
  name_taken: {
    cause:
      'An id, a name or an alias of the request is already in use, or the subscription already has a licence for this offer. It is also the answer when somebody else created the same object at the same time. The detail names the object that has it, or says this.',
    caller: 'Choose another name, or change the object that has this one.',
    vendor: null,
  },
  in_use: {
    cause:
      'Other objects depend on what the request deletes or changes, for example licences or overrides on their offer, also one that somebody is writing at the same time. It is also the answer when there is no room for another pin or distrust.',
    caller: 'Delete or change what the detail names, and send the request again.',
    vendor: null,
  },
  busy: {
    cause:
      'Another file of offers and licences is being applied, or the first request with this Idempotency-Key is still running. Nothing was written.',
    caller: 'Wait as long as Retry-After says, and send the same request again.',
    vendor: 'Nothing. If the process that was writing has stopped, the next request can start after four minutes.',
  },
  request_reused: {
    cause: 'The Idempotency-Key was already used for a request with a different body. Nothing was written.',
    caller: 'Send each different request with a new Idempotency-Key.',
    vendor: null,
  },
  changed_meanwhile: {
    cause:
      'Someone else changed or deleted the object: the version in If-Match is not its current version. Nothing was written.',
    caller: 'Read the object again, check what changed, and repeat the change with the new ETag.',
    vendor: null,
  },
  precondition_required: {
    cause:
      'The object already exists, and the request that replaces it has no If-Match header. Nothing was written, so that no change of another operator is lost.',
    caller: 'Read the object, and send its ETag in If-Match.',
    vendor: null,
  },
  directory_unavailable: {
    cause:
      'The service cannot fetch the keys of the operators’ directory (Microsoft Entra ID), so it cannot check any access token. VMs are not affected.',
    caller: 'Wait as long as Retry-After says, and send the same request again.',
    vendor:
      'Check the status of Microsoft Entra ID, and whether the app can reach ENTRA_ISSUER. The log shows what the directory answered.',
  },
};
