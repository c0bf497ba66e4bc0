import { randomUUID } from 'node:crypto';

import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import type { OperatorRequest } from '../http/operatorRequest.ts';
import type { RequestStore } from '../http/requestStore.ts';
import type { Stored } from '../contract/stored.ts';
import { requestKeys } from './kit/keys.ts';
import { joinText, splitText } from './kit/longText.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from './kit/readRow.ts';
import { mapReadable, readPage } from './kit/paging.ts';
import { deleteRow, deleteRows, readOneRow, readPieces, writeOneRow } from './kit/rows.ts';
import type { Row } from './kit/rows.ts';
import type { Budgets } from './kit/storeCall.ts';

const answer = z.strictObject({ status: z.number().int(), version: z.string().nullable() });

const schema = z.object({
  etag: z.string(),
  operator: z.string(),
  route: z.string(),
  key: z.string(),
  digest: z.string(),
  at: rowInstant,
  answer: z.string().transform(parseJsonProperty).pipe(answer.nullable()),
  body: z.string().optional(),
});

const PIECE = 200;
/** No condition: what a request names is in its texts. */
const ALL = {};

export function requestTable(
  requests: TableClient,
  { call: budget, search }: Budgets,
): Omit<RequestStore, 'deleteRequests'> {
  const searching = { operation: 'look for answers to operators', budget: search };
  return {
    pageRequestsNaming: async (text, page) => {
      const { items, ...rest } = mapReadable(await readPage(requests, searching, ALL, page), readRequestRow);
      return { ...rest, items: items.map(({ value }) => value).filter((request) => isNaming(request, text)) };
    },
    deleteRequestsNaming: async function* (text) {
      const call = { operation: 'delete answers to operators', budget };
      for await (const rows of readPieces(requests, searching, ALL, PIECE)) {
        const named = rows.filter((row) => isRowNaming(row, text));
        await deleteRows(requests, call, named);
        yield named.length;
      }
    },
    readRequest: async (key) => {
      const { partitionKey, rowKey } = requestKeys(key);
      const row = await readOneRow(requests, { operation: 'read a request', budget }, partitionKey, rowKey);
      return row === null ? null : readRequestRow(row);
    },
    writeRequest: async (request, version) => {
      const call = { operation: 'write a request', budget };
      const entity = requestEntity(request);
      const written = await writeOneRow(requests, call, { entity, version });
      if (written.outcome === 'written') return written;
      // The client sends a request again whose answer was lost, and is then refused for its own row: that is success.
      const present = await readOneRow(requests, call, entity.partitionKey, entity.rowKey);
      if (present?.['attempt'] !== entity.attempt) return written;
      return { outcome: 'written', version: String(present['etag']) };
    },
    deleteRequest: (key, version) =>
      deleteRow(requests, { operation: 'delete a request', budget }, { ...requestKeys(key), version }),
  };
}

/** What still runs is not kept for anybody yet. */
function isNaming({ route, answer: given }: OperatorRequest, text: string): boolean {
  return given !== null && `${route} ${given.body}`.toLowerCase().includes(text.toLowerCase());
}

/** Also one that cannot be read otherwise. */
function isRowNaming(row: Row, text: string): boolean {
  const { route, body } = joinText('body', row);
  return typeof body === 'string' && `${String(route)} ${body}`.toLowerCase().includes(text.toLowerCase());
}

function requestEntity({ answer, at, ...request }: OperatorRequest) {
  return {
    ...requestKeys(request),
    schema: ROW_SCHEMA,
    /** Tells this write from every other of the same row. */
    attempt: randomUUID(),
    ...request,
    at: new Date(at),
    answer: JSON.stringify(answer === null ? null : { status: answer.status, version: answer.version }),
    ...(answer !== null && splitText('body', answer.body)),
  };
}

function readRequestRow(row: unknown): Stored<OperatorRequest> {
  const { etag, answer, body = '', ...request } = readRow('request', schema, joinText('body', row));
  return { value: { ...request, answer: answer === null ? null : { ...answer, body } }, version: etag };
}
