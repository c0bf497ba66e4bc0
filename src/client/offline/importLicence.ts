import { decodeText } from '../../contract/decodeText.ts';
import type { OfflineLicence } from '../../contract/wire.ts';
import { flatten } from '../answer.ts';
import type { Licence } from '../answer.ts';
import { inHandOf } from '../check/check.ts';
import { keepLicence } from '../check/keep.ts';
import type { VmRecord } from '../check/records.ts';
import type { Scene } from '../check/scene.ts';
import { ClientError } from '../clientError.ts';
import type { ClientCode } from '../clientError.ts';
import { verifyLicence } from '../licence/licence.ts';
import type { LicenceClaims } from '../licence/licenceClaims.ts';
import { openKey } from '../licence/possession.ts';
import { parseJsonObject, textMember } from '../members.ts';
import type { Run } from '../run.ts';
import { checkNew } from '../service/obtainLicence.ts';
import { MAX_TOKEN, readCompactToken } from '../tokens/compactToken.ts';
import { readUnsignedKeySet } from '../trust/keySet.ts';
import type { KeySet } from '../trust/keySet.ts';
import { verifySignedKeySet } from '../trust/signedKeySet.ts';
import { newerOf } from '../trust/trust.ts';
import { readOwnRecord } from './ownRecord.ts';

/**
 * What came back in a file counts by the same rules as what comes from the service: nobody vouches for a file.
 *
 * @throws {ClientError}
 */
export async function importLicence(run: Run, scene: Scene, file: string | Uint8Array): Promise<Licence> {
  const { licence: token, keySet: keySetText } = readFile(file);
  const { record } = await readOwnRecord(run, scene);
  const keySet = readKeySet(run, record, keySetText);
  const claims = verify(run, record, { token, keySet });
  const key = await openKey(run.session.keyStore, record.vmId, { create: false });
  if (key === undefined) throw new ClientError('licence_foreign', 'cnf');
  try {
    checkNew({ run, key }, { licence: inHandOf(run, record), deniedAt: record.denial?.iat }, claims);
  } catch (error) {
    throw isTooOld(error) ? new ClientError('file_outdated') : error;
  }
  const licence = flatten({ token, claims });
  run.report({ step: 'licence', id: licence.id, expiresAt: licence.expiresAt });
  await keep(run, scene, record, { token, claims, keySet });
  return licence;
}

/** @throws {ClientError} `file_unusable` */
function readFile(file: string | Uint8Array): OfflineLicence {
  const text = typeof file === 'string' ? file : decodeText(file);
  const object = parseJsonObject(text ?? '') ?? {};
  const licence = textMember(object, 'licence', MAX_TOKEN);
  const keySet = textMember(object, 'keySet', MAX_TOKEN);
  if (licence === undefined || keySet === undefined) throw new ClientError('file_unusable');
  return { licence, keySet };
}

/**
 * The key set of the file by the option `trust`; a newer one that is known here comes before it.
 *
 * @throws {ClientError} `key_set_untrusted`, `key_set_unusable`, `key_set_ended`
 */
function readKeySet({ session, clocks }: Run, { keySet: kept }: VmRecord, text: string): KeySet {
  const { issuer, trust } = session.settings;
  if (trust.kind === 'keySet') return trust.keySet;
  if (trust.kind === 'first-use') return readUnsignedKeySet(readCompactToken(text)?.claims);
  const brought = verifySignedKeySet(text, { issuer, rootKeys: trust.rootKeys });
  const newest = newerOf(brought, kept) ?? brought;
  if (newest !== brought) return newest;
  if (brought.signed !== undefined && brought.signed.exp * 1000 <= clocks.now()) throw new ClientError('key_set_ended');
  session.memory.newestKeySet = brought;
  return brought;
}

/** @throws {ClientError} */
function verify(
  { session }: Run,
  { vmId }: VmRecord,
  { token, keySet }: { readonly token: string; readonly keySet: KeySet },
): LicenceClaims {
  const { issuer, product } = session.settings;
  try {
    return verifyLicence(token, keySet, { issuer, product, vmId });
  } catch (error) {
    const isUnknown = error instanceof ClientError && error.code === 'licence_key_unknown';
    throw isUnknown && keySet.kept === null ? new ClientError('shipped_key_set_outdated') : error;
  }
}

const TOO_OLD: readonly ClientCode[] = ['licence_outdated', 'clock_wrong'];

function isTooOld(error: unknown): boolean {
  return error instanceof ClientError && TOO_OLD.includes(error.code);
}

/**
 * A licence that is here already was not issued anew: the chassis stays the one that it was kept with.
 *
 * @throws {ClientError} `cache_not_written`: nobody has the licence but this process, which ends
 */
async function keep(
  run: Run,
  { tag, records }: Scene,
  record: VmRecord,
  issued: { readonly token: string; readonly claims: LicenceClaims; readonly keySet: KeySet },
): Promise<void> {
  const { licence, vmId } = record;
  const read = tag.readable ? tag.tag : null;
  const chassisTag = licence?.claims.jti === issued.claims.jti ? licence.chassisTag : read;
  const otherVms = records.map((one) => one.vmId).filter((one) => one !== vmId);
  const code = await keepLicence(run, issued, { record, chassisTag, otherVms, byFile: true });
  if (code !== undefined) throw new ClientError('cache_not_written', code);
}
