import * as z from 'zod';
import { CHECK_NAMES } from '../../contract/attestation.ts';
import { EVIDENCE_CODES } from '../../contract/codes.ts';
import { ATTACKS } from './attacks.ts';

/* The file with the vectors: the one schema of it, which is also published as JSON Schema. */

/** The names of the files in the folder that `countersign vectors` writes. */
export const VECTORS_FILE = 'vectors.json';
export const SCHEMA_FILE = 'vectors.schema.json';

/**
 * What a verifier must know of, beside a document, trusted certificates, a domain, a time and a nonce, to judge a vector as
 * expected. The vectors that turn on it name it.
 */
export const FEATURES = {
  clouds: 'several clouds, each with a domain and trust of its own, of which some are accepted',
  distrust: 'certificates and keys that must not be on any path, though they are under trusted ones',
  issuingCas: 'that signers are certified by intermediates alone, never by a root',
  largeTrust: 'more than 1,024 trusted certificates',
  maximumAge: 'a limit to the age of a document, before its own end',
  missing: 'CAs that are known by their digest, whose certificates are not at hand',
  requiredClaims: 'claims that a document must have',
  rootKeys: 'roots that are known by their keys, whose certificates are not at hand',
  twoReadings: 'a second, independent reading of each new certificate',
} as const;

export type Feature = keyof typeof FEATURES;
const FEATURE_NAMES = Object.keys(FEATURES) as [Feature, ...Feature[]];

const describe = <T extends z.ZodType>(schema: T, description: string) => schema.meta({ description });
const time = describe(z.iso.datetime(), 'RFC 3339, UTC');
const domain = describe(z.string(), "the domain that the signer's names must end with, such as metadata.azure.com");
const pem = describe(z.string(), 'a PEM file, relative to this one. Self-signed certificates are anchors.');
const sha256 = describe(z.string().regex(/^[0-9a-f]{64}$/), 'SHA-256 in lower-case hexadecimal');
const claims = z.array(z.enum(['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp']));
const said = z.string().nullable();

const trust = z.strictObject({
  certificates: pem,
  distrusted: describe(z.array(sha256), 'of certificates, or of their SubjectPublicKeyInfos').optional(),
  missing: z.array(z.strictObject({ commonName: z.string(), sha256 })).optional(),
  rootKeys: describe(z.array(sha256), 'of the SubjectPublicKeyInfos of further roots').optional(),
});

const rules = z.strictObject({
  acceptedDomains: describe(z.array(domain), 'of the clouds whose documents are accepted'),
  requiredClaims: claims,
  maximumAgeSeconds: describe(z.int().nullable(), "since createdOn; null where the document's own end is enough"),
  clockSkewSeconds: describe(z.int(), 'that clocks may differ; it does not apply to certificates'),
});

const result = z.strictObject({
  region: said,
  vmId: said,
  subscriptionId: said,
  sku: said,
  licenseType: said,
  plan: z.strictObject({ publisher: said, product: said, name: said }).nullable(),
  nonce: said,
  createdOn: time,
  expiresOn: time,
});

const accepted = z.strictObject({
  accepted: z.literal(true),
  code: z.null(),
  check: z.null(),
  result: describe(result, 'what the document says; null for a claim that it lacks'),
});

const refused = z.strictObject({
  accepted: z.literal(false),
  code: describe(z.enum(EVIDENCE_CODES), "why, in Countersign's words: docs/problems.md"),
  check: describe(z.enum(CHECK_NAMES), "the first of Countersign's checks that must fail"),
});

const vector = z.strictObject({
  id: describe(z.string(), 'the same in every run'),
  description: describe(z.string(), 'what differs from the document that is accepted'),
  why: describe(z.string(), 'why the verdict is the right one'),
  attack: describe(z.enum(ATTACKS), 'the attack or accident that it is an example of').optional(),
  features: describe(z.array(z.enum(FEATURE_NAMES)), 'that it turns on; leave it out if you lack one'),
  document: describe(z.string(), 'a file, relative to this one'),
  form: describe(z.enum(['der', 'text']), 'der: octets; text: what IMDS would have in "signature", base64 as a rule'),
  domain,
  trust,
  otherClouds: z.array(z.strictObject({ domain, certificates: pem })).optional(),
  at: time,
  nonce: describe(z.string(), 'that the document must have'),
  rules,
  expected: z.discriminatedUnion('accepted', [accepted, refused]),
});

export const vectorFile = z
  .strictObject({
    $schema: z.string().optional(),
    version: describe(z.literal(1), 'of the form of this file'),
    features: describe(z.record(z.enum(FEATURE_NAMES), z.string()), 'each feature, and what it is'),
    vectors: z.array(vector),
  })
  .meta({ title: 'Vectors for verifiers of attested documents of Azure VMs' });

export type Vector = z.infer<typeof vector>;
export type VectorFile = z.infer<typeof vectorFile>;

export function createVectorJsonSchema(): object {
  return z.toJSONSchema(vectorFile);
}
