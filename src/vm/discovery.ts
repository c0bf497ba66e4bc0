import { VM_ENDPOINTS } from '../contract/endpoints.ts';
import type { Discovery } from '../contract/wire.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import type { LiveTrust } from '../trust/live/liveTrust.ts';
import type { UseCase } from '../http/edge.ts';
import { replyJson } from '../http/problems.ts';
import { MAX_KEPT } from './readKeySets.ts';

export interface DiscoveryNeeds extends Pick<Discovery, 'issuer' | 'acceptedClouds' | 'nonceStyle'> {
  readonly trust: Pick<LiveTrust, 'latest'>;
  readonly keySets: Pick<KeySets, 'readRootKeys'>;
  readonly now: () => number;
}

/**
 * `GET /.well-known/countersign`
 *
 * @throws {SigningKeyUnavailableError} a root key in a vault was never read, and cannot be read now
 */
export function readDiscovery(needs: DiscoveryNeeds): UseCase {
  const { issuer, acceptedClouds, nonceStyle, trust, keySets, now } = needs;
  return async () => {
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
  };
}
