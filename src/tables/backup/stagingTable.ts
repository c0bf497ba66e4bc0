import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import { RECORD_KINDS } from '../../backup/records.ts';
import type { StagedBackup, StagingStore } from '../../backup/store.ts';
import type { Stored } from '../../contract/stored.ts';
import { joinText, splitText } from '../kit/longText.ts';
import { parseJsonProperty, readRow, ROW_SCHEMA } from '../kit/readRow.ts';
import { deleteRows, readOneRow, readPieces, searchAllRows, writeOneRow, writeRows } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

export type StagingTables = Readonly<Record<'restores', TableClient>>;

const STATEMENT_ROW = 'statement';
/** `;` is the character after `:`. */
const PART_ROWS = { from: 'part:', to: 'part;' } as const;

const staged = z.strictObject({
  ...{ name: z.string(), backup: z.string(), asOf: z.number(), digests: z.array(z.string()) },
  ...{
    signedBy: z.string().nullable(),
    root: z.string().nullable().default(null),
    pins: z.array(z.string()).nullable(),
  },
  ...{ begunAt: z.number(), run: z.string(), isMarked: z.boolean(), applied: z.int() },
});
const stagedRow = z.object({ etag: z.string(), content: z.string().transform(parseJsonProperty).pipe(staged) });

const kind = z.enum(RECORD_KINDS).nullable();
const part = z.strictObject({
  index: z.int(),
  at: z.number(),
  first: kind,
  last: kind,
  newest: z.number(),
});
const partRow = z.object({ facts: z.string().transform(parseJsonProperty).pipe(part) });
const textRow = z.object({ text: z.string() });

const PIECE = 100;

/** Parts of backups that wait until all are there. A part is below the size of a row. */
export function stagingTable(restores: TableClient, budgets: Budgets): StagingStore {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  return {
    readStaged: async (name) => {
      const row = await readOneRow(restores, call('read what is restored'), name, STATEMENT_ROW);
      return row === null ? null : readStagedRow(row);
    },
    writeStaged: (value, version) =>
      writeOneRow(restores, call('write what is restored'), { entity: stagedEntity(value), version }),
    putStagedPart: async (name, facts, text) => {
      const entity = {
        ...{ partitionKey: name, rowKey: partKey(facts.index), schema: ROW_SCHEMA },
        ...{ at: new Date(facts.at), facts: JSON.stringify(facts), ...splitText('text', text) },
      };
      await writeRows(restores, call('keep a part of a backup'), [{ entity, put: true }]);
    },
    listStagedParts: async (name) => {
      const range = odata`PartitionKey eq ${name} and RowKey ge ${PART_ROWS.from} and RowKey lt ${PART_ROWS.to}`;
      const search = { operation: 'list the parts of a backup', budget: budgets.search };
      const rows = await searchAllRows(restores, search, { filter: range, select: ['schema', 'facts'] });
      return rows.map((row) => readRow('part', partRow, row).facts);
    },
    readStagedText: async (name, index) => {
      const row = await readOneRow(restores, call('read a part of a backup'), name, partKey(index));
      return row === null ? null : readRow('part', textRow, joinText('text', row)).text;
    },
    deleteStaged: async function* (before) {
      const search = { operation: 'look for old parts of backups', budget: budgets.search };
      const old = { filter: odata`at lt ${new Date(before)}`, select: ['partitionKey', 'rowKey'] };
      for await (const rows of readPieces(restores, search, old, PIECE)) {
        await deleteRows(restores, call('delete old parts of backups'), rows);
        yield rows.length;
      }
    },
  };
}

function partKey(index: number): string {
  return PART_ROWS.from + `${index}`.padStart(6, '0');
}

function stagedEntity(value: StagedBackup) {
  const key = { partitionKey: value.name, rowKey: STATEMENT_ROW, schema: ROW_SCHEMA };
  return { ...key, at: new Date(value.begunAt), ...splitText('content', JSON.stringify(value)) };
}

function readStagedRow(row: Row): Stored<StagedBackup> {
  const { etag, content } = readRow('restore', stagedRow, joinText('content', row));
  return { value: content, version: etag };
}
