import type { BackupSource, RestoreTarget, StagingStore } from '../../backup/store.ts';
import { loadOnce } from '../../contract/loadOnce.ts';
import type { Budgets } from '../kit/storeCall.ts';
import type { BackupTables } from './backupTable.ts';
import type { StagingTables } from './stagingTable.ts';

type BackupStore = BackupSource & RestoreTarget & StagingStore;

/** What backup and restore need, loaded by the first of their calls: no VM needs it. */
export function laterBackup(tables: BackupTables & StagingTables, budgets: Budgets): BackupStore {
  const load = loadOnce(async (): Promise<BackupStore> => {
    const [{ backupTable }, { restoreTable }, { stagingTable }] = await Promise.all([
      import('./backupTable.ts'),
      import('./restoreTable.ts'),
      import('./stagingTable.ts'),
    ]);
    return {
      ...backupTable(tables, budgets),
      ...restoreTable(tables, budgets),
      ...stagingTable(tables.restores, budgets),
    };
  });
  return {
    readKept: async (kind, after) => (await load()).readKept(kind, after),
    restoreOne: async (record, rules) => (await load()).restoreOne(record, rules),
    touchOffers: async () => (await load()).touchOffers(),
    readStaged: async (name) => (await load()).readStaged(name),
    writeStaged: async (staged, version) => (await load()).writeStaged(staged, version),
    putStagedPart: async (name, part, text) => (await load()).putStagedPart(name, part, text),
    listStagedParts: async (name) => (await load()).listStagedParts(name),
    readStagedText: async (name, index) => (await load()).readStagedText(name, index),
    deleteStaged: async function* (before) {
      yield* (await load()).deleteStaged(before);
    },
  };
}
