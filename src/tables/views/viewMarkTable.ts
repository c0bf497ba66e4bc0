import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import type { ViewMarkStore } from '../../views/store.ts';
import { VIEWS_PARTITION } from '../kit/keys.ts';
import { readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import { readOneRow, writeOneRow } from '../kit/rows.ts';

const columns = z.object({ etag: z.string(), at: rowInstant, place: z.string().optional() });

export function viewMarkTable(views: TableClient, budget: number): ViewMarkStore {
  return {
    readMark: async (view) => {
      const row = await readOneRow(views, { operation: 'read how far a view is', budget }, VIEWS_PARTITION, view);
      if (row === null) return null;
      const { at, place = null, etag } = readRow('watermark', columns, row);
      return { value: { at, place }, version: etag };
    },
    writeMark: (view, { at, place }, version) => {
      const entity = {
        ...{ partitionKey: VIEWS_PARTITION, rowKey: view, schema: ROW_SCHEMA, at: new Date(at) },
        ...(place !== null && { place }),
      };
      return writeOneRow(views, { operation: 'write how far a view is', budget }, { entity, version });
    },
  };
}
