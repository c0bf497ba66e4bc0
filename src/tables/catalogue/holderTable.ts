import { odata } from '@azure/data-tables';
import type { TableClient, TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { Holding, HoldingKey, Holdings, SubscriptionOverride, Trial } from '../../catalogue/holding.ts';
import type { CatalogueStore, OverrideStore, TrialStore } from '../../catalogue/store.ts';
import { seats } from '../../contract/operators/fields.ts';
import { overrideSchema, writeOverride } from '../../contract/operators/override.ts';
import { formatPlanName, parsePlanName } from '../../contract/planName.ts';
import type { PlanName } from '../../contract/planName.ts';
import type { Change, Recorded, Stored } from '../../contract/stored.ts';
import { holderRow, subscriptionPartition } from '../kit/keys.ts';
import type { HolderKind } from '../kit/keys.ts';
import {
  changeColumns,
  parseJsonProperty,
  readChange,
  readRow,
  rowInstant,
  ROW_SCHEMA,
  writeChange,
} from '../kit/readRow.ts';
import { deleteRow, readAllRows, readOneRow, searchAllRows, writeOwnRow, writeRows } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

const plan = z.string().transform((text, context): PlanName => {
  const name = parsePlanName(text);
  if (name !== null) return name;
  context.addIssue('is no plan');
  return z.NEVER;
});
const texts = z.string().transform(parseJsonProperty).pipe(z.array(z.string()));

const key = { etag: z.string(), cloud: z.string(), subscriptionId: z.string(), plan };
const holdingRow = z.object({
  ...key,
  kind: z.literal('l'),
  licences: texts,
  since: rowInstant,
  claim: z.string(),
  former: texts,
});
const trialRow = z.object({
  ...{ ...key, kind: z.literal('trial'), startedAt: rowInstant, endsAt: rowInstant },
  seats: z.string().transform(parseJsonProperty).pipe(seats),
});
const overrideRow = z.object({
  ...{ ...key, ...changeColumns, kind: z.literal('override') },
  content: z.string().transform(parseJsonProperty).pipe(overrideSchema),
});

type HolderMethods = 'readHoldings' | 'readHolding' | 'writeHolding';

/**
 * What single subscriptions have: the licences that claim them, their trials, and what they have otherwise than an offer
 * says.
 */
export function holderTable(
  holders: TableClient,
  budgets: Budgets,
): Pick<CatalogueStore, HolderMethods> & TrialStore & OverrideStore {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const readOne = async (of: HoldingKey, kind: HolderKind, operation: string): Promise<Row | null> =>
    readOneRow(holders, call(operation), subscriptionPartition(of.cloud, of.subscriptionId), holderRow(of.plan, kind));
  return {
    readHoldings: async ({ cloud, subscriptionId }) => {
      const filter = odata`PartitionKey eq ${subscriptionPartition(cloud, subscriptionId)}`;
      return sortRows(await readAllRows(holders, call("read a subscription's rows"), { filter }));
    },
    readHolding: async (of) => {
      const row = await readOne(of, 'l', 'read who holds a subscription');
      return row === null ? null : readHolding(row);
    },
    writeHolding: (holding, version) =>
      writeRows(holders, call('write who holds a subscription'), [{ entity: holdingEntity(holding), version }]),
    insertTrial: (trial) => writeRows(holders, call('write a trial'), [{ entity: trialEntity(trial), version: null }]),
    readOverride: async (of) => {
      const row = await readOne(of, 'override', 'read an override');
      return row === null ? null : readOverride(row);
    },
    listOverridesOf: async (of) => {
      const search = { operation: "look for an offer's overrides", budget: budgets.search };
      const filter = odata`RowKey eq ${holderRow(of, 'override')}`;
      return (await searchAllRows(holders, search, { filter })).map((row) => readOverride(row).value);
    },
    writeOverride: (override, version, change) =>
      writeOwnRow(holders, call('write an override'), { entity: overrideEntity(override, change), version }),
    deleteOverride: (of, version) =>
      deleteRow(holders, call('delete an override'), {
        partitionKey: subscriptionPartition(of.cloud, of.subscriptionId),
        rowKey: holderRow(of.plan, 'override'),
        version,
      }),
  };
}

/** @throws StoreUnavailableError */
function sortRows(rows: readonly Row[]): Holdings {
  const ofKind = (kind: HolderKind) => rows.filter((row) => row['kind'] === kind);
  return {
    holdings: ofKind('l').map((row) => readHolding(row).value),
    trials: ofKind('trial').map(readTrial),
    overrides: ofKind('override').map((row) => readOverride(row).value),
  };
}

function keyColumns(of: HoldingKey, kind: HolderKind) {
  return {
    partitionKey: subscriptionPartition(of.cloud, of.subscriptionId),
    rowKey: holderRow(of.plan, kind),
    schema: ROW_SCHEMA,
    ...{ kind, cloud: of.cloud, subscriptionId: of.subscriptionId, plan: formatPlanName(of.plan) },
  };
}

function keyOf({ cloud, subscriptionId, plan: of }: HoldingKey): HoldingKey {
  return { cloud, subscriptionId, plan: of };
}

export function holdingEntity({ licences, since, claim, former, ...of }: Holding): TableEntity {
  const lists = { licences: JSON.stringify(licences), former: JSON.stringify(former) };
  return { ...keyColumns(of, 'l'), ...lists, claim, since: new Date(since) };
}

export function readHolding(row: Row): Stored<Holding> {
  const { etag, licences, since, claim, former, ...rest } = readRow('holder', holdingRow, row);
  return { value: { ...keyOf(rest), licences, since, claim, former }, version: etag };
}

export function trialEntity({ startedAt, endsAt, seats: own, ...of }: Trial): TableEntity {
  const times = { startedAt: new Date(startedAt), endsAt: new Date(endsAt) };
  return { ...keyColumns(of, 'trial'), ...times, seats: JSON.stringify(own) };
}

export function readTrial(row: Row): Trial {
  const { startedAt, endsAt, seats: own, ...rest } = readRow('trial', trialRow, row);
  return { ...keyOf(rest), startedAt, endsAt, seats: own };
}

export function overrideEntity({ override, ...of }: SubscriptionOverride, change: Change): TableEntity {
  return { ...keyColumns(of, 'override'), content: JSON.stringify(writeOverride(override)), ...writeChange(change) };
}

export function readOverride(row: Row): Recorded<SubscriptionOverride> {
  const { etag, content, ...rest } = readRow('override', overrideRow, row);
  return { value: { ...keyOf(rest), override: content }, version: etag, change: readChange(rest) };
}
