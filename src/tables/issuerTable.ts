import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import { issuerPlace, printableName } from '../trust/live/unknownIssuer.ts';
import type { IssuerStore, UnknownIssuer } from '../trust/live/unknownIssuer.ts';
import { ISSUERS_PARTITION } from './keys.ts';
import { readRow, rowInstant, ROW_SCHEMA } from './readRow.ts';
import { readAllRows, readOneRow, writeOneRow } from './rows.ts';

const schema = z.object({
  etag: z.string(),
  name: z.string(),
  cloud: z.string().optional(),
  firstSeen: rowInstant,
  lastSeen: rowInstant,
  count: z.number().int(),
});

/** @param budget milliseconds for one operation */
export function issuerTable(issuers: TableClient, budget: number): IssuerStore {
  return {
    noteIssuer: async ({ name: given, cloud, at }) => {
      const name = printableName(given);
      const rowKey = `${issuerPlace(name)}`.padStart(2, '0');
      const row = await readOneRow(issuers, { operation: 'read an issuer', budget }, ISSUERS_PARTITION, rowKey);
      const stored = row === null ? null : readRow('issuer', schema, row);
      const known = stored?.name === name ? stored : null;
      const entity = {
        ...{ partitionKey: ISSUERS_PARTITION, rowKey, schema: ROW_SCHEMA, name },
        ...(cloud !== null && { cloud: printableName(cloud) }),
        firstSeen: new Date(known?.firstSeen ?? at),
        lastSeen: new Date(Math.max(known?.lastSeen ?? at, at)),
        count: (known?.count ?? 0) + 1,
      };
      // Whoever lost the race lost a count and nothing else.
      await writeOneRow(issuers, { operation: 'write an issuer', budget }, { entity, version: stored?.etag ?? null });
    },
    listIssuers: async () => {
      const query = { filter: odata`PartitionKey eq ${ISSUERS_PARTITION}` };
      const rows = await readAllRows(issuers, { operation: 'read the issuers', budget }, query);
      return rows.map(readIssuerRow).sort((left, right) => right.lastSeen - left.lastSeen);
    },
  };
}

function readIssuerRow(row: unknown): UnknownIssuer {
  const { name, cloud = null, firstSeen, lastSeen, count } = readRow('issuer', schema, row);
  return { name, cloud, firstSeen, lastSeen, count };
}
