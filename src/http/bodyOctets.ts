import type { EdgeRequest } from './edge.ts';
import { RequestError } from './requestError.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The body whole, not asked for where it is announced to be too large.
 *
 * @param largest octets
 * @throws {RequestError} `request_too_large`
 */
export async function readOctets(request: EdgeRequest, largest: number): Promise<Uint8Array> {
  const announced = Number(request.header('content-length') ?? 0);
  if (!(announced <= largest)) throw tooLarge(largest);
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
