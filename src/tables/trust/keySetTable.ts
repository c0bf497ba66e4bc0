import { odata } from '@azure/data-tables';
import type { TableClient, TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { KeySetStore, UploadedKeySet } from '../../tokens/keySetStore.ts';
import type { Change, Recorded } from '../../contract/stored.ts';
import { KEY_SETS_PARTITION } from '../kit/keys.ts';
import { changeColumns, parseJsonProperty, readChange, readRow, ROW_SCHEMA, writeChange } from '../kit/readRow.ts';
import { readAllRows, writeOneRow } from '../kit/rows.ts';

const schema = z.object({
  ...changeColumns,
  rowKey: z.string(),
  token: z.string(),
  since: z.string().transform(parseJsonProperty).pipe(z.record(z.string(), z.number().int())),
});

/** @param budget milliseconds for one operation */
export function keySetTable(keySets: TableClient, budget: number): KeySetStore {
  return {
    listKeySets: async () => {
      const query = { filter: odata`PartitionKey eq ${KEY_SETS_PARTITION}` };
      return (await readAllRows(keySets, { operation: 'read the key sets', budget }, query)).map(readKeySetRow);
    },
    writeKeySet: (set, version, change) =>
      writeOneRow(keySets, { operation: 'write a key set', budget }, { entity: keySetEntity(set, change), version }),
  };
}

export function keySetEntity({ root, token, since }: UploadedKeySet, change: Change): TableEntity {
  // A thumbprint is base64url, which a key may hold.
  const key = { partitionKey: KEY_SETS_PARTITION, rowKey: root };
  return { ...key, schema: ROW_SCHEMA, token, since: JSON.stringify(since), ...writeChange(change) };
}

/** @throws StoreUnavailableError */
export function readKeySetRow(row: unknown): Recorded<UploadedKeySet> {
  const { etag, rowKey: root, token, since, ...change } = readRow('key set', schema, row);
  return { value: { root, token, since }, version: etag, change: readChange(change) };
}
