import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import type { DecisionStore } from '../../decisions/store.ts';
import { onceKeys } from '../kit/keys.ts';
import { readRow, ROW_SCHEMA } from '../kit/readRow.ts';
import { deleteRow, readOneRow, writeOneRow } from '../kit/rows.ts';

const schema = z.object({ id: z.string() });

/** @param budget milliseconds for one operation */
export function onceTable(once: TableClient, budget: number): Pick<DecisionStore, 'claimHour' | 'freeHour'> {
  return {
    claimHour: async (key, id) => {
      const keys = onceKeys(key);
      const entity = { ...keys, schema: ROW_SCHEMA, id };
      const call = { operation: 'write what is recorded once an hour', budget };
      const { outcome } = await writeOneRow(once, call, { entity, version: null });
      if (outcome === 'written') return id;
      const read = { operation: 'read what is recorded once an hour', budget };
      const row = await readOneRow(once, read, keys.partitionKey, keys.rowKey);
      // A row that is gone was given back in between: this decision is written, as if the row were its own.
      return row === null ? id : readRow('once', schema, row).id;
    },
    freeHour: async (key) => {
      const call = { operation: 'delete what is recorded once an hour', budget };
      await deleteRow(once, call, { ...onceKeys(key), version: null });
    },
  };
}
