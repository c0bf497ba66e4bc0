import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { decisionIdTime } from '../decisions/decisionRecord.ts';
import type { DecisionFilter } from '../decisions/decisionRecord.ts';
import { foldCase } from '../contract/planName.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { DecisionStore } from '../decisions/store.ts';
import { decisionEntity, readDecisionRow } from './decisionRow.ts';
import { decisionDay, decisionRow } from './keys.ts';
import { mapReadable, readPage } from './paging.ts';
import { searchRow, writeOneRow } from './rows.ts';
import type { Budgets } from './storeCall.ts';

export function decisionTable(decisions: TableClient, budgets: Budgets): Omit<DecisionStore, 'deleteDecisions'> {
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
      // The day is known from the id, the subscription is not.
      const filter = `${dayFilter(at, at + 1)} and ${odata`RowKey eq ${decisionRow(id)}`}`;
      const call = { operation: 'look for a decision', budget: budgets.search };
      const row = await searchRow(decisions, call, { filter });
      return row === null ? null : readDecisionRow(row);
    },
    pageDecisions: async (filter, page) => {
      const call = { operation: 'list decisions', budget: budgets.search };
      const rows = await readPage(decisions, call, { filter: decisionFilter(filter) }, page);
      const { items, ...rest } = mapReadable(rows, readDecisionRow);
      return { ...rest, items: items.toSorted((left, right) => right.at - left.at) };
    },
  };
}

function decisionFilter({ from: begin = FIRST_TIME, until: end = LAST_TIME, ...named }: DecisionFilter): string {
  const { cloud, subscriptionId, vmId, code } = named;
  const [from, until] = [clampTime(begin), clampTime(end)];
  const conditions = [
    dayFilter(from, until),
    odata`at ge ${new Date(from)} and at lt ${new Date(until)}`,
    cloud === undefined ? null : odata`cloud eq ${cloud}`,
    subscriptionId === undefined ? null : odata`subscriptionId eq ${foldCase(subscriptionId)}`,
    vmId === undefined ? null : odata`vmId eq ${foldCase(vmId)}`,
    code === undefined ? null : odata`code eq ${code}`,
  ];
  return conditions.filter((condition) => condition !== null).join(' and ');
}

/** The partitions of days from `from` (inclusive) to `until` (exclusive), of which the later ones come first. */
function dayFilter(from: number, until: number): string {
  return odata`PartitionKey ge ${`${decisionDay(until - 1)}:`} and PartitionKey lt ${`${decisionDay(from)};`}`;
}

/** 1970 to 3000: no decision was made outside, and these are times that the service and its keys can compare. */
const FIRST_TIME = 0;
const LAST_TIME = Date.UTC(3000, 0);

function clampTime(at: number): number {
  return Math.min(Math.max(at, FIRST_TIME), LAST_TIME);
}
