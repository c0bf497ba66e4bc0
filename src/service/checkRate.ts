import { readClientAddress } from './clientAddress.ts';
import type { EdgeRequest } from './edge.ts';
import type { Parts } from './parts.ts';
import { RequestError } from './requestError.ts';

/** @throws {RequestError} `rate_limited` */
export function checkRate({ config, rateLimit, now }: Parts, request: EdgeRequest): void {
  const address = readClientAddress(request.header('x-forwarded-for'), config.TRUSTED_PROXIES);
  const wait = rateLimit.take(address, now());
  if (wait > 0) throw new RequestError('rate_limited', null, wait);
}
