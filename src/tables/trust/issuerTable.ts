import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import { MAX_ISSUERS, chooseForgotten, printableName } from '../../trust/live/unknownIssuer.ts';
import type { IssuerStore } from '../../trust/live/unknownIssuer.ts';
import { ISSUERS_PARTITION } from '../kit/keys.ts';
import { readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import { readAllRows, writeOneRow } from '../kit/rows.ts';

const schema = z.object({
  etag: z.string(),
  rowKey: z.string(),
  name: z.string(),
  cloud: z.string().optional(),
  firstSeen: rowInstant,
  lastSeen: rowInstant,
  count: z.number().int(),
});

/** @param budget milliseconds for one operation */
export function issuerTable(issuers: TableClient, budget: number): IssuerStore {
  const readRows = async () => {
    const query = { filter: odata`PartitionKey eq ${ISSUERS_PARTITION}` };
    const rows = await readAllRows(issuers, { operation: 'read the issuers', budget }, query);
    return rows.map((row) => readRow('issuer', schema, row));
  };
  return {
    noteIssuer: async ({ name: given, cloud, at }) => {
      const name = printableName(given);
      const rows = await readRows();
      const known = rows.find((row) => row.name === name);
      const { rowKey, etag = null } = known ?? findRoom(rows);
      const entity = {
        ...{ partitionKey: ISSUERS_PARTITION, rowKey, schema: ROW_SCHEMA, name },
        ...(cloud !== null && { cloud: printableName(cloud) }),
        firstSeen: new Date(known?.firstSeen ?? at),
        lastSeen: new Date(Math.max(known?.lastSeen ?? at, at)),
        count: (known?.count ?? 0) + 1,
      };
      // Whoever lost the race lost a count and nothing else.
      await writeOneRow(issuers, { operation: 'write an issuer', budget }, { entity, version: etag });
    },
    listIssuers: async () => {
      const rows = await readRows();
      return rows
        .map(({ name, cloud = null, firstSeen, lastSeen, count }) => ({ name, cloud, firstSeen, lastSeen, count }))
        .sort((left, right) => right.lastSeen - left.lastSeen);
    },
  };
}

type IssuerRow = z.infer<typeof schema>;

/** The first of the 64 rows that is free, or the one of the name that is forgotten. */
function findRoom(rows: readonly IssuerRow[]): Pick<IssuerRow, 'rowKey'> & Partial<Pick<IssuerRow, 'etag'>> {
  const taken = new Set(rows.map(({ rowKey }) => rowKey));
  const keys = Array.from({ length: MAX_ISSUERS }, (_, number) => `${number}`.padStart(2, '0'));
  const free = keys.find((rowKey) => !taken.has(rowKey));
  return free === undefined ? chooseForgotten(rows) : { rowKey: free };
}
