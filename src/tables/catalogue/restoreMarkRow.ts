import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import type { RestoreMark, RestoreMarkStore } from '../../catalogue/restoreMark.ts';
import type { Recorded } from '../../contract/stored.ts';
import { OFFERS_PARTITION, RESTORED_ROW } from '../kit/keys.ts';
import { changeColumns, parseJsonProperty, readChange, readRow, ROW_SCHEMA, writeChange } from '../kit/readRow.ts';
import { readOneRow, writeOwnRow } from '../kit/rows.ts';

const mark = z.strictObject({
  ...{ name: z.string(), backup: z.string(), asOf: z.number(), restoredAt: z.number(), appliesFrom: z.number() },
  ...{ seatsExactFrom: z.number(), finishedAt: z.number().nullable(), confirmedAt: z.number().nullable() },
});

const columns = z.object({ ...changeColumns, content: z.string().transform(parseJsonProperty).pipe(mark) });

const KEYS = { partitionKey: OFFERS_PARTITION, rowKey: RESTORED_ROW } as const;

/** The mark of a restore, among the offers: one query has both. @param budget milliseconds for one operation */
export function restoreMarkRow(offers: TableClient, budget: number): RestoreMarkStore {
  return {
    readRestoreMark: async () => {
      const call = { operation: 'read the mark of a restore', budget };
      const row = await readOneRow(offers, call, KEYS.partitionKey, KEYS.rowKey);
      return row === null ? null : readMarkRow(row);
    },
    writeRestoreMark: (value, version, change) => {
      const call = { operation: 'write the mark of a restore', budget };
      const entity = { ...KEYS, schema: ROW_SCHEMA, content: JSON.stringify(value), ...writeChange(change) };
      return writeOwnRow(offers, call, { entity, version });
    },
  };
}

/** @throws StoreUnavailableError */
export function readMarkRow(row: unknown): Recorded<RestoreMark> {
  const { etag, content, ...change } = readRow('restore', columns, row);
  return { value: content, version: etag, change: readChange(change) };
}
