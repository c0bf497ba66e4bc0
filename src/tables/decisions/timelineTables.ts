import type { TableClient } from '@azure/data-tables';
import * as z from 'zod';

import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import type { DecisionRecord } from '../../decisions/decisionRecord.ts';
import type { TimelineOwner, TimelineStore } from '../../views/store.ts';
import { logFilter, timelineFilter } from './decisionFilter.ts';
import { decisionEntity, readDecisionRow } from './decisionRow.ts';
import { TIMELINES_ROW, timelinePartition, VIEWS_PARTITION } from '../kit/keys.ts';
import { mapReadable, readPage } from '../kit/paging.ts';
import { readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import { MAX_BATCH, readOneRow, readPieces, writeOneRow, writeRows } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

export type TimelineTables = Readonly<Record<'decisions' | 'bySubscription' | 'byVm' | 'views', TableClient>>;

/** Rows in one piece of the log: the most that the service answers at once. */
const PIECE = 1_000;

export function timelineTables(tables: TimelineTables, budgets: Budgets): TimelineStore {
  const tableOf = ({ kind }: TimelineOwner) => (kind === 'vm' ? tables.byVm : tables.bySubscription);
  return {
    ...watermarkRow(tables.views, budgets.call),
    readSlice: async (times, limit) => {
      const call = { operation: 'read the log of decisions', budget: budgets.search };
      const found: Row[] = [];
      for await (const rows of readPieces(tables.decisions, call, { filter: logFilter(times) }, PIECE)) {
        found.push(...rows);
        if (found.length > limit) return null;
      }
      return found.map(readDecisionRow);
    },
    copyIntoTimelines: async (decisions) => {
      const call = { operation: 'write timelines', budget: budgets.call };
      await forEachAtOnce(batchCopies(decisions), async ({ owner, copies }) => {
        const partitionKey = timelinePartition(owner);
        const entities = copies.map((decision) => ({ ...decisionEntity(decision), partitionKey }));
        await writeRows(
          tableOf(owner),
          call,
          entities.map((entity) => ({ entity, put: true })),
        );
      });
    },
    pageTimeline: async (owner, filter, page) => {
      const call = { operation: 'list a timeline', budget: budgets.search };
      const query = { filter: timelineFilter(timelinePartition(owner), filter) };
      return mapReadable(await readPage(tableOf(owner), call, query, page), readDecisionRow);
    },
  };
}

const watermark = z.object({ etag: z.string(), until: rowInstant });

function watermarkRow(views: TableClient, budget: number): Pick<TimelineStore, 'readWatermark' | 'writeWatermark'> {
  const [partitionKey, rowKey] = [VIEWS_PARTITION, TIMELINES_ROW];
  return {
    readWatermark: async () => {
      const call = { operation: 'read how far timelines are written', budget };
      const row = await readOneRow(views, call, partitionKey, rowKey);
      if (row === null) return null;
      const { until, etag } = readRow('watermark', watermark, row);
      return { value: until, version: etag };
    },
    writeWatermark: (until, version) => {
      const call = { operation: 'write how far timelines are written', budget };
      const entity = { partitionKey, rowKey, schema: ROW_SCHEMA, until: new Date(until) };
      return writeOneRow(views, call, { entity, version });
    },
  };
}

/** The rows of one transaction. */
interface Batch {
  readonly owner: TimelineOwner;
  readonly copies: DecisionRecord[];
}

function batchCopies(decisions: readonly DecisionRecord[]): readonly Batch[] {
  const open = new Map<string, Batch>();
  const batches: Batch[] = [];
  for (const decision of decisions) {
    for (const owner of ownersOf(decision)) {
      const key = `${owner.kind} ${timelinePartition(owner)}`;
      const last = open.get(key);
      if (last !== undefined && last.copies.length < MAX_BATCH) {
        last.copies.push(decision);
        continue;
      }
      const batch = { owner, copies: [decision] };
      open.set(key, batch);
      batches.push(batch);
    }
  }
  return batches;
}

function ownersOf({ cloud, subscriptionId, vmId }: DecisionRecord): readonly TimelineOwner[] {
  return [
    { kind: 'subscription', cloud, subscriptionId },
    { kind: 'vm', cloud, vmId },
  ];
}
