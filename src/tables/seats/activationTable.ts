import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { SubscriptionKey } from '../../catalogue/holding.ts';
import { parsePoolName, poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { ANY, foldCase } from '../../contract/planName.ts';
import { ContinuationError, StoreUnavailableError } from '../../contract/stored.ts';
import type { PageRequest, ReadablePage } from '../../contract/stored.ts';
import type { ActivationFilter, ActivationStore, PooledActivation, Seated } from '../../seats/store.ts';
import { readActivationRow, UNCOUNTED_SEAT } from './activationRow.ts';
import { marketplaceRange, VM_ROWS, vmRow } from '../kit/keys.ts';
import { mapReadable, readPagesOf } from '../kit/paging.ts';
import { findNextPool, listPools } from './poolScan.ts';
import { deleteRow, readOneRow, readPieces } from '../kit/rows.ts';
import type { Row, RowQuery } from '../kit/rows.ts';
import type { StoreCall } from '../kit/storeCall.ts';

/** The most that the service answers at once. */
const PIECE = 1_000;

/** @param budget milliseconds for one page */
export function activationTable(activations: TableClient, budget: number): Omit<ActivationStore, 'deleteActivations'> {
  return {
    pageActivations: async (filter, page) => {
      const call = { operation: 'list activations', budget };
      if (!('pool' in filter) && !('pools' in filter)) return searchVm(activations, call, filter.vmId, page);
      const queries = await listQueries(activations, budget, filter);
      if (queries.length === 0) return { items: [], next: null, unreadable: [] };
      return mapReadable(await readPagesOf(activations, call, queries, page), readPooledRow);
    },
    deleteActivation: (pool, vmId, version) => {
      const call = { operation: 'delete an activation', budget };
      return deleteRow(activations, call, { partitionKey: poolName(pool), rowKey: vmRow(vmId), version });
    },
    countSeated: async (pool, since, isLate = () => false) => {
      const seated = `${ofPool(pool)} and ${rowFilter(undefined)} and ${odata`seat ge ${UNCOUNTED_SEAT}`}`;
      const query = {
        filter: `${seated} and ${odata`leaseEnd ge ${new Date(since)}`}`,
        select: ['rowKey', 'overSince', 'lastSeen'],
      };
      const found: Row[] = [];
      for await (const rows of readPieces(activations, { operation: 'count the seated VMs', budget }, query, PIECE)) {
        found.push(...rows);
        if (isLate()) return { ...sumSeated(found), isWhole: false };
      }
      return { ...sumSeated(found), isWhole: true };
    },
  };
}

/** A VM wherever it is. */
type OneVm = Extract<ActivationFilter, { readonly vmId: string }>;

/** Milliseconds after which a page of a search through all pools ends, though it may have found nothing yet. */
const MAX_SEARCH = 10_000;

/** Two small queries a pool: one over the whole table would go through the ledger, which has a row a day and VM. */
async function searchVm(
  activations: TableClient,
  call: StoreCall,
  vmId: string,
  { size, continuation }: PageRequest,
): Promise<ReadablePage<PooledActivation>> {
  const begun = performance.now();
  const found: Row[] = [];
  let last = continuation === undefined ? null : parsePlace(continuation);
  for (;;) {
    const pool = await findNextPool(activations, call.budget, last);
    if (pool === null) return mapReadable({ items: found, next: null }, readPooledRow);
    last = poolName(pool);
    const row = await readOneRow(activations, call, last, vmRow(vmId));
    if (row !== null) found.push(row);
    const isFull = found.length >= size || performance.now() - begun > MAX_SEARCH;
    if (isFull) return mapReadable({ items: found, next: `${VM_SEARCH}${last}` }, readPooledRow);
  }
}

const VM_SEARCH = 'vm!';

/** The pool that was looked at last. */
function parsePlace(continuation: string): string {
  const name = continuation.slice(VM_SEARCH.length);
  if (continuation.startsWith(VM_SEARCH) && parsePoolName(name) !== null) return name;
  throw new ContinuationError('The continuation is not one of this list: begin the list anew.');
}

/** One query a pool: a query over several partitions at once would be a search through the whole table. */
async function listQueries(
  activations: TableClient,
  budget: number,
  filter: Exclude<ActivationFilter, OneVm>,
): Promise<readonly RowQuery[]> {
  const rows = rowFilter(filter.vmId);
  if ('pool' in filter) {
    const { pool, of } = filter;
    return [{ filter: `${ofPool(pool)} and ${rows}${of === undefined ? '' : ` and ${mayBeOf(of)}`}` }];
  }
  const { cloud, subscriptionId, pools } = filter;
  const own = ofSubscription({ cloud, subscriptionId });
  const names = marketplaceRange(cloud, subscriptionId);
  const all = [...pools];
  for await (const pool of listPools(activations, budget, names)) all.push(pool);
  return all.map((pool) => ({ filter: `${ofPool(pool)} and ${rows} and ${own}` }));
}

function ofSubscription({ cloud, subscriptionId }: SubscriptionKey): string {
  return odata`cloud eq ${cloud} and subscriptionId eq ${foldCase(subscriptionId)}`;
}

/** A VM that was blocked before it came may be in any subscription of its licence. */
function mayBeOf(of: SubscriptionKey): string {
  return `((${ofSubscription(of)}) or ${odata`subscriptionId eq ${ANY}`})`;
}

function ofPool(pool: SeatPool): string {
  return odata`PartitionKey eq ${poolName(pool)}`;
}

function rowFilter(vmId: string | undefined): string {
  if (vmId !== undefined) return odata`RowKey eq ${vmRow(vmId)}`;
  return odata`RowKey ge ${VM_ROWS.from} and RowKey lt ${VM_ROWS.to}`;
}

function readPooledRow(row: Row): PooledActivation {
  const pool = parsePoolName(String(row['partitionKey']));
  if (pool === null) throw new StoreUnavailableError('A row of kind activation cannot be read: PartitionKey.');
  return { ...readActivationRow(row), pool };
}

function sumSeated(rows: readonly Row[]): Omit<Seated, 'isWhole'> {
  const timesOf = (name: string) => rows.flatMap(({ [name]: time }) => (time instanceof Date ? [time.getTime()] : []));
  return {
    count: rows.length,
    overSince: pick(timesOf('overSince'), Math.min),
    lastSeen: pick(timesOf('lastSeen'), Math.max),
  };
}

function pick(times: readonly number[], better: (one: number, other: number) => number): number | null {
  return times.length === 0 ? null : times.reduce((best, time) => better(best, time));
}
