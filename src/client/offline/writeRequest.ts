import { hash } from 'node:crypto';
import { TOKEN_TYPES } from '../../contract/claims.ts';
import { OPERATOR_ENDPOINTS } from '../../contract/endpoints.ts';
import { nonceFromDigest, offlineNonceInput } from '../../contract/nonce.ts';
import type { AttestedDocumentResponse, OfflineProofClaims, OfflineRequest } from '../../contract/wire.ts';
import { openOwnKey } from '../check/check.ts';
import { isLicensed } from '../check/scene.ts';
import type { Scene } from '../check/scene.ts';
import { ClientError } from '../clientError.ts';
import type { PossessedKey } from '../licence/possession.ts';
import type { Settings } from '../options.ts';
import type { Run } from '../run.ts';
import { signProof } from '../service/exchange.ts';
import { findClaim } from '../service/obtainLicence.ts';
import { readOwnRecord } from './ownRecord.ts';

/**
 * The document's nonce names the key, because there is no challenge that could: so the request is good for this VM and this
 * key alone.
 *
 * @throws {ClientError}
 */
export async function writeRequest(
  run: Run,
  scene: Scene,
): Promise<{ readonly vmId: string; readonly request: OfflineRequest }> {
  const { settings } = run.session;
  const { imds, record } = await readOwnRecord(run, scene);
  const key = await openOwnKey(run, record.vmId);
  if (key instanceof ClientError) throw key;
  const digest = hash('sha256', offlineNonceInput(key.thumbprint), 'buffer');
  const document = await imds.readDocument(nonceFromDigest(digest, 'base32'));
  const claim = await findClaim({ run, imds }, { isLicensed: isLicensed(run, scene, record) });
  const proof = await prove(settings, key, document);
  return { vmId: record.vmId, request: { document, proof, ...wishesOf(settings, claim) } };
}

function prove(
  { issuer, product }: Settings,
  key: PossessedKey,
  { signature }: AttestedDocumentResponse,
): Promise<string> {
  const claims: Omit<OfflineProofClaims, 'jti'> = {
    aud: issuer + OPERATOR_ENDPOINTS.activateOffline.path,
    product,
    doc: hash('sha256', Buffer.from(signature, 'base64'), 'base64url'),
  };
  return signProof(key, TOKEN_TYPES.offlineProof, claims);
}

function wishesOf({ client, label, offer, trust }: Settings, claim: string | undefined) {
  return {
    client,
    ...(offer === undefined ? {} : { offer }),
    ...(claim === undefined ? {} : { claim }),
    ...(label === undefined ? {} : { label }),
    ...(trust.kind === 'rootKeys' ? { rootKeys: trust.rootKeys } : {}),
  };
}
