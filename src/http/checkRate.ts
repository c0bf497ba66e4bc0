import { readClientAddress } from './clientAddress.ts';
import type { EdgeRequest } from './edge.ts';
import type { Parts } from '../app/parts.ts';
import { RequestError } from './requestError.ts';

/**
 * Counts a request for the address that it came from, before anything else of it is looked at: a malformed one costs its
 * sender as much as a good one.
 *
 * @throws {RequestError} `rate_limited`
 */
export function checkRate({ config, addressLimit, now }: Parts, request: EdgeRequest): void {
  const address = readClientAddress(request.header('x-forwarded-for'), config.TRUSTED_PROXIES);
  const wait = addressLimit(address, now());
  if (wait > 0) throw new RequestError('rate_limited', null, wait);
}
