import { readBounded } from '../contract/readBounded.ts';

/** What came from a URL, or why nothing did as a sentence. */
export type Download = { readonly octets: Uint8Array } | { readonly octets: null; readonly reason: string };

export interface DownloadOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds for all of it, redirects included. */
  readonly timeout: number;
}

/** The certificates of Azure's CAs have 1 to 2 KB. */
const MAX_OCTETS = 64 * 1024;
const MAX_REDIRECTS = 3;

/**
 * Gets one file, of at most 64 KiB. A redirect is followed on the same host alone: whoever publishes a CA's certificate
 * publishes it himself. What came is not trusted; its digest decides.
 */
export async function download(url: string, { fetch, timeout }: DownloadOptions): Promise<Download> {
  const signal = AbortSignal.timeout(timeout);
  try {
    let target = new URL(url);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await fetch(target, { redirect: 'manual', credentials: 'omit', signal });
      const next = readRedirect(response, target);
      if (next === null) return await readResponse(response);
      await response.body?.cancel();
      if (typeof next === 'string') return failed(next);
      target = next;
    }
    return failed('too many redirects');
  } catch (error) {
    return failed(describeFailure(error, timeout));
  }
}

/** Where to go instead; a sentence where not to; null where the response is no redirect. */
function readRedirect(response: Response, from: URL): URL | string | null {
  const location = response.headers.get('location');
  if (response.status < 300 || response.status > 399 || location === null) return null;
  const target = URL.parse(location, from.href);
  if (target === null || !/^https?:$/.test(target.protocol)) return 'a redirect to no URL';
  return target.hostname === from.hostname ? target : 'a redirect to another host';
}

async function readResponse(response: Response): Promise<Download> {
  const { status, body } = response;
  if (status !== 200 || body === null) {
    await body?.cancel();
    return failed(`answered ${status}`);
  }
  const octets = await readBounded(body, MAX_OCTETS);
  return octets === null ? failed('sent more than 64 KiB') : { octets };
}

function failed(reason: string): Download {
  return { octets: null, reason };
}

/** `fetch` wraps what happened; the system's code is what an operator can look up. */
function describeFailure(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError') return `no complete answer within ${timeout / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  return typeof code === 'string' ? `not reached (${code})` : 'not reached';
}
