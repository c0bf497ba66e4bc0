import type { BackupRecord } from '../../backup/records.ts';
import type { Restored, StagedBackup, StoredRecord } from '../../backup/store.ts';
import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import type { RestoreReportJson } from '../../contract/operators/backup.ts';
import { RequestError } from '../../http/requestError.ts';
import { verifyKeySet } from '../../tokens/signedKeySet.ts';
import { judgeCertificate } from '../../trust/live/judgePin.ts';
import type { LiveTrust } from '../../trust/live/liveTrust.ts';

/** What became of the objects, by kind. */
export type Counts = RestoreReportJson['counts'];

/**
 * Nobody has judged the pins of an unsigned file, and whoever names one knows its digest alone: it must be a CA that could be
 * pinned now, in the role that the file says.
 *
 * @throws {RequestError} `backup_refused`
 */
export async function checkPins(
  records: readonly BackupRecord[],
  { pins }: StagedBackup,
  trust: Pick<LiveTrust, 'refresh'>,
  at: number,
): Promise<void> {
  const named = records.filter((record) => record.kind === 'pin').filter(({ sha256 }) => pins?.includes(sha256));
  if (named.length === 0) return;
  const { material } = await trust.refresh(at);
  for (const { sha256, cloud, der, role } of named) {
    const isKnown = material.manifests.some((manifest) => manifest.cloud === cloud);
    const judged = judgeCertificate({ cloud, der: Buffer.from(der, 'base64'), newAnchor: true }, material, at);
    const isRight = isKnown && judged.ok && judged.certificate.sha256 === sha256 && judged.role === role;
    if (isRight) continue;
    const why = judged.ok ? 'It is not the certificate that the file says.' : judged.reason;
    throw new RequestError('backup_refused', `The pin ${sha256} of ${cloud} cannot be restored. ${why} Leave it out.`);
  }
}

/** Kinds one after the other, for their order is part of what is promised; objects of a kind several at once. */
export async function forEachRecord(
  records: readonly BackupRecord[],
  { staged: { pins }, issuer }: { readonly staged: StagedBackup; readonly issuer: string },
  run: (record: StoredRecord) => Promise<void>,
): Promise<void> {
  const isTaken = (record: BackupRecord): record is StoredRecord =>
    record.kind !== 'key' && (pins === null || isTakenUnsigned(record, pins)) && isSignedByRoot(record, issuer);
  const taken = records.filter(isTaken);
  for (const own of Map.groupBy(taken, ({ kind }) => kind).values()) await forEachAtOnce(own, run);
}

/** A set that its root key did not sign serves nobody, and may not replace one that does. It may have ended. */
function isSignedByRoot(record: BackupRecord, issuer: string): boolean {
  if (record.kind !== 'keyset') return true;
  return verifyKeySet(record.token, { rootKeys: [record.root], issuer, at: null }).ok;
}

/** What a file may say that nobody has signed: nothing that others trust, but for pins that an operator named. */
function isTakenUnsigned(record: BackupRecord, pins: readonly string[]): boolean {
  return record.kind !== 'keyset' && (record.kind !== 'pin' || pins.includes(record.sha256));
}

export function count(counts: Counts, { kind }: BackupRecord, { outcome }: Restored): void {
  const own = (counts[kind] ??= { created: 0, replaced: 0, kept: 0 });
  own[outcome] += 1;
}
