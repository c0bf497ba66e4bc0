import { createHash } from 'node:crypto';
import { EMULATOR_CLOUD } from '../../contract/clouds.ts';
import { caAdditions, leafAdditions, rootAdditions } from './genuineExtensions.ts';
import { issueCertificate, type CertificateDescription, type IssuedCertificate } from './issueCertificate.ts';
import { createKeyRing, subjectPublicKeyInfo, type KeyKind, type KeyPair, type KeyRing } from './keys.ts';
import { addressesOf } from './publishing.ts';

const DAY = 24 * 60 * 60 * 1000;
const YEAR = 365 * DAY;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** What a pin says of a CA certificate. Digests are lower-case hexadecimal, times milliseconds since the epoch. */
interface CertificateFacts {
  readonly name: string;
  readonly role: 'root' | 'intermediate';
  readonly sha256: string;
  readonly spkiSha256: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

interface AuthorityCertificate extends IssuedCertificate {
  readonly facts: CertificateFacts;
}

interface AuthorityNames {
  readonly root: string;
  readonly secondRoot: string;
  readonly intermediate: string;
}

export interface AuthorityOptions {
  /** In whose name documents are signed; the emulator's cloud by default. */
  readonly domain?: string;
  /** The time around which everything is valid, in milliseconds since the epoch; now by default. */
  readonly at?: number;
  /**
   * Where the emulator serves what the certificates point to. With it, certificates are as complete as genuine ones, and
   * those of the CAs follow from keys, time and this alone. Without it they carry no addresses.
   */
  readonly baseUrl?: string;
  /** Common names of the CAs. */
  readonly names?: Partial<AuthorityNames>;
  /** The kind of the CAs' keys. */
  readonly keyKind?: KeyKind;
  /** Where keys come from; one of the authority's own by default. A shared one saves time where keys may be the same. */
  readonly keys?: KeyRing;
}

/** A leaf differs from Azure's usual shape in what is stated here; `undefined` leaves a part out of the certificate. */
export type LeafChange = { [Part in keyof CertificateDescription]?: CertificateDescription[Part] | undefined } & {
  /** The label before the domain in the longer name; `eastus` by default. */
  readonly region?: string;
};

/**
 * A small certification authority: a root, an intermediate under it, and the same root certified by a second one. A leaf
 * therefore has two paths: leaf, intermediate, root; and leaf, intermediate, cross-signed root, second root.
 */
export interface Authority {
  readonly domain: string;
  readonly at: number;
  readonly root: AuthorityCertificate;
  readonly secondRoot: AuthorityCertificate;
  readonly crossSignedRoot: AuthorityCertificate;
  readonly intermediate: AuthorityCertificate;
  /** The four above. */
  readonly certificates: readonly AuthorityCertificate[];
  /** The four above as PEM; those that are self-signed are the anchors. */
  readonly pem: string;
  readonly keys: KeyRing;
  /** Any certificate at all; the description says everything. */
  readonly issue: (description: CertificateDescription) => Promise<IssuedCertificate>;
  /** A signing certificate as Azure's are, except for what is stated. All leaves share one key unless one is given. */
  readonly issueLeaf: (change?: LeafChange) => Promise<IssuedCertificate>;
}

const NAMES: AuthorityNames = {
  root: 'Countersign Emulator Root',
  secondRoot: 'Countersign Emulator Second Root',
  intermediate: 'Countersign Emulator Issuing CA 01',
};

export async function createAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  const { domain = EMULATOR_CLOUD.domain, at = Date.now(), keyKind, keys = createKeyRing(), baseUrl } = options;
  const names = { ...NAMES, ...options.names };
  const rootShape = baseUrl === undefined ? {} : { additions: rootAdditions(domain) };
  const shapeUnder = (issuer: AuthorityCertificate, offered = issuer) =>
    baseUrl === undefined ? {} : { additions: caAdditions(addressesOf(baseUrl, issuer, offered)) };
  const [rootKeys, secondKeys, intermediateKeys] = await Promise.all([
    keys('root', keyKind),
    keys('second root', keyKind),
    keys('intermediate', keyKind),
  ]);
  const root = await issueCa({ name: names.root, keys: rootKeys, at, years: 20, ...rootShape });
  const secondRoot = await issueCa({ name: names.secondRoot, keys: secondKeys, at, years: 25, ...rootShape });
  const crossSigned = { name: names.root, keys: rootKeys, at, years: 10, issuer: secondRoot };
  const crossSignedRoot = await issueCa({ ...crossSigned, ...shapeUnder(secondRoot) });
  const issuing = { name: names.intermediate, keys: intermediateKeys, pathLength: 0, at, years: 5, issuer: root };
  // As Azure's: the address leads to the other path, because the root itself is where it is trusted.
  const intermediate = await issueCa({ ...issuing, ...shapeUnder(root, crossSignedRoot) });
  const additions = baseUrl === undefined ? {} : leafAdditions(addressesOf(baseUrl, intermediate));
  const certificates = [root, secondRoot, crossSignedRoot, intermediate];
  return {
    ...{ domain, at, root, secondRoot, crossSignedRoot, intermediate, certificates, keys },
    pem: certificates.map(({ pem }) => pem).join(''),
    issue: issueCertificate,
    issueLeaf: (change = {}) => issueLeaf({ domain, at, keys, issuer: intermediate, additions }, change),
  };
}

interface CaDescription {
  readonly name: string;
  readonly keys: KeyPair;
  readonly at: number;
  /** How long it lives after `at`; it began two years before. */
  readonly years: number;
  readonly issuer?: IssuedCertificate;
  readonly pathLength?: number;
  readonly additions?: Partial<CertificateDescription>;
}

async function issueCa({ name, keys, at, years, ...rest }: CaDescription): Promise<AuthorityCertificate> {
  const notBefore = wholeSecond(at - 2 * YEAR);
  const notAfter = wholeSecond(at + years * YEAR);
  const { issuer, pathLength, additions } = rest;
  const subject = `C=US, O=Countersign, CN=${name}`;
  const issued = await issueCertificate({
    ...{ subject, keys, notBefore, notAfter, ...(issuer && { issuer }) },
    keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
    basicConstraints: { ca: true, ...(pathLength !== undefined && { pathLength }) },
    ...(additions && { ...additions, serial: serialOf(subject, keys, notBefore, additions) }),
  });
  const facts = { name, sha256: sha256(issued.der), spkiSha256: sha256(subjectPublicKeyInfo(keys.publicKey)) };
  return { ...issued, facts: { ...facts, role: issuer ? 'intermediate' : 'root', notBefore, notAfter } };
}

/** The same for the same certificate, so that a persistent authority needs to keep its keys alone. */
function serialOf(subject: string, keys: KeyPair, notBefore: number, { addresses }: Partial<CertificateDescription>) {
  const key = sha256(subjectPublicKeyInfo(keys.publicKey));
  return `41${sha256(Buffer.from(JSON.stringify([subject, key, notBefore, addresses]))).slice(0, 36)}`;
}

interface LeafIssuer {
  readonly domain: string;
  readonly at: number;
  readonly keys: KeyRing;
  readonly issuer: IssuedCertificate;
  readonly additions: Partial<CertificateDescription>;
}

/** Azure's signing certificates as measured in 2026: 180 days, two names, serverAuth alone. */
async function issueLeaf(
  { domain, at, keys, issuer, additions }: LeafIssuer,
  change: LeafChange,
): Promise<IssuedCertificate> {
  const { region = 'eastus', ...stated } = change;
  const usual: CertificateDescription = {
    subject: `C=US, ST=WA, L=Redmond, O=Countersign, CN=${domain}`,
    keys: stated.keys ?? (await keys('leaf')),
    issuer,
    notBefore: wholeSecond(at - 60 * DAY),
    notAfter: wholeSecond(at + 120 * DAY),
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    names: [
      { type: 'dns', value: `${region}.${domain}` },
      { type: 'dns', value: domain },
    ],
    basicConstraints: { ca: false },
    extendedKeyUsage: [SERVER_AUTH],
    ...additions,
  };
  return issueCertificate(withChange(usual, stated));
}

/** The parts of the change that are `undefined` are taken away; what a certificate cannot do without stays. */
function withChange(usual: CertificateDescription, change: Omit<LeafChange, 'region'>): CertificateDescription {
  const { subject, keys, notBefore, notAfter } = usual;
  const entries = Object.entries({ ...usual, ...change }).filter(([, value]) => value !== undefined);
  return { subject, keys, notBefore, notAfter, ...(Object.fromEntries(entries) as Partial<CertificateDescription>) };
}

function wholeSecond(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
