import type { AttestationResult } from '../../contract/attestation.ts';
import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import { EVIDENCE_CODES, type EvidenceCode } from '../../contract/codes.ts';
import { formatInstant } from '../../contract/instants.ts';
import { PROBLEMS } from '../../contract/problems.ts';
import type { TrustedCertificatesInput } from '../../verifier/x509/trustedCertificates.ts';
import { encodePem } from '../authority/issueCertificate.ts';
import type { Mutation } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';
import { AT, NONCE, POLICY, pinsOf, type Offer, type Scene } from './scene.ts';
import { VARIANTS } from './variants.ts';
import type { Feature, Vector } from './vectorFile.ts';

/** A vector and the files that it names, by their names. */
export interface MadeVector {
  readonly vector: Vector;
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

/** What leads to a vector: a variant that is accepted, or a mutation that is refused. */
type Case = Pick<Mutation, 'name' | 'offer' | 'attack' | 'feature'> & Pick<Vector, 'expected' | 'why'>;

const ACCEPTED: readonly Case[] = VARIANTS.map(({ name, offer, result }) => ({
  ...{ name, offer, expected: { accepted: true, code: null, check: null, result: writeResult(result) } },
  why: 'The document has the format that Azure signs, its path leads to an anchor, and its times are right',
}));

const REFUSED: readonly Case[] = EVIDENCE_CODES.flatMap((code) =>
  MUTATIONS[code].map(({ check, ...mutation }): Case => ({
    ...{ ...mutation, expected: { accepted: false, code, check }, why: PROBLEMS[code].title },
  })),
);

const CASES = withIds([...ACCEPTED, ...REFUSED]);

export const VECTOR_COUNT = CASES.length;

/** By code and name. Names that differ in punctuation alone are told apart by a number. */
function withIds(cases: readonly Case[]): readonly (Case & { readonly id: string })[] {
  const taken = new Map<string, number>();
  return cases.map((each) => {
    const id = `${each.expected.code ?? 'accepted'}/${slugOf(each.name)}`;
    const count = (taken.get(id) ?? 0) + 1;
    taken.set(id, count);
    return { ...each, id: count === 1 ? id : `${id}-${count}` };
  });
}

/** Every variant and every mutation, one after the other: together their documents are large. */
export async function* makeVectors(scene: Scene): AsyncGenerator<MadeVector> {
  for (const each of CASES) yield makeVector(scene, each, await each.offer(scene));
}

const USUAL_TRUST = 'trust/azure-public-cloud.pem';
const CHINESE_TRUST = 'trust/azure-china-cloud.pem';
const { AzurePublicCloud, AzureChinaCloud } = AZURE_CLOUDS;
/** What the command line reads in one file of trusted certificates. */
const LARGE_TRUST = 1024;

function makeVector(scene: Scene, each: (typeof CASES)[number], offer: Offer): MadeVector {
  const { id, name, attack, expected, why } = each;
  const { evidence = scene.genuine, at = AT, nonce = NONCE } = offer;
  const form = typeof evidence === 'string' ? 'text' : 'der';
  const document = `documents/${id}.${form === 'text' ? 'txt' : 'der'}`;
  const pins = { ...pinsOf(scene.authority), ...offer.pins };
  const certificates = offer.pins === undefined ? USUAL_TRUST : `trust/${id}.pem`;
  const hasClouds = expected.code === 'cloud_not_accepted';
  const vector: Vector = {
    ...{ id, description: name, why, ...(attack && { attack }), features: featuresOf(each, pins) },
    ...{ document, form, domain: AzurePublicCloud, trust: { certificates, ...writeDigests(pins) } },
    ...(hasClouds && { otherClouds: [{ domain: AzureChinaCloud, certificates: CHINESE_TRUST }] }),
    ...{ at: formatInstant(at), nonce, rules: writeRules(offer), expected },
  };
  const others = hasClouds ? { [CHINESE_TRUST]: writeTrust(pinsOf(scene.chinese)) } : {};
  return { vector, files: { [document]: evidence, [certificates]: writeTrust(pins), ...others } };
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

const TURNING_ON: Partial<Record<EvidenceCode, Feature>> = {
  cloud_not_accepted: 'clouds',
  document_too_old: 'maximumAge',
  claim_missing: 'requiredClaims',
  readings_differ: 'twoReadings',
};

function featuresOf({ expected, feature }: Case, pins: TrustedCertificatesInput): Feature[] {
  const byCode = expected.accepted ? undefined : TURNING_ON[expected.code];
  const byPins = (['distrusted', 'missing', 'rootKeys'] as const).filter((part) => pins[part] !== undefined);
  const isLarge = pins.anchors.length + pins.intermediates.length > LARGE_TRUST;
  return [
    ...(byCode ? [byCode] : []),
    ...(feature ? [feature] : []),
    ...byPins.map((part) => (part === 'distrusted' ? 'distrust' : part)),
    ...(isLarge ? (['largeTrust'] as const) : []),
  ];
}

function writeTrust({ anchors, intermediates }: TrustedCertificatesInput): string {
  return [...anchors, ...intermediates].map(({ der }) => encodePem(der)).join('');
}

function writeDigests({ distrusted, missing, rootKeys }: TrustedCertificatesInput) {
  return {
    ...(distrusted && { distrusted: [...distrusted] }),
    ...(missing && { missing: [...missing] }),
    ...(rootKeys && { rootKeys: [...rootKeys] }),
  };
}

function writeRules({ policy }: Offer): Vector['rules'] {
  const { acceptedClouds, requiredClaims, maximumAge, clockSkew } = { ...POLICY, ...policy };
  const domains: Readonly<Record<string, string>> = AZURE_CLOUDS;
  return {
    acceptedDomains: acceptedClouds.map((cloud) => domains[cloud] ?? cloud),
    requiredClaims: [...requiredClaims],
    maximumAgeSeconds: maximumAge === null ? null : maximumAge / 1000,
    clockSkewSeconds: clockSkew / 1000,
  };
}

function writeResult({ createdOn, expiresOn, ...rest }: AttestationResult) {
  const { region, vmId, subscriptionId, sku, licenseType, plan, nonce } = rest;
  const times = { createdOn: formatInstant(createdOn), expiresOn: formatInstant(expiresOn) };
  return { region, vmId, subscriptionId, sku, licenseType, plan, nonce, ...times };
}
