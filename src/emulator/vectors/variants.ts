import type { AttestationResult } from '../../contract/attestation.ts';
import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import type { LeafChange } from '../authority/authority.ts';
import { BUILT_IN_VMS } from '../vms/builtInVms.ts';
import { documentContent } from '../documents/documentContent.ts';
import { remade, saying, signedBy } from './mutation.ts';
import type { Mutation } from './mutation.ts';
import { AT, CREATED_ON, DAY, HOUR, MINUTE, NONCE } from './scene.ts';

/** One change that must not matter, except for what the result says of it. */
export interface Variant {
  /** What was changed; one of its kind. */
  readonly name: string;
  readonly offer: Mutation['offer'];
  readonly result: AttestationResult;
}

const DOMAIN = AZURE_CLOUDS.AzurePublicCloud;
const vm = BUILT_IN_VMS[0].compute;
const { vmId, subscriptionId, sku, licenseType, plan } = vm;
const RESULT: AttestationResult = {
  ...{ cloud: 'AzurePublicCloud', region: 'eastus', vmId, subscriptionId, sku, licenseType, plan, nonce: NONCE },
  ...{ createdOn: CREATED_ON, expiresOn: CREATED_ON + 6 * HOUR },
};

const named = (...names: readonly string[]): LeafChange => ({ names: names.map((value) => ({ type: 'dns', value })) });
const made = (createdOn: number, lifetime?: number) =>
  saying(() =>
    documentContent({ vm, apiVersion: '2025-04-07', nonce: NONCE, createdOn, ...(lifetime && { lifetime }) }),
  );

/** The document's own end is enough. */
function atAnyAge(offer: Mutation['offer']): Mutation['offer'] {
  return async (scene) => ({ ...(await offer(scene)), policy: { maximumAge: null } });
}

const TABLE: readonly (readonly [name: string, offer: Mutation['offer'], change?: Partial<AttestationResult>])[] = [
  ['nothing changed', () => ({})],
  ['base64', ({ genuine }) => ({ evidence: Buffer.from(genuine).toString('base64') })],
  ['SHA-256’s own identifier', remade({ digestOid: 'standard' })],
  ['algorithms without parameters', remade({ parameters: 'absent' })],
  ['the names in the other order', signedBy(named(DOMAIN, `westus.${DOMAIN}`)), { region: 'westus' }],
  ['the domain alone', signedBy(named(DOMAIN)), { region: null }],
  ['a region alone', signedBy(named(`westus.${DOMAIN}`)), { region: 'westus' }],
  ['names in capitals', signedBy(named(`EastUS.${DOMAIN.toUpperCase()}`, DOMAIN))],
  ['a name of two more labels', signedBy(named(`a.westus.${DOMAIN}`, DOMAIN)), { region: 'westus' }],
  ['labels of one and of 63 characters', signedBy(named(`a.${'b'.repeat(63)}.${DOMAIN}`)), { region: 'b'.repeat(63) }],
  ['four names', signedBy(named(DOMAIN, DOMAIN, `eastus.${DOMAIN}`, DOMAIN))],
  ['clientAuth too', signedBy({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] })],
  ['dataEncipherment too', signedBy({ keyUsage: ['digitalSignature', 'keyEncipherment', 'dataEncipherment'] })],
  ['a leaf signed with SHA-256', signedBy({ signatureAlgorithm: 'rsa-sha256' })],
  ['a leaf without basic constraints', signedBy({ basicConstraints: undefined })],
  ['a leaf without key identifiers', signedBy({ keyIdentifiers: false })],
  ['a leaf without a common name', signedBy({ subject: 'C=US, O=Countersign' })],
  ['a leaf that ends this second', signedBy({ notAfter: AT })],
  ['a leaf that began with the document', signedBy({ notBefore: CREATED_ON })],
  [
    'the last moment of the skew',
    atAnyAge(made(AT - 6 * HOUR - 2 * MINUTE)),
    { createdOn: AT - 6 * HOUR - 2 * MINUTE },
  ],
  ['a clock ahead by the skew', made(AT + 2 * MINUTE), { createdOn: AT + 2 * MINUTE }],
  ['a lifetime of a day', made(CREATED_ON, DAY), { expiresOn: CREATED_ON + DAY }],
  ['vmId in capitals', saying((content) => ({ ...content, vmId: vmId.toUpperCase() }))],
  ['members that nobody knows', saying((content) => ({ ...content, more: [1, { a: null }, true] }))],
  ['no licenseType', saying((content) => ({ ...content, licenseType: undefined })), { licenseType: null }],
  ['an empty sku', saying((content) => ({ ...content, sku: '' })), { sku: '' }],
  [
    'an empty plan',
    saying((content) => ({ ...content, plan: {} })),
    { plan: { publisher: null, product: null, name: null } },
  ],
  ['JSON in lines', saying((content) => JSON.stringify(content, null, 2))],
];

/** A document lives for six hours, if nothing else is stated. */
function resultOf(change: Partial<AttestationResult>): AttestationResult {
  const { createdOn = CREATED_ON, expiresOn = createdOn + 6 * HOUR } = change;
  return { ...RESULT, ...change, createdOn, expiresOn };
}

/** What a verifier must accept. */
export const VARIANTS: readonly Variant[] = TABLE.map(([name, offer, change = {}]) => {
  return { name, offer, result: resultOf(change) };
});
