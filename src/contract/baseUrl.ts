import { isLoopback } from './loopback.ts';

/** More does not fit into the tokens that carry it. */
export const MAX_URL = 512;

/** What {@link isBaseUrl} asks for. */
export const BASE_URL_FORM =
  'must be an https URL without a trailing slash (http only on a loopback address), as browsers write it: lower-case host, no default port';

/**
 * A base URL as URL parsers write it, because clients compare its text: no trailing slash, no query, no credentials, a
 * lower-case host, no default port; https, except on a loopback address.
 */
export function isBaseUrl(text: string): boolean {
  if (text.length > MAX_URL || !URL.canParse(text)) return false;
  const { href, search, hash, username, password, protocol } = new URL(text);
  const isPlain = search === '' && hash === '' && username === '' && password === '';
  const isSecure = protocol === 'https:' || (protocol === 'http:' && isLoopback(text));
  return isPlain && isSecure && !text.endsWith('/') && (href === text || href === `${text}/`);
}
