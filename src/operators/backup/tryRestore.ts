import type { StagedBackup } from '../../backup/store.ts';
import type { RestoreReportJson } from '../../contract/operators/backup.ts';
import type { ApplyNeeds } from './applyRestore.ts';
import { findDenied } from './judgeRestore.ts';
import { findErased, findErasedMeanwhile, findRefusal, findYounger } from './laterChanges.ts';
import { createLeave } from './removed.ts';
import { readRecords } from './stagedParts.ts';
import { checkPins, count, forEachRecord } from './takeRecords.ts';
import type { Counts } from './takeRecords.ts';

const MAX_TOLD = 100;

/** What restoring a part would do. @throws {RequestError} `backup_refused` */
export async function tryPart(needs: ApplyNeeds, staged: StagedBackup, index: number, at: number) {
  const { issuer, store } = needs;
  const counts: Counts = {};
  const denied: NonNullable<RestoreReportJson['effect']>['denied'] = [];
  const records = await readRecords(store, staged, index);
  await checkPins(records, staged, needs.trust, at);
  const rules = { restoredAt: at, isTrial: true, leave: createLeave(store, { asOf: staged.asOf, at }) };
  await forEachRecord(records, { staged, issuer }, async (record) => {
    const restored = await store.restoreOne(record, rules);
    count(counts, record, restored);
    const stop = findDenied(restored.left, restored, at);
    if (stop !== null) denied.push(stop);
  });
  const first = index === 0;
  const younger = first ? await findYounger(store, staged) : [];
  const refused = first ? await findRefusal(store, staged, at) : null;
  const erased = [...(first ? await findErased(store, staged) : []), ...findErasedMeanwhile(records, staged)];
  const told = { denied: denied.slice(0, MAX_TOLD), deniedInAll: denied.length };
  return { counts, effect: { refused, ...told, younger, erased } };
}
