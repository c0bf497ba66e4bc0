import { odata } from '@azure/data-tables';
import type { TableClient, TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { ClaimCode, ClaimUse } from '../../catalogue/claimCode.ts';
import type { ClaimStore } from '../../catalogue/store.ts';
import { foldCase } from '../../contract/planName.ts';
import type { Stored } from '../../contract/stored.ts';
import { CLAIM_ROWS, claimRow, NAMES_PARTITION } from '../kit/keys.ts';
import { mapReadable, readPage } from '../kit/paging.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import { deleteRow, readOneRow, writeOneRow } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

/** Short, so that the uses of a code fit into one text of a row. */
const use = z
  .tuple([z.string(), z.string(), z.number(), z.boolean()])
  .transform(([cloud, subscriptionId, at, done]): ClaimUse => ({ cloud, subscriptionId, at, done }));

const schema = z.object({
  etag: z.string(),
  rowKey: z.string().startsWith(CLAIM_ROWS.from),
  licenceId: z.string(),
  uses: z.number().int(),
  used: z.string().transform(parseJsonProperty).pipe(z.array(use)),
  until: rowInstant.optional(),
  note: z.string(),
  createdBy: z.string(),
  createdAt: rowInstant,
});

/** Claim codes, by a digest of each. */
export function claimTable(names: TableClient, budgets: Budgets): ClaimStore {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  return {
    readClaim: async (id) => {
      const row = await readOneRow(names, call('read a claim code'), NAMES_PARTITION, claimRow(id));
      return row === null ? null : readClaim(row);
    },
    pageClaims: async (licence, page) => {
      const all = odata`PartitionKey eq ${NAMES_PARTITION} and RowKey ge ${CLAIM_ROWS.from} and RowKey lt ${CLAIM_ROWS.to}`;
      const filter = licence === null ? all : `${all} and ${odata`licence eq ${foldCase(licence)}`}`;
      const list = { operation: 'list claim codes', budget: budgets.search };
      return mapReadable(await readPage(names, list, { filter }, page), readClaim);
    },
    writeClaim: (claim, version) =>
      writeOneRow(names, call('write a claim code'), { entity: claimEntity(claim), version }),
    deleteClaim: (id) =>
      deleteRow(names, call('delete a claim code'), {
        partitionKey: NAMES_PARTITION,
        rowKey: claimRow(id),
        version: null,
      }),
  };
}

export function claimEntity({ id, used, until, createdAt, ...claim }: ClaimCode): TableEntity {
  return {
    partitionKey: NAMES_PARTITION,
    rowKey: claimRow(id),
    schema: ROW_SCHEMA,
    ...claim,
    // In a column of its own, so that the codes of a licence can be found.
    licence: foldCase(claim.licenceId),
    used: JSON.stringify(used.map((one) => [one.cloud, one.subscriptionId, one.at, one.done])),
    ...(until !== null && { until: new Date(until) }),
    createdAt: new Date(createdAt),
  };
}

/** @throws StoreUnavailableError */
export function readClaim(row: Row): Stored<ClaimCode> {
  const { etag, rowKey, until = null, ...rest } = readRow('claim', schema, row);
  return { value: { ...rest, until, id: rowKey.slice(CLAIM_ROWS.from.length) }, version: etag };
}
