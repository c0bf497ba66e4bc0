import type { EdgeRequest } from './edge.ts';
import { RequestError } from './requestError.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** RFC 9110 section 8.6: digits alone. What else stands there (two lengths, a sign, an exponent) declares no size. */
const CONTENT_LENGTH = /^\d+$/;

/**
 * The body whole. It is not asked for where its declared size is too large, or is no size. A chunked body declares none:
 * its octets are counted.
 *
 * @param largest octets
 * @throws {RequestError} `request_too_large`
 */
export async function readOctets(request: EdgeRequest, largest: number): Promise<Uint8Array> {
  const declared = request.header('content-length') ?? '0';
  if (!CONTENT_LENGTH.test(declared) || Number(declared) > largest) throw tooLarge(largest);
  const octets = await request.readBody();
  if (octets.length > largest) throw tooLarge(largest);
  return octets;
}

function tooLarge(largest: number): RequestError {
  return new RequestError('request_too_large', `Send at most ${largest / 1024} KiB.`);
}

/** Of `Content-Type`, in lower case and without its parameters. */
export function readMediaType(request: EdgeRequest): string {
  return (request.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** @throws {RequestError} `request_malformed` */
export function decodeUtf8(octets: Uint8Array): string {
  try {
    return utf8.decode(octets);
  } catch {
    throw new RequestError('request_malformed', 'The body is not UTF-8.');
  }
}
