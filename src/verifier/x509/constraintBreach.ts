import type { GeneralName } from './generalName.ts';
import { readDirectoryString } from './name.ts';
import type { DistinguishedName } from './name.ts';
import type { NameConstraints, Subtree } from './nameConstraints.ts';
import { isWithinName, prepareName } from './nameMatching.ts';
import type { PreparedName } from './nameMatching.ts';
import { findUriHost, isHost, parseMailbox, writeBits } from './nameSyntax.ts';

/** What a certificate calls itself. */
export interface ConstrainedNames {
  readonly subject: DistinguishedName;
  readonly names: readonly GeneralName[];
}

/**
 * How many comparisons one path search may cost: webpki's figure (250,000, against quadratic blow-up by many names and many
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
  names: readonly ComparedName[],
  budget: ComparisonBudget,
): string | null {
  for (const name of names) {
    budget.comparisons -= permitted.length + excluded.length;
    if (budget.comparisons < 0) return 'too many names and name constraints';
    const answers = permitted.map((base) => compare(name, base)).filter((answer) => answer !== 'other type');
    if (answers.length > 0 && !answers.includes('within')) return 'a name is outside the permitted ones';
    if (excluded.some((base) => ['within', 'unsure'].includes(compare(name, base)))) return 'a name is excluded';
  }
  return null;
}

/** One of a certificate's names, ready to be compared; null stands for a form that cannot be. */
export type ComparedName =
  | { readonly type: 'dns'; readonly host: string | null; readonly isWildcard: boolean }
  | { readonly type: 'uri'; readonly host: string | null }
  | { readonly type: 'email'; readonly mailbox: { readonly local: string; readonly host: string } | null }
  | { readonly type: 'ip'; readonly address: string }
  | { readonly type: 'directory'; readonly prepared: PreparedName }
  | { readonly type: 'other'; readonly tag: number };

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

/** All names of a certificate that constraints apply to, prepared once for however many constraints. */
export function listNames({ subject, names }: ConstrainedNames): ComparedName[] {
  const compared = names.map(prepareForComparison);
  if (subject.length > 0) compared.push({ type: 'directory', prepared: prepareName(subject) });
  // Section 4.2.1.10: without an rfc822Name the addresses in the subject are constrained instead.
  if (names.some(({ type }) => type === 'email')) return compared;
  const addresses = subject.flat().filter(({ type }) => type === EMAIL_ADDRESS);
  return [...compared, ...addresses.map(({ value }) => prepareMailbox(readDirectoryString(value)))];
}

function prepareForComparison(name: GeneralName): ComparedName {
  switch (name.type) {
    case 'dns': {
      const lower = name.text.toLowerCase();
      const host = lower.replace(/^\*\./, '');
      return { type: 'dns', host: isHost(host) ? host : null, isWildcard: host !== lower };
    }
    case 'uri':
      return { type: 'uri', host: findUriHost(name.text) };
    case 'email':
      return prepareMailbox(name.text);
    case 'ip':
      return { type: 'ip', address: writeBits(name.octets) };
    case 'directory':
      return { type: 'directory', prepared: prepareName(name.name) };
    case 'other':
      return name;
  }
}

function prepareMailbox(text: string | null): ComparedName {
  return { type: 'email', mailbox: text === null ? null : parseMailbox(text) };
}

/** `unsure` for forms that cannot be compared and where a wildcard might match: not permitted, and not surely not excluded. */
type Answer = 'within' | 'outside' | 'unsure' | 'other type';

function compare(name: ComparedName, base: Subtree): Answer {
  if (name.type === 'dns' && base.type === 'dns') return compareDomain(name, base.host);
  if (name.type === 'uri' && base.type === 'uri') return compareHost(name.host, base.host);
  if (name.type === 'email' && base.type === 'email') return compareMailbox(name.mailbox, base);
  if (name.type === 'ip' && base.type === 'ip') return compareAddress(name.address, base);
  if (name.type === 'directory' && base.type === 'directory') return answer(isWithinName(name.prepared, base.prepared));
  if (name.type === 'other' && base.type === 'other') return name.tag === base.tag ? 'unsure' : 'other type';
  return 'other type';
}

const answer = (isWithin: boolean): Answer => (isWithin ? 'within' : 'outside');

function compareDomain({ host, isWildcard }: { host: string | null; isWildcard: boolean }, domain: string): Answer {
  if (host === null) return 'unsure';
  if (domain === '' || host === domain || host.endsWith(`.${domain}`)) return 'within';
  // *.example.com stands for a.example.com too, which may be what is excluded.
  return isWildcard && domain.endsWith(`.${host}`) ? 'unsure' : 'outside';
}

function compareHost(host: string | null, base: string): Answer {
  if (host === null) return 'unsure';
  return answer(base.startsWith('.') ? host.endsWith(base) : host === base);
}

/** The local part alone is compared with its case (RFC 5280 section 7.5). */
function compareMailbox(
  mailbox: { readonly local: string; readonly host: string } | null,
  base: { readonly local: string | null; readonly host: string },
): Answer {
  if (mailbox === null) return 'unsure';
  if (base.local !== null && base.local !== mailbox.local) return 'outside';
  return compareHost(mailbox.host, base.host);
}

function compareAddress(address: string, { bits, prefix }: { bits: number; prefix: string }): Answer {
  if (address.length !== 32 && address.length !== 128) return 'unsure';
  return answer(address.length === bits && address.startsWith(prefix));
}
