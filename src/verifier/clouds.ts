import { EvidenceError } from './evidenceError.ts';
import type { GeneralName } from './x509/generalName.ts';
import type { TrustDomain } from './x509/trust.ts';

/** The cloud that a signer's names belong to. */
export interface SignerCloud {
  readonly domain: TrustDomain;
  readonly region: string | null;
}

const MAX_NAMES = 4;

/** One or more labels of letters, digits and hyphens (RFC 1034 section 3.5), before the domain. */
const SUBDOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+$/;

/**
 * Finds the one cloud of all the names. Azure's certificates hold the domain itself and one region's subdomain; Microsoft
 * asks to accept any subdomain.
 *
 * @throws {EvidenceError} `signer_unexpected`
 */
export function identifyCloud(names: readonly GeneralName[], domains: readonly TrustDomain[]): SignerCloud {
  const [first, ...others] = names;
  if (first === undefined || others.length >= MAX_NAMES) fail('not one to four alternative names');
  const { domain } = matchName(first, domains);
  const matches = names.map((name) => matchName(name, domains));
  if (matches.some((match) => match.domain !== domain)) fail('names of several clouds');
  const longer = matches.filter(({ labels }) => labels.length > 0);
  if (longer.length > 1) fail('more than one subdomain');
  return { domain, region: longer[0]?.labels.at(-1) ?? null };
}

interface NameMatch {
  readonly domain: TrustDomain;
  /** What stands before the domain; none where the name is the domain. */
  readonly labels: readonly string[];
}

function matchName(name: GeneralName, domains: readonly TrustDomain[]): NameMatch {
  if (name.type !== 'dns') fail('an alternative name that is not a DNS name');
  const text = lowerAscii(name.text);
  for (const domain of domains) {
    if (text === domain.domain) return { domain, labels: [] };
    if (!text.endsWith(`.${domain.domain}`)) continue;
    const prefix = text.slice(0, -domain.domain.length);
    if (SUBDOMAIN.test(prefix)) return { domain, labels: prefix.slice(0, -1).split('.') };
  }
  return fail('an alternative name outside the domains of the clouds');
}

/** Unlike `toLowerCase` it leaves everything but ASCII letters alone: no other character can become one. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function fail(detail: string): never {
  throw new EvidenceError('cloud', 'signer_unexpected', detail);
}
