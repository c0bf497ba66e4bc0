import { ENDPOINTS } from '../contract/endpoints.ts';
import type { Discovery } from '../contract/wire.ts';
import { createKeySet } from '../tokens/keySet.ts';
import type { Reply } from './edge.ts';
import type { Parts } from './parts.ts';
import { replyJson } from './problems.ts';

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
      signedJwks: `${issuer}${ENDPOINTS.signedJwks}`,
    },
    acceptedClouds,
    algorithms: { licence: ['ES256'], proof: ['ES256'] },
    nonceStyle,
    rootKeys: [],
    pinSetVersion: trust.latest().trust.version,
  };
  return replyJson(200, discovery, `public, max-age=${KEY_SET_MAXIMUM_AGE}`);
}
