import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import type { Discovery } from '../contract/wire.ts';
import type { Reply } from '../http/edge.ts';
import type { Parts } from '../app/parts.ts';
import { replyJson } from '../http/problems.ts';
import { MAX_KEPT } from './readKeySets.ts';

/**
 * `GET /.well-known/countersign`
 *
 * @throws {SigningKeyUnavailableError} a root key in a vault was never read, and cannot be read now
 */
export async function readDiscovery({ config, trust, keySets, now }: Parts): Promise<Reply> {
  const { ISSUER: issuer, ACCEPTED_CLOUDS: acceptedClouds, NONCE_STYLE: nonceStyle } = config;
  const discovery: Discovery = {
    issuer,
    endpoints: {
      challenges: `${issuer}${VM_ENDPOINTS.issueChallenge.path}`,
      licences: `${issuer}${VM_ENDPOINTS.issueLicence.path}`,
      releases: `${issuer}${VM_ENDPOINTS.releaseLicence.path}`,
      jwks: `${issuer}${VM_ENDPOINTS.readKeySet.path}`,
      signedJwks: `${issuer}${VM_ENDPOINTS.readSignedKeySet.path}`,
    },
    acceptedClouds,
    algorithms: { licence: ['ES256'], proof: ['ES256'] },
    nonceStyle,
    rootKeys: await keySets.readRootKeys(now()),
    pinSetVersion: trust.latest().trust.version,
  };
  return replyJson(200, discovery, `public, max-age=${MAX_KEPT}`);
}
