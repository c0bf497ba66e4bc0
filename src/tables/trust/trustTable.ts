import { odata } from '@azure/data-tables';
import type { TableClient, TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { Change, Recorded } from '../../contract/stored.ts';
import { MAX_CERTIFICATE } from '../../trust/live/trustEntry.ts';
import type { TrustEntry, TrustStore } from '../../trust/live/trustEntry.ts';
import { TRUST_PARTITION, trustRow } from '../kit/keys.ts';
import { changeColumns, readChange, readRow, ROW_SCHEMA, writeChange } from '../kit/readRow.ts';
import { deleteRow, readAllRows, readOneRow, writeOneRow } from '../kit/rows.ts';

const pin = z.object({
  ...changeColumns,
  kind: z.literal('pin'),
  sha256: z.string(),
  cloud: z.string(),
  role: z.enum(['root', 'intermediate']),
  der: z.instanceof(Uint8Array),
  note: z.string(),
});
const distrust = z.object({ ...changeColumns, kind: z.literal('distrust'), sha256: z.string(), note: z.string() });
const schema = z.discriminatedUnion('kind', [pin, distrust]);

/** @param budget milliseconds for one operation */
export function trustTable(trust: TableClient, budget: number): TrustStore {
  return {
    listTrust: async () => {
      const query = { filter: odata`PartitionKey eq ${TRUST_PARTITION}` };
      return (await readAllRows(trust, { operation: "read the operators' trust", budget }, query)).map(readTrustRow);
    },
    readTrust: async (key) => {
      const call = { operation: "read an operator's trust", budget };
      const row = await readOneRow(trust, call, TRUST_PARTITION, trustRow(key));
      return row === null ? null : readTrustRow(row);
    },
    writeTrust: (entry, version, change) => {
      const call = { operation: "write an operator's trust", budget };
      return writeOneRow(trust, call, { entity: trustEntity(entry, change), version });
    },
    deleteTrust: (key, version) =>
      deleteRow(
        trust,
        { operation: "delete an operator's trust", budget },
        { partitionKey: TRUST_PARTITION, rowKey: trustRow(key), version },
      ),
  };
}

export function trustEntity(entry: TrustEntry, change: Change): TableEntity {
  if (entry.kind === 'pin' && entry.der.length > MAX_CERTIFICATE) {
    throw new RangeError(`A certificate must stay within ${MAX_CERTIFICATE} octets.`);
  }
  const rowKey = trustRow(entry);
  return { partitionKey: TRUST_PARTITION, rowKey, schema: ROW_SCHEMA, ...entry, ...writeChange(change) };
}

export function readTrustRow(row: unknown): Recorded<TrustEntry> {
  const { etag, changedBy, changedAt, changeId, ...value } = readRow('trust', schema, row);
  return { value, version: etag, change: readChange({ changedBy, changedAt, changeId }) };
}
