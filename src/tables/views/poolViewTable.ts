import { odata } from '@azure/data-tables';
import type { TableClient, TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { Stored } from '../../contract/stored.ts';
import type { Counts } from '../../views/countDecisions.ts';
import type { PoolView, PoolViewStore } from '../../views/store.ts';
import { FULLEST_ROWS, fullRow, NAMED_POOL_ROWS, namedPoolRow, POOLS_PARTITION } from '../kit/keys.ts';
import { mapReadable, readPage } from '../kit/paging.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import { readOneRow, writeTransaction } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

const limit = z.union([z.literal('unlimited'), z.int()]);
const counts = z.record(z.string(), z.int()).transform((numbers): Counts => new Map(Object.entries(numbers)));

const content = z.object({
  ...{ licenceId: z.string(), cloud: z.string(), subscriptionId: z.string(), offer: z.string() },
  customer: z.string().nullable(),
  ...{ seats: limit, overage: limit, taken: z.int(), over: z.int(), overSince: z.int().nullable() },
  lastSeen: z.int().nullable(),
  ...{ refused: counts, refusedSince: z.int().nullable() },
});

const columns = z.object({
  kind: z.enum(['licence', 'trial', 'marketplace']),
  ...{ etag: z.string(), name: z.string(), asOf: rowInstant, refusedUntil: rowInstant },
  content: z.string().transform(parseJsonProperty).pipe(content),
});

export function poolViewTable(pools: TableClient, budgets: Budgets): PoolViewStore {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const write = (rows: Parameters<typeof writeTransaction>[2]) => writeTransaction(pools, call('write a pool'), rows);
  return {
    readPoolView: async (name) => {
      const row = await readOneRow(pools, call('read a pool'), POOLS_PARTITION, namedPoolRow(name));
      return row && readPoolRow(row);
    },
    writePoolView: async (view, stored) => {
      const isMoved = stored !== null && fullRow(stored.value) !== fullRow(view);
      const rows = [
        { entity: poolEntity(view, namedPoolRow(view.name)), version: stored?.version ?? null },
        { entity: poolEntity(view, fullRow(view)), put: true as const },
        ...(isMoved ? [{ removed: keysOf(fullRow(stored.value)) }] : []),
      ];
      const { outcome } = await write(rows);
      return outcome === 'written' ? 'written' : 'changed';
    },
    deletePoolView: async ({ value }) => {
      await write([{ removed: keysOf(namedPoolRow(value.name)) }, { removed: keysOf(fullRow(value)) }]);
    },
    pagePoolViews: async (order, page, kind) => {
      const { from, to } = order === 'name' ? NAMED_POOL_ROWS : FULLEST_ROWS;
      const rows = odata`PartitionKey eq ${POOLS_PARTITION} and RowKey ge ${from} and RowKey lt ${to}`;
      const filter = kind === undefined ? rows : `${rows} and ${odata`kind eq ${kind}`}`;
      const call = { operation: 'list the pools', budget: budgets.search };
      return mapReadable(await readPage(pools, call, { filter }, page), readPoolRow);
    },
  };
}

function keysOf(rowKey: string) {
  return { partitionKey: POOLS_PARTITION, rowKey };
}

function poolEntity({ name, kind, asOf, refused, refusedUntil, ...view }: PoolView, rowKey: string): TableEntity {
  return {
    ...{
      ...keysOf(rowKey),
      schema: ROW_SCHEMA,
      name,
      kind,
      asOf: new Date(asOf),
      refusedUntil: new Date(refusedUntil),
    },
    content: JSON.stringify({ ...view, refused: Object.fromEntries(refused) }),
  };
}

/** @throws StoreUnavailableError */
function readPoolRow(row: unknown): Stored<PoolView> {
  const { etag, content: view, ...rest } = readRow('pool', columns, row);
  return { value: { ...view, ...rest }, version: etag };
}
