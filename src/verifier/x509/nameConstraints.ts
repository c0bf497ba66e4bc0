import { DerError, TAG, constructedContextTag } from '../der.ts';
import type { DerReader } from '../der.ts';
import { readGeneralName } from './generalName.ts';
import type { GeneralName } from './generalName.ts';
import { parseName, readDirectoryString } from './name.ts';
import type { DistinguishedName } from './name.ts';
import { isWithinName } from './nameMatching.ts';

/** The name spaces that a CA is confined to (RFC 5280 section 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** What a certificate calls itself: its alternative names, its subject, and addresses in the subject where it has no others. */
export interface ConstrainedNames {
  readonly subject: DistinguishedName;
  readonly names: readonly GeneralName[];
}

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i;

/** @throws {DerError} where the form is broken or empty, or a subtree could never match anything */
export function readNameConstraints(value: DerReader): NameConstraints {
  const sequence = value.enter(TAG.sequence);
  const permitted = readSubtrees(sequence, 0);
  const excluded = readSubtrees(sequence, 1);
  sequence.finish();
  if (permitted.length + excluded.length === 0) throw new DerError('no subtree');
  return { permitted, excluded };
}

function readSubtrees(sequence: DerReader, number: number): GeneralName[] {
  if (!sequence.hasNext(constructedContextTag(number))) return [];
  const subtrees = sequence.enter(constructedContextTag(number));
  const names: GeneralName[] = [];
  do {
    // minimum is 0, and so left out, and maximum is absent: RFC 5280 allows nothing else.
    const subtree = subtrees.enter(TAG.sequence);
    const base = readGeneralName(subtree);
    subtree.finish();
    if (!isUsableBase(base)) throw new DerError('a subtree is not in the form of its type');
    names.push(base);
  } while (!subtrees.atEnd);
  return names;
}

function isUsableBase(base: GeneralName): boolean {
  switch (base.type) {
    case 'dns':
      return base.text === '' || HOST.test(base.text);
    case 'uri':
      return HOST.test(base.text.replace(/^\./, ''));
    case 'email':
      return HOST.test(base.text.replace(/^(?:[^@]*@|\.)/, ''));
    case 'ip':
      return isAddressAndMask(base.octets);
    case 'directory':
    case 'other':
      return true;
  }
}

function isAddressAndMask(octets: Uint8Array): boolean {
  if (octets.length !== 8 && octets.length !== 32) return false;
  const mask = octets.subarray(octets.length / 2);
  const bits = Array.from(mask, (octet) => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits);
}

/**
 * How many comparisons one path may cost: webpki's figure (250,000, against quadratic blow-up by many names and many
 * constraints). One leaf of Azure's has two names, and no CA of its chains is constrained.
 */
export const NAME_COMPARISONS = 250_000;

/** Comparisons left to one path search. */
export interface ComparisonBudget {
  comparisons: number;
}

/**
 * Whether names keep to the constraints of one CA above them (RFC 5280 section 6.1.3 (b) and (c)).
 *
 * @returns null, or why not as a sentence
 */
export function findConstraintBreach(
  { permitted, excluded }: NameConstraints,
  certificate: ConstrainedNames,
  budget: ComparisonBudget,
): string | null {
  for (const name of listNames(certificate)) {
    budget.comparisons -= permitted.length + excluded.length;
    if (budget.comparisons < 0) return 'too many names and name constraints';
    const ofType = permitted.filter((base) => isSameType(base, name));
    if (ofType.length > 0 && !ofType.some((base) => isWithin(name, base)))
      return 'a name is outside the permitted ones';
    if (excluded.some((base) => isSameType(base, name) && isWithin(name, base, true))) return 'a name is excluded';
  }
  return null;
}

type ComparedName = Exclude<GeneralName, { type: 'directory' }> | { type: 'directory'; parsed: DistinguishedName };

function* listNames({ subject, names }: ConstrainedNames): Generator<ComparedName> {
  if (subject.length > 0) yield { type: 'directory', parsed: subject };
  for (const name of names) {
    yield name.type === 'directory' ? { type: 'directory', parsed: parseName(name.name) } : name;
  }
  // Section 4.2.1.10: without an rfc822Name the addresses in the subject are constrained instead.
  if (names.some(({ type }) => type === 'email')) return;
  for (const { type, value } of subject.flat()) {
    if (type === EMAIL_ADDRESS) yield { type: 'email', text: readDirectoryString(value) ?? '' };
  }
}

function isSameType(base: GeneralName, name: ComparedName): boolean {
  if (base.type === 'other' && name.type === 'other') return base.tag === name.tag;
  return base.type === name.type;
}

/** `whenUnsure` is the answer where a wildcard only might match, and for forms that cannot be compared. */
function isWithin(name: ComparedName, base: GeneralName, whenUnsure = false): boolean {
  if (name.type === 'dns' && base.type === 'dns') return isWithinDomain(name.text, base.text, whenUnsure);
  if (name.type === 'ip' && base.type === 'ip') return isWithinNetwork(name.octets, base.octets, whenUnsure);
  if (name.type === 'email' && base.type === 'email') return isWithinMailbox(name.text, base.text, whenUnsure);
  if (name.type === 'uri' && base.type === 'uri') return isWithinUri(name.text, base.text, whenUnsure);
  if (name.type === 'directory' && base.type === 'directory') return isWithinName(name.parsed, parseName(base.name));
  return whenUnsure;
}

function isWithinDomain(name: string, base: string, whenUnsure: boolean): boolean {
  const lower = name.toLowerCase();
  const domain = base.toLowerCase();
  const host = lower.startsWith('*.') ? lower.slice(2) : lower;
  if (!HOST.test(host)) return whenUnsure;
  if (domain === '' || host === domain || host.endsWith(`.${domain}`)) return true;
  // *.example.com stands for a.example.com too, which may be what is excluded.
  return whenUnsure && host !== lower && domain.endsWith(`.${host}`);
}

function isWithinNetwork(address: Uint8Array, base: Uint8Array, whenUnsure: boolean): boolean {
  if (address.length !== 4 && address.length !== 16) return whenUnsure;
  if (base.length !== address.length * 2) return false;
  return address.every((octet, index) => {
    const mask = base[address.length + index] ?? 0;
    return (octet & mask) === ((base[index] ?? 0) & mask);
  });
}

/** A mailbox, a host, or with a leading dot every host below it. The local part alone is compared with its case. */
function isWithinMailbox(mailbox: string, base: string, whenUnsure: boolean): boolean {
  const at = mailbox.lastIndexOf('@');
  const host = mailbox.slice(at + 1).toLowerCase();
  if (at < 1 || !HOST.test(host)) return whenUnsure;
  const baseAt = base.lastIndexOf('@');
  if (baseAt >= 0 && base.slice(0, baseAt) !== mailbox.slice(0, at)) return false;
  return isWithinHost(host, base.slice(baseAt + 1));
}

function isWithinUri(uri: string, base: string, whenUnsure: boolean): boolean {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:]+)(?::[0-9]*)?(?:[/?#]|$)/i.exec(uri)?.[1];
  if (host === undefined || !HOST.test(host)) return whenUnsure;
  return isWithinHost(host.toLowerCase(), base);
}

function isWithinHost(host: string, base: string): boolean {
  const domain = base.toLowerCase();
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain;
}
