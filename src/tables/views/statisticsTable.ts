import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { addCounts, HOUR, NO_COUNTS } from '../../views/countDecisions.ts';
import type { CountedHour, IssuesCounted, StatisticsMark, StatisticsStore } from '../../views/store.ts';
import { hourKey, NEW_ISSUES_ROWS, newIssuesRow, STATISTICS_MARK_ROW, STATISTICS_PARTITION } from '../kit/keys.ts';
import { readFirstPage, readOneRow, replaceRows, searchAllRows, writeOneRow, writeTransaction } from '../kit/rows.ts';
import type { Row } from '../kit/rows.ts';
import { hourEntity, markEntity, readHourRow, readIssuesRow, readMarkRow } from './statisticsRow.ts';
import type { Budgets, StoreCall } from '../kit/storeCall.ts';

/** Rows that are deleted at once. */
const MAX_CLEARED = 90;
/** Rows of what instances have counted that one slice takes: each is removed, and may need a row of its own. */
const MAX_GIVEN = 24;

export function statisticsTable(statistics: TableClient, budgets: Budgets): Omit<StatisticsStore, 'deleteStatistics'> {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const search = (operation: string) => ({ operation, budget: budgets.search });
  const read = async (rows: string) => {
    const filter = `${odata`PartitionKey eq ${STATISTICS_PARTITION}`} and ${rows}`;
    return searchAllRows(statistics, search('read statistics'), { filter });
  };
  return {
    readStatisticsMark: async () => {
      const reading = call('read how far statistics are written');
      const row = await readOneRow(statistics, reading, STATISTICS_PARTITION, STATISTICS_MARK_ROW);
      return row && readMarkRow(row);
    },
    writeStatistics: async (slice, mark, version) => {
      const given = await readGiven(statistics, search('read what was issued'), mark.until);
      const rows = [
        { entity: markEntity(mark), version },
        ...joinIssues(slice, given).map((hour) => ({ entity: hourEntity(hour), version: null })),
        ...given.map(({ rowKey }) => ({ removed: { partitionKey: STATISTICS_PARTITION, rowKey } })),
      ];
      const written = await writeTransaction(statistics, call('write statistics'), rows);
      return written.outcome === 'written' ? { value: mark, version: written.versions[0] ?? '' } : null;
    },
    clearStatistics: (version) => clearSome(statistics, budgets, version),
    writeStatisticsMark: async (mark, version) => {
      const write = { entity: markEntity(mark), version };
      const written = await writeOneRow(statistics, call('write how far statistics are written'), write);
      return written.outcome === 'written' ? { value: mark, version: written.version } : null;
    },
    readCountedHours: async ({ from, until }) =>
      (await read(odata`RowKey ge ${hourKey(from)} and RowKey lt ${hourKey(until + HOUR - 1)}`)).map(readHourRow),
    readStatistics: async (from) => {
      const rows = await read(odata`RowKey ge ${hourKey(from)}`);
      const mark = rows.find(({ rowKey }) => rowKey === STATISTICS_MARK_ROW);
      return {
        hours: rows.filter(isHour).map((row) => readHourRow(row).value),
        mark: mark === undefined ? null : readMarkRow(mark).value,
        issues: rows.filter(isGiven).map(readIssuesRow),
      };
    },
    foldHours: async (rows, sum) => {
      const last = rows.at(-1);
      if (last === undefined) return;
      const removed = rows.slice(0, -1).map(({ value }) => {
        const { partitionKey, rowKey } = hourEntity(value);
        return { removed: { partitionKey, rowKey } };
      });
      const write = { entity: hourEntity(sum), version: last.version };
      await replaceRows(statistics, call('fold statistics'), write, removed);
    },
  };
}

async function clearSome(
  statistics: TableClient,
  budgets: Budgets,
  version: string | null,
): ReturnType<StatisticsStore['clearStatistics']> {
  const mark: StatisticsMark = { until: 0, foldedUntil: 0 };
  const filter = odata`PartitionKey eq ${STATISTICS_PARTITION} and RowKey lt ${STATISTICS_MARK_ROW}`;
  const search = { operation: 'look for statistics', budget: budgets.search };
  const old = await readFirstPage(statistics, search, { filter }, MAX_CLEARED);
  const removed = old.map(({ rowKey = '' }) => ({ removed: { partitionKey: STATISTICS_PARTITION, rowKey } }));
  const call = { operation: 'delete statistics', budget: budgets.call };
  const written = await writeTransaction(statistics, call, [{ entity: markEntity(mark), version }, ...removed]);
  if (written.outcome !== 'written') return null;
  return { value: mark, version: written.versions[0] ?? '', isEmpty: old.length === 0 };
}

interface Given {
  readonly rowKey: string;
  readonly counted: IssuesCounted;
}

/**
 * What instances have counted of issues in hours that have begun before `until`. Rows of later hours would come before
 * rows that are still to be written.
 */
async function readGiven(statistics: TableClient, call: StoreCall, until: number): Promise<readonly Given[]> {
  const hours = odata`RowKey ge ${NEW_ISSUES_ROWS.from} and RowKey lt ${newIssuesRow(until + HOUR, '')}`;
  const filter = `${odata`PartitionKey eq ${STATISTICS_PARTITION}`} and ${hours}`;
  const rows = await readFirstPage(statistics, call, { filter }, MAX_GIVEN);
  return rows.map((row) => ({ rowKey: row.rowKey ?? '', counted: readIssuesRow(row) }));
}

function joinIssues(
  { times: slices, hours }: Parameters<StatisticsStore['writeStatistics']>[0],
  given: readonly Given[],
): readonly CountedHour[] {
  const joined = new Map(hours.map((hour): [number, CountedHour] => [hour.hour, { ...hour, slices }]));
  for (const { counted } of given) {
    const known = joined.get(counted.hour) ?? { hour: counted.hour, slices, counts: NO_COUNTS, seen: [] };
    const counts = addCounts([known.counts, { ...NO_COUNTS, issues: counted.issues }]);
    joined.set(counted.hour, { ...known, counts });
  }
  return [...joined.values()];
}

function isHour({ rowKey = '' }: Row): boolean {
  return rowKey < STATISTICS_MARK_ROW;
}

function isGiven({ rowKey = '' }: Row): boolean {
  return rowKey > STATISTICS_MARK_ROW;
}
