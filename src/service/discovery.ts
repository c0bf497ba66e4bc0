import { PROBLEMS } from '../contract/problems.ts';
import type { ProblemCode } from '../contract/codes.ts';
import { ENDPOINTS } from '../contract/endpoints.ts';
import type { Discovery } from '../contract/wire.ts';
import { createKeySet } from '../tokens/keySet.ts';
import type { Reply } from './edge.ts';
import type { Parts } from './parts.ts';
import { replyJson, replyProblem } from './problems.ts';

/** Seconds; the least SIGNING_KEY_LEAD_SECONDS is twice as long. */
const KEY_SET_MAXIMUM_AGE = 300;

/**
 * `GET /.well-known/jwks.json`. Nobody may keep it for longer than it is certain to hold every key in use.
 *
 * @throws {SigningKeyUnavailableError}
 */
export async function readKeySet({ signingKeys, now }: Parts): Promise<Reply> {
  const at = now();
  const { keys, goodUntil } = await signingKeys.readPublished(at);
  const maximumAge = Math.min(KEY_SET_MAXIMUM_AGE, Math.floor((goodUntil - at) / 1000));
  return replyJson(200, createKeySet(keys, at), maximumAge > 0 ? `public, max-age=${maximumAge}` : 'no-store');
}

/** `GET /.well-known/countersign` */
export function readDiscovery({ config, trust }: Parts): Reply {
  const { ISSUER: issuer, ACCEPTED_CLOUDS: acceptedClouds, NONCE_STYLE: nonceStyle } = config;
  const discovery: Discovery = {
    issuer,
    endpoints: {
      challenges: `${issuer}${ENDPOINTS.challenges}`,
      licences: `${issuer}${ENDPOINTS.licences}`,
      releases: `${issuer}${ENDPOINTS.releases}`,
      jwks: `${issuer}${ENDPOINTS.jwks}`,
    },
    acceptedClouds,
    algorithms: { licence: ['ES256'], proof: ['ES256'] },
    nonceStyle,
    pinSetVersion: trust.latest().trust.version,
  };
  return replyJson(200, discovery, `public, max-age=${KEY_SET_MAXIMUM_AGE}`);
}

/** `GET /problems/{code}`: the page that a problem document's `type` names. */
export function readProblemPage({ config }: Parts, code: string): Reply {
  const facts = Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as ProblemCode] : undefined;
  if (facts === undefined) return replyProblem(config.ISSUER, 'not_found');
  const { title, advice, status, retryable } = facts;
  const again = retryable ? 'The same request may succeed later.' : 'The same request will not succeed by itself.';
  return {
    status: 200,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'public, max-age=3600' },
    body: `${code} (${status})\n\n${title}.\n\nWhat to do: ${advice}\n${again}\n`,
  };
}
