import type { TableClient } from '@azure/data-tables';

import type { LicenceStore } from './licenceStore.ts';
import { laterBackup } from './backup/laterBackup.ts';
import { restoreMarkRow } from './catalogue/restoreMarkRow.ts';
import { activationTable } from './seats/activationTable.ts';
import { changeTable } from './decisions/changeTable.ts';
import { claimTable } from './catalogue/claimTable.ts';
import { cleaningTables } from './cleaningTables.ts';
import { connectTable } from './kit/connection.ts';
import type { ConnectTableOptions } from './kit/connection.ts';
import { decisionCleaning } from './decisions/decisionCleaning.ts';
import { decisionTable } from './decisions/decisionTable.ts';
import { holderTable } from './catalogue/holderTable.ts';
import { issueTable } from './views/issueTable.ts';
import { issuerTable } from './trust/issuerTable.ts';
import { keySetTable } from './trust/keySetTable.ts';
import { licenceTable } from './catalogue/licenceTable.ts';
import { offerTable } from './catalogue/offerTable.ts';
import { onceTable } from './decisions/onceTable.ts';
import { poolViewTable } from './views/poolViewTable.ts';
import { requestTable } from './requestTable.ts';
import { licenceViewTable } from './views/licenceViewTable.ts';
import { searchTable } from './views/searchTable.ts';
import { seatTable } from './seats/seatTable.ts';
import { statisticsTable } from './views/statisticsTable.ts';
import { callStore } from './kit/storeCall.ts';
import { timelineTables } from './decisions/timelineTables.ts';
import { trustTable } from './trust/trustTable.ts';
import { usageSums } from './seats/usageSums.ts';
import { viewMarkTable } from './views/viewMarkTable.ts';
import { usageTable } from './seats/usageTable.ts';

const DEFAULT_BUDGET = 5_000;

/** The service searches for five seconds before it answers with what it has, and may let a query wait: 30 in all. */
const SEARCH_BUDGET = 30_000;

export interface TablesStoreOptions extends ConnectTableOptions {
  /** Before each table's name; letters and digits, a letter first. */
  readonly tablePrefix?: string | undefined;
  /** Milliseconds for one operation with its pages and retries. */
  readonly budget?: number | undefined;
  /** Milliseconds for one page of what operators look for in large tables. */
  readonly searchBudget?: number;
}

/** The store in Azure Tables (also Azurite, and Cosmos DB's Table API). Makes no request before its first use. */
export function createTablesStore(options: TablesStoreOptions): LicenceStore {
  const budget = options.budget ?? DEFAULT_BUDGET;
  const budgets = { call: budget, search: options.searchBudget ?? SEARCH_BUDGET };
  const tables = connectAll((name) => connectTable(`${options.tablePrefix ?? ''}${name}`, options));
  const seats = { ...seatTable(tables.activations, budget), ...activationTable(tables.activations, budgets.search) };
  return {
    ensureTables: async () => {
      for (const [name, table] of Object.entries(tables)) {
        const call = { operation: `create the table ${name}`, budget };
        await callStore(call, (abortSignal) => table.createTable({ abortSignal }));
      }
    },
    ...offerTable(tables.offers, budget),
    ...licenceTable(tables.licences, budgets),
    ...holderTable(tables.holders, budgets),
    ...claimTable(tables.names, budgets),
    ...seats,
    ...usageTable(tables.activations, budgets.search),
    ...usageSums(tables.activations, budgets),
    ...decisionTable(tables.decisions, budgets),
    ...onceTable(tables.once, budget),
    ...timelineTables(tables, budgets),
    ...statisticsTable(tables.statistics, budgets),
    ...viewMarkTable(tables.views, budget),
    ...poolViewTable(tables.pools, budgets),
    ...searchTable(tables.search, budgets),
    ...licenceViewTable(tables, budgets),
    ...issueTable(tables.statistics, budget),
    ...decisionCleaning(tables, budgets),
    ...changeTable(tables.changes, budgets),
    ...requestTable(tables.requests, budgets),
    ...issuerTable(tables.issuers, budget),
    ...trustTable(tables.trust, budget),
    ...keySetTable(tables.keysets, budget),
    ...cleaningTables(tables, seats, budgets),
    ...laterBackup(tables, budgets),
    ...restoreMarkRow(tables.offers, budget),
  };
}

function connectAll(connect: (name: string) => TableClient) {
  return {
    offers: connect('offers'),
    licences: connect('licences'),
    holders: connect('holders'),
    names: connect('names'),
    activations: connect('activations'),
    decisions: connect('decisions'),
    once: connect('once'),
    bySubscription: connect('bySubscription'),
    byVm: connect('byVm'),
    views: connect('views'),
    statistics: connect('statistics'),
    pools: connect('pools'),
    search: connect('search'),
    licencesBy: connect('licencesBy'),
    changes: connect('changes'),
    requests: connect('requests'),
    issuers: connect('issuers'),
    trust: connect('trust'),
    keysets: connect('keysets'),
    restores: connect('restores'),
  };
}
