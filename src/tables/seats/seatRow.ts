import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { SeatBlock, SeatRows } from '../../seats/store.ts';
import { blockIndex, blockRow, UNCOUNTED_ROW } from '../kit/keys.ts';
import { readRow, ROW_SCHEMA } from '../kit/readRow.ts';

/** 64 bits as sixteen hexadecimal digits: what stands in the row can be read by a person. */
const BITMAP = /^[0-9a-f]{16}$/;

const blockSchema = z.object({
  etag: z.string(),
  rowKey: z.string(),
  taken: z
    .string()
    .regex(BITMAP)
    .transform((digits) => BigInt(`0x${digits}`)),
});

export function blockEntity(partitionKey: string, index: number, taken: bigint): TableEntity {
  return {
    partitionKey,
    rowKey: blockRow(index),
    schema: ROW_SCHEMA,
    taken: taken.toString(16).padStart(16, '0'),
  };
}

export function uncountedEntity(partitionKey: string): TableEntity {
  return { partitionKey, rowKey: UNCOUNTED_ROW, schema: ROW_SCHEMA };
}

/** @throws StoreUnavailableError */
export function readSeatRows(entities: readonly { rowKey?: string }[]): Omit<SeatRows, 'uncounted'> {
  const blocks: SeatBlock[] = [];
  for (const entity of entities) {
    const index = blockIndex(entity.rowKey ?? '');
    if (index === null) continue;
    const { taken, etag } = readRow('seat block', blockSchema, entity);
    blocks.push({ index, taken, version: etag });
  }
  return { blocks, hasUncounted: blocks.length < entities.length };
}
