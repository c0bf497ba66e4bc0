import { digestPart, PartError, readPart } from '../../backup/parts.ts';
import type { ReadPart } from '../../backup/parts.ts';
import type { BackupRecord } from '../../backup/records.ts';
import type { StagedBackup, StagingStore } from '../../backup/store.ts';
import { RequestError } from '../../http/requestError.ts';

const DAY = 24 * 60 * 60_000;

/** Keeps a part that is the one that the statement names. @throws {RequestError} `backup_refused` */
export async function keepPart(
  store: StagingStore,
  { name, asOf, digests }: StagedBackup,
  { index, text, at }: { readonly index: number; readonly text: string; readonly at: number },
): Promise<void> {
  if (digestPart(text) !== digests[index])
    throw new RequestError('backup_refused', `Part ${index + 1} is not the one that the statement names.`);
  const { records, first, last } = parsePart(text, index);
  // A backup takes a day at most. What is newer would win over everything that is written until then.
  if (records.some((record) => changedAt(record) > asOf + DAY))
    throw new RequestError('backup_refused', `Part ${index + 1} has a change that is later than the backup.`);
  const newest = records.reduce((time, record) => (record.kind === 'change' ? Math.max(time, record.at) : time), 0);
  await store.putStagedPart(name, { index, at, first, last, newest }, text);
}

function changedAt(record: BackupRecord): number {
  if (record.kind === 'change') return record.at;
  return 'change' in record ? record.change.at : 0;
}

function parsePart(text: string, index: number): ReadPart {
  try {
    return readPart(text);
  } catch (error) {
    if (!(error instanceof PartError)) throw error;
    throw new RequestError('backup_refused', `Part ${index + 1} cannot be restored. ${error.message}`);
  }
}

/** @throws {RequestError} `backup_refused` */
export async function readRecords(store: StagingStore, { name, digests }: StagedBackup, index: number) {
  const text = await store.readStagedText(name, index);
  if (text === null || digestPart(text) !== digests[index])
    throw new RequestError('backup_refused', `Part ${index + 1} is not here. Send it again.`);
  return parsePart(text, index).records;
}
