import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { decisionIdTime } from '../decisions/decisionRecord.ts';
import type { DecisionFilter } from '../decisions/decisionRecord.ts';
import { foldCase } from '../contract/planName.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { DecisionStore } from '../decisions/store.ts';
import { decisionEntity, readDecisionRow } from './decisionRow.ts';
import { decisionDay, decisionRange, decisionRow } from './keys.ts';
import { mapReadable, readPage } from './paging.ts';
import { readOneRow, searchRow, writeOneRow } from './rows.ts';
import type { Budgets } from './storeCall.ts';

type DecisionTable = Pick<DecisionStore, 'insertDecision' | 'holdsADecision' | 'readDecision' | 'pageDecisions'>;

export function decisionTable(decisions: TableClient, budgets: Budgets): DecisionTable {
  return {
    insertDecision: async (decision) => {
      const call = { operation: 'write a decision', budget: budgets.call };
      const { outcome } = await writeOneRow(decisions, call, { entity: decisionEntity(decision), version: null });
      if (outcome === 'changed')
        throw new StoreUnavailableError('The store failed to write a decision: no such place.');
      return outcome;
    },
    holdsADecision: async () => {
      const call = { operation: 'look for any decision', budget: budgets.search };
      return (await searchRow(decisions, call, { select: ['PartitionKey', 'RowKey'] })) !== null;
    },
    readDecision: async (id) => {
      const at = decisionIdTime(id);
      if (at === null) return null;
      const call = { operation: 'read a decision', budget: budgets.call };
      const row = await readOneRow(decisions, call, decisionDay(at), decisionRow(id));
      return row === null ? null : readDecisionRow(row);
    },
    pageDecisions: async (filter, page) => {
      const call = { operation: 'list decisions', budget: budgets.search };
      const rows = await readPage(decisions, call, { filter: decisionFilter(filter) }, page);
      return mapReadable(rows, readDecisionRow);
    },
  };
}

function decisionFilter({ from: begin = FIRST_TIME, until: end = LAST_TIME, ...named }: DecisionFilter): string {
  const { cloud, subscriptionId, vmId, code } = named;
  const [from, until] = [clampTime(begin), Math.max(clampTime(end), FIRST_TIME + 1)];
  const conditions = [
    rangeFilter(from, until),
    cloud === undefined ? null : odata`cloud eq ${cloud}`,
    subscriptionId === undefined ? null : odata`subscriptionId eq ${foldCase(subscriptionId)}`,
    vmId === undefined ? null : odata`vmId eq ${foldCase(vmId)}`,
    code === undefined ? null : odata`code eq ${code}`,
  ];
  return conditions.filter((condition) => condition !== null).join(' and ');
}

/**
 * The days by partition, and within the first and the last of them the time by row: rows are in the order of time over all
 * days. Written without `or`, which Azure Tables answers by a scan.
 */
function rangeFilter(from: number, until: number): string {
  const [first, last] = [decisionDay(until - 1), decisionDay(from)];
  const days =
    first === last ? odata`PartitionKey eq ${first}` : odata`PartitionKey ge ${first} and PartitionKey le ${last}`;
  const rows = decisionRange(from, until);
  return `${days} and ${odata`RowKey ge ${rows.from} and RowKey lt ${rows.to}`}`;
}

/** 1970 to 3000: no decision was made outside, and these are times that the service and its keys can compare. */
const FIRST_TIME = 0;
const LAST_TIME = Date.UTC(3000, 0);

function clampTime(at: number): number {
  return Math.min(Math.max(at, FIRST_TIME), LAST_TIME);
}
