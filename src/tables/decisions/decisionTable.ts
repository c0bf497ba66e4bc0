import type { TableClient } from '@azure/data-tables';

import { decisionIdTime } from '../../decisions/decisionRecord.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import type { DecisionStore } from '../../decisions/store.ts';
import { logFilter } from './decisionFilter.ts';
import { decisionEntity, readDecisionRow } from './decisionRow.ts';
import { decisionDay, decisionRow } from '../kit/keys.ts';
import { mapReadable, readPage } from '../kit/paging.ts';
import { readOneRow, searchRow, writeOneRow } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

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
      const rows = await readPage(decisions, call, { filter: logFilter(filter) }, page);
      return mapReadable(rows, readDecisionRow);
    },
  };
}
