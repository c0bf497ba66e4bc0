import type { GeneralName } from './generalName.ts';

/** RFC 1034 section 3.5 with RFC 1123 section 2.1, and for constraints the underscore that older hosts have. */
const HOST = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** RFC 1035 section 2.3.4, in text form. */
const MAX_HOST_LENGTH = 253;

/** RFC 5321 section 4.1.2: Dot-string, or a quoted string; its own limit is 64 octets (section 4.5.3.1.1). */
const LOCAL_PART = /^(?:[^\x00-\x20\x7f"(),:;<>@[\\\]]{1,64}|"(?:[^\x00-\x1f\x7f"\\]|\\[\x20-\x7e]){0,62}")$/;

const URI = /^[a-z][a-z0-9+.-]*:/i;
const URI_HOST = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@]+)(?::[0-9]*)?(?:[/?#]|$)/i;
const ALL_NUMERIC = /^[0-9.]+$/;

/** Longer URIs than any in a certificate; nothing here looks into them. */
const MAX_URI_LENGTH = 2048;

/**
 * Whether this is a host's name.
 *
 * @param text lower-case
 */
export function isHost(text: string): boolean {
  return text.length <= MAX_HOST_LENGTH && HOST.test(text);
}

/** A mailbox in two parts, the host in lower case; null where the text is none (RFC 5280 section 4.2.1.6). */
export function parseMailbox(text: string): { readonly local: string; readonly host: string } | null {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const host = text.slice(at + 1).toLowerCase();
  return LOCAL_PART.test(local) && isHost(host) ? { local, host } : null;
}

/** The host of a URI in lower case; null where it has none, or an address in its place (RFC 5280 section 4.2.1.10). */
export function findUriHost(text: string): string | null {
  const host = text.length > MAX_URI_LENGTH ? undefined : URI_HOST.exec(text)?.[1]?.toLowerCase();
  return host === undefined || !isHost(host) || ALL_NUMERIC.test(host) ? null : host;
}

/**
 * The forms that RFC 5280 section 4.2.1.6 prescribes for alternative names. A DNS name may have a wildcard for its first
 * label, as RFC 6125 section 6.4.3 knows it, and nowhere else.
 */
export function isWellFormedName(name: GeneralName): boolean {
  switch (name.type) {
    case 'dns': {
      const host = name.text.toLowerCase().replace(/^\*\./, '');
      return isHost(host) && !host.includes('_');
    }
    case 'email':
      return parseMailbox(name.text) !== null;
    case 'uri':
      return URI.test(name.text);
    case 'ip':
      return name.octets.length === 4 || name.octets.length === 16;
    case 'directory':
    case 'other':
      return true;
  }
}

/** Octets as binary digits, so that a network's prefix is a text's. */
export function writeBits(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(2).padStart(8, '0')).join('');
}
