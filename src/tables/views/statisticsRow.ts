import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { Counts, HourCounts } from '../../views/countDecisions.ts';
import type { CountedHour, IssuesCounted, StatisticsMark } from '../../views/store.ts';
import type { Stored } from '../../contract/stored.ts';
import { newIssuesRow, STATISTICS_MARK_ROW, STATISTICS_PARTITION, statisticsRow } from '../kit/keys.ts';
import { joinText, splitText } from '../kit/longText.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';
import type { Row } from '../kit/rows.ts';

const counts = z
  .string()
  .transform(parseJsonProperty)
  .pipe(z.record(z.string(), z.int()))
  .transform((numbers): Counts => new Map(Object.entries(numbers)));

const names = z
  .string()
  .transform(parseJsonProperty)
  .pipe(z.record(z.string(), z.string()))
  .transform((customers): HourCounts['customers'] => new Map(Object.entries(customers)));

const hourColumns = z.object({
  ...{ etag: z.string(), hour: rowInstant, from: rowInstant, until: rowInstant },
  ...{ decisions: counts, refused: counts, issues: counts, customers: names, seen: z.string() },
});
const markColumns = z.object({ etag: z.string(), until: rowInstant, foldedUntil: rowInstant });
const issuesColumns = z.object({ hour: rowInstant, issues: counts });

/** Characters of a digest. */
const DIGEST = 12;

const TEXTS = ['decisions', 'refused', 'customers', 'seen'] as const;

function writeCounts(numbers: Counts): string {
  return JSON.stringify(Object.fromEntries(numbers));
}

export function hourEntity({ hour, slices: { from, until }, counts: counted, seen }: CountedHour): TableEntity {
  return {
    ...{ partitionKey: STATISTICS_PARTITION, rowKey: statisticsRow(hour, until), schema: ROW_SCHEMA },
    ...{ hour: new Date(hour), from: new Date(from), until: new Date(until) },
    ...splitText('decisions', writeCounts(counted.decisions)),
    ...splitText('refused', writeCounts(counted.refused)),
    ...splitText('customers', JSON.stringify(Object.fromEntries(counted.customers))),
    ...splitText('seen', seen.join('')),
    issues: writeCounts(counted.issues),
  };
}

/** @throws StoreUnavailableError */
export function readHourRow(entity: Row): Stored<CountedHour> {
  const whole = TEXTS.reduce<Row>((row, name) => joinText(name, row), entity);
  const { etag, hour, from, until, seen, ...counted } = readRow('statistics', hourColumns, whole);
  const digests = Array.from({ length: seen.length / DIGEST }, (_, index) =>
    seen.slice(index * DIGEST, (index + 1) * DIGEST),
  );
  return { value: { hour, slices: { from, until }, counts: counted, seen: digests }, version: etag };
}

export function markEntity({ until, foldedUntil }: StatisticsMark): TableEntity {
  return {
    ...{ partitionKey: STATISTICS_PARTITION, rowKey: STATISTICS_MARK_ROW, schema: ROW_SCHEMA },
    ...{ until: new Date(until), foldedUntil: new Date(foldedUntil) },
  };
}

/** @throws StoreUnavailableError */
export function readMarkRow(entity: unknown): Stored<StatisticsMark> {
  const { etag, ...mark } = readRow('watermark', markColumns, entity);
  return { value: mark, version: etag };
}

/** @param id of this row alone */
export function issuesEntity({ hour, issues }: IssuesCounted, id: string): TableEntity {
  return {
    ...{ partitionKey: STATISTICS_PARTITION, rowKey: newIssuesRow(hour, id), schema: ROW_SCHEMA },
    ...{ hour: new Date(hour), issues: writeCounts(issues) },
  };
}

/** @throws StoreUnavailableError */
export function readIssuesRow(entity: unknown): IssuesCounted {
  return readRow('issues', issuesColumns, entity);
}
