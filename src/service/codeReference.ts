import type { ProblemCode } from '../contract/codes.ts';

/** What a person has to know of a code beyond its title: how it comes about, who can mend it, and how. */
export interface CodeReference {
  readonly cause: string;
  /** Whoever runs the VM, or calls the service; `null` where there is nothing that they can do. */
  readonly caller: string | null;
  /** The vendor's operators; `null` where there is nothing for them to do. */
  readonly vendor: string | null;
}

const CLIENT_FAULT =
  'Only a client of your own, or a proxy that changes requests, can cause this: the shipped client does not.';
const BEGIN_AGAIN = 'Begin again with a new challenge. The shipped client does so by itself.';
const NOT_CHANGED =
  'Pass the answer of the metadata service on as it is. No proxy may stand between VM and metadata service.';
const FORGERY =
  'Look at how often it comes, and from where: one is a broken client, many are somebody who tries documents of their own.';
const CALL_VENDOR = 'Call the vendor, and quote the correlation id.';
const WAIT =
  'Wait and try again. A VM with a licence runs on through its grace; the shipped client tries again by itself.';
const SERVICE_CLOCK =
  'Compare the clock of the service with another one; on Azure it is right. The log has the times that were compared.';

/** Exhaustive by type: a new code does not compile without its page. */
export const CODE_REFERENCE: Readonly<Record<ProblemCode, CodeReference>> = {
  request_malformed: {
    cause:
      'A member of the body, the query or the address is missing, has another type or is out of bounds. Operators are told each place.',
    caller: 'Compare the request with /openapi.json of the service, and correct what the detail names.',
    vendor: null,
  },
  not_found: {
    cause:
      'What the path names is not there (any more). It is never signed, so that it ends nobody’s licence. For a path or method that no route has, the platform itself answers 404, without a code.',
    caller: 'Compare path, method and names with /openapi.json. Check that the issuer’s URL is the service’s own.',
    vendor: 'If clients come here in numbers, the issuer’s name leads to something that is not this service.',
  },
  request_too_large: {
    cause: 'The body has more octets than the route takes: 64 KiB for VMs, up to 8 MiB for operators’ files.',
    caller: 'Send less. A genuine request of a VM stays below 8 KB; split a file of licences.',
    vendor: null,
  },
  media_type_unsupported: {
    cause: 'The header Content-Type names something that the route does not take.',
    caller: 'Send application/json, or for an import of licences text/csv.',
    vendor: null,
  },

  challenge_invalid: {
    cause:
      'The challenge was not signed by this service, was changed on the way, is for another issuer, or was signed under a secret that the service does not have any more.',
    caller: BEGIN_AGAIN,
    vendor:
      'If it comes right after a deployment, the challenge secrets were exchanged and not rotated: docs/operations.md has the steps.',
  },
  challenge_expired: {
    cause:
      'More than five minutes lie between the challenge and the request, or the clocks of two instances differ by minutes.',
    caller: BEGIN_AGAIN,
    vendor: null,
  },
  proof_required: {
    cause: 'The challenge was asked for with a key, and the request has no proof that the sender holds that key.',
    caller: `Sign the proof with that key and send it along. ${CLIENT_FAULT}`,
    vendor: null,
  },
  proof_invalid: {
    cause:
      'The proof is of another key, another challenge or another endpoint, or, where a seat is given back, the key is not the one of the VM’s newest licence.',
    caller: `Sign the challenge’s jti, for this endpoint’s address under the issuer, with the key of the challenge. ${CLIENT_FAULT}`,
    vendor: null,
  },
  challenge_replayed: {
    cause:
      'A licence was issued for this challenge, or for a newer one of the same VM: its answer may have been lost, or two processes of one VM asked at the same time.',
    caller: BEGIN_AGAIN,
    vendor:
      'Nothing, if it comes now and then. If it is frequent for one VM, something sends its requests twice, a copy of the VM runs, or the clocks of two instances differ: for that long the slower one’s challenges are older ones.',
  },

  document_malformed: {
    cause:
      'The document is not base64 of strict DER, is larger than 16 KiB, or its content is not the JSON that Azure signs.',
    caller: NOT_CHANGED,
    vendor: FORGERY,
  },
  document_unsupported: {
    cause:
      'The document is well formed, and yet not of the one shape that Azure signs: other algorithms, more than one signer, attributes, or a certificate too many.',
    caller: NOT_CHANGED,
    vendor:
      'If genuine documents are refused so, Azure has changed its form: keep one, and look for a release of this service. Nobody’s running software stops by it.',
  },
  signer_unexpected: {
    cause:
      'The certificate in the document is not one of Azure’s metadata service, by the names that it has, or it is not the one that signed.',
    caller: NOT_CHANGED,
    vendor: FORGERY,
  },
  cloud_not_accepted: {
    cause: 'The document is of an Azure cloud (China or US Government, say) in which this service does not take VMs.',
    caller: `Run the VM in a cloud that the vendor supports. ${CALL_VENDOR}`,
    vendor:
      'If the software is sold in that cloud, add it to ACCEPTED_CLOUDS, and see that readyz finds a complete path for it.',
  },
  issuer_unknown: {
    cause:
      'No pin of that cloud knows the CA that issued the signer’s certificate. So a change of Azure’s CAs looks; and so does a forgery.',
    caller:
      'Nothing: the licence that the VM has goes on to count, through its grace. The shipped client tries again by itself.',
    vendor:
      'Look whether Azure’s published list of CAs has the issuer (countersign trust issuers shows what was seen). If so, compare the digest with what the CA publishes and pin it: countersign trust add. Never pin a CA because a document names it.',
  },
  certificate_distrusted: {
    cause: 'An operator distrusts the signer’s certificate, a CA above it or one of their keys.',
    caller: CALL_VENDOR,
    vendor: 'This is intentional. Once the reason is gone, undo it: countersign trust undistrust.',
  },
  path_invalid: {
    cause:
      'The issuer is known, and yet the way from the signer’s certificate to a pinned root breaks a rule of RFC 5280 or of Azure’s profile: a signature, a constraint, a key usage.',
    caller: NOT_CHANGED,
    vendor: FORGERY,
  },
  certificate_expired: {
    cause:
      'A certificate of the signer’s path had expired at the time of the verification, or when the document was made.',
    caller: 'Ask for a new document. Azure replaces its certificates long before they end.',
    vendor: `${SERVICE_CLOCK} Then look whether a pinned CA has ended: countersign trust status.`,
  },
  certificate_not_yet_valid: {
    cause:
      'A certificate of the signer’s path was not valid yet at the time of the verification, or when the document was made.',
    caller: 'Ask for a new document in some minutes.',
    vendor: SERVICE_CLOCK,
  },
  signature_invalid: {
    cause:
      'The signature is not one of the certificate’s key over this content: a single octet that was changed is enough.',
    caller: NOT_CHANGED,
    vendor: FORGERY,
  },
  claim_missing: {
    cause:
      'The document is genuine, and lacks vmId, subscriptionId, sku, plan, nonce or timeStamp: it was asked for with an old api-version, or by a classic VM.',
    caller:
      'Ask the metadata service with api-version 2020-09-01 or newer. A VM of the classic deployment model cannot be licensed: move it to Azure Resource Manager.',
    vendor: null,
  },
  document_expired: {
    cause: 'The document’s own time is over: Azure makes it good for six hours.',
    caller: 'Ask for a new document with the nonce of the challenge.',
    vendor: SERVICE_CLOCK,
  },
  document_not_yet_valid: {
    cause: 'The document says that it was made in the future, by more than two minutes.',
    caller: 'Try again. Azure writes these times, not the VM.',
    vendor: SERVICE_CLOCK,
  },
  document_too_old: {
    cause:
      'The document was made more than five minutes before it came: an old one was kept, or the VM took long to send it.',
    caller: 'Ask for a new document with the nonce of the challenge.',
    vendor: null,
  },
  nonce_mismatch: {
    cause:
      'The document carries another nonce than the challenge’s: it was made for another request, or the metadata service handed out one from its cache.',
    caller:
      'Ask the metadata service again with this challenge’s nonce. The shipped client looks for it before it sends.',
    vendor: FORGERY,
  },
  issuer_certificate_missing: {
    cause: 'The CA is pinned, but this service has not got its certificate.',
    caller: WAIT,
    vendor:
      'Bring the certificates of the pins (countersign trust sync), and deploy again; or pin the CA with its certificate at once: countersign trust add. countersign trust status names what is missing.',
  },
  readings_differ: {
    cause:
      'Two independent readers did not find the same in a document that had passed every other check. One of them has a fault, and nothing is granted.',
    caller: `${WAIT} ${CALL_VENDOR}`,
    vendor:
      'This is an alarm. Keep the signer’s certificate (it is public) and report it to the maintainers as a security matter.',
  },

  plan_missing: {
    cause:
      'Azure attests no Marketplace plan for this VM: it was made from a custom image, a captured disk or another publisher’s image.',
    caller:
      'Deploy the vendor’s image from the Azure Marketplace. Software that may run without one has to name its product.',
    vendor:
      'For custom images, development VMs and cluster nodes: an offer in licensed mode gets withoutPlan, and the software names its product.',
  },
  plan_unknown: {
    cause:
      'No offer has the VM’s publisher, product and plan, or the offer is not sold in the VM’s cloud. It is never signed: a store that was emptied looks the same.',
    caller: CALL_VENDOR,
    vendor:
      'Add an offer for this plan or an alias of its product, or sell the offer in this cloud. If all VMs get this, the store was emptied: apply the catalogue again.',
  },
  offer_suspended: {
    cause: 'An operator suspended the offer, for all of its customers.',
    caller: CALL_VENDOR,
    vendor: 'Resume the offer: countersign offers resume.',
  },
  subscription_not_licensed: {
    cause:
      'The offer asks for a licence for each subscription, and the VM’s subscription has none for this plan. It is never signed.',
    caller: 'Order a licence, or tell the vendor the subscription’s id if there is one already.',
    vendor: 'Grant this subscription a licence for the plan, if it is a customer’s: countersign licences grant.',
  },
  licence_suspended: {
    cause: 'An operator suspended the subscription’s licence.',
    caller: CALL_VENDOR,
    vendor: 'Resume the licence, if this customer may run again: countersign licences resume.',
  },
  licence_revoked: {
    cause: 'An operator revoked the subscription’s licence.',
    caller: CALL_VENDOR,
    vendor: 'It was meant for good. If that was a mistake: countersign licences resume.',
  },
  licence_expired: {
    cause: 'The subscription’s licence has reached its end (validUntil).',
    caller: 'Renew the licence with the vendor.',
    vendor: 'Prolong the licence: countersign licences set ID --valid-until TIME.',
  },
  licence_not_yet_valid: {
    cause: 'The subscription’s licence begins later (validFrom).',
    caller: 'Wait for its beginning, or ask the vendor for an earlier one.',
    vendor: 'Wait for validFrom, or set an earlier one: countersign licences set ID --valid-from TIME.',
  },
  sku_not_allowed: {
    cause:
      'The offer or the licence names the image skus that it covers, and the VM’s is not among them. A custom image has an empty sku.',
    caller: 'Deploy an image that the licence covers.',
    vendor:
      'Add the sku to the offer and the licence (countersign licences set ID --skus), or tell the customer which images are covered.',
  },
  vm_not_allowed: {
    cause: 'The licence names the VMs that it covers, and this is another one. A VM that was made anew has a new vmId.',
    caller: 'Tell the vendor the new VM’s id (vmId).',
    vendor: 'Add the VM to the licence’s, if it is one of this customer’s: countersign licences set ID --vm-ids.',
  },
  vm_blocked: {
    cause: 'An operator blocked this very VM.',
    caller: CALL_VENDOR,
    vendor: 'Unblock the VM, once whatever it was blocked for is settled: countersign activations unblock.',
  },
  seats_exhausted: {
    cause:
      'As many other VMs as the licence has seats hold a licence, or held one until a moment ago. A VM that has a seat is not refused so.',
    caller:
      'Give back the seats of VMs that are not needed (the software’s own release), wait until their leases end, or order more.',
    vendor:
      'Give the licence more seats (countersign licences set ID --seats; in marketplace mode they are the offer’s), or let the customer release VMs that are gone: seats come free as leases end.',
  },
  key_required: {
    cause: 'The offer binds licences to a key of the VM, and the challenge was asked for without one.',
    caller: 'Update the software: its client has to send a key. The shipped client does.',
    vendor:
      'Have the client updated, or let the offer do without (requireKey: false): its licences then work wherever they are copied to.',
  },
  key_changed: {
    cause:
      'The VM came with another key while licences under earlier keys are still good, more often than the offer allows. So looks a VM whose software was reinstalled again and again, and so does a disk that was copied.',
    caller:
      'Keep the folder with the key. Wait until the licence under the earlier key has expired, or call the vendor.',
    vendor:
      'Ask whether the VM was reinstalled. If so, countersign activations clear-key-changes; if not, its disk may have been copied: countersign activations block.',
  },

  rate_limited: {
    cause:
      'More requests came from one address, or with the evidence of one VM or one subscription, than the service takes.',
    caller: 'Wait as long as Retry-After says. The shipped client does, and keeps the licence that it has.',
    vendor:
      'If honest fleets meet it, raise the limit that they meet (docs/settings.md); if all customers seem to come from one address, set TRUSTED_PROXIES.',
  },
  internal_error: {
    cause: 'The service met something that it was not made for.',
    caller: `${WAIT} ${CALL_VENDOR}`,
    vendor: 'Look for request_failed in the log, by the correlation id, and report it to the maintainers.',
  },
  key_set_missing: {
    cause: 'The root key is kept offline, and no key set that it has signed was uploaded yet, or the last one has ended.',
    caller: WAIT,
    vendor: 'Sign a key set with the root key (countersign keys sign-set) and upload it (countersign keys upload).',
  },
  store_unavailable: {
    cause:
      'The licence store did not answer in time, refused, or holds what this version cannot read; or too many VMs wanted a seat of one licence at once. Nothing was granted.',
    caller: WAIT,
    vendor:
      'Look at /readyz, at the storage account and at the identity’s role on its tables; the log says what the store answered.',
  },
  signing_key_unavailable: {
    cause: 'The signing key, or the vault that keeps it, did not answer in time or refused. Nothing was granted.',
    caller: WAIT,
    vendor:
      'Look at /readyz, at the key’s versions and at the identity’s role on it; the log says what the vault answered.',
  },

  token_missing: {
    cause: 'An operators’ route was called without an access token.',
    caller: 'Sign in (az login), or send a token as Authorization: Bearer.',
    vendor: null,
  },
  token_invalid: {
    cause:
      'The access token is expired, of another directory or another audience, or its signature does not fit the directory’s keys.',
    caller: 'Sign in again, for the audience of this service (COUNTERSIGN_AUDIENCE).',
    vendor:
      'Compare ENTRA_TENANT, ENTRA_AUDIENCE and ENTRA_ISSUER with the application’s registration, if nobody gets in.',
  },
  role_missing: {
    cause: 'The access token is good, and has not the app role that the route asks for: Reader, Operator or Admin.',
    caller: 'Ask an administrator of the directory for the role.',
    vendor: 'Assign the app role to the person or application in the directory.',
  },
  conflict: {
    cause:
      'The request contradicts another one or what the store holds: the detail says which. An Idempotency-Key is good for one body.',
    caller:
      'Correct what the detail names. Use another Idempotency-Key for another request. Where Retry-After is told, another request only has to end: send the same one again.',
    vendor: null,
  },
  changed_meanwhile: {
    cause:
      'Somebody else changed the same object, or it is there already, and the request did not name its present version in If-Match.',
    caller: 'Read it again, look at what has changed, and repeat the change with the ETag that was read.',
    vendor: null,
  },
};
