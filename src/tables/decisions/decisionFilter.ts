import { odata } from '@azure/data-tables';

import { GRANT_CODES } from '../../contract/codes.ts';
import { foldCase } from '../../contract/planName.ts';
import type { DecisionFilter } from '../../decisions/decisionRecord.ts';
import { decisionDay, decisionRange } from '../kit/keys.ts';

/**
 * What is asked of the log. The days are a range of partitions and the time a range of rows, for rows are in the order of
 * time over all days. Written without `or`, which Azure Tables answers by a scan.
 */
export function logFilter(filter: DecisionFilter): string {
  return joinFilters(logRange(filter).days, filter);
}

export type Times = Pick<DecisionFilter, 'from' | 'until'>;

/** The partitions of a log by day, and the rows in them, of what was written at these times. */
export function logRange(times: Times): { readonly days: string; readonly rows: string } {
  const { from, until } = clampTimes(times);
  const [first, last] = [decisionDay(until - 1), decisionDay(from)];
  const range = timeRange(times);
  return {
    days:
      first === last ? odata`PartitionKey eq ${first}` : odata`PartitionKey ge ${first} and PartitionKey le ${last}`,
    rows: odata`RowKey ge ${range.from} and RowKey lt ${range.to}`,
  };
}

/** Of row keys that begin with the time: `from` inclusive, `to` exclusive. */
export function timeRange(times: Times): { readonly from: string; readonly to: string } {
  const { from, until } = clampTimes(times);
  return decisionRange(from, until);
}

/** What is asked of one timeline. */
export function timelineFilter(partitionKey: string, filter: DecisionFilter): string {
  return joinFilters(odata`PartitionKey eq ${partitionKey}`, filter);
}

function joinFilters(partitions: string, filter: DecisionFilter): string {
  const { cloud, subscriptionId, vmId, code, licenceId, isRefused } = filter;
  const conditions = [
    partitions,
    logRange(filter).rows,
    cloud === undefined ? null : odata`cloud eq ${cloud}`,
    subscriptionId === undefined ? null : odata`subscriptionId eq ${foldCase(subscriptionId)}`,
    vmId === undefined ? null : odata`vmId eq ${foldCase(vmId)}`,
    code === undefined ? null : odata`code eq ${code}`,
    licenceId === undefined ? null : odata`licenceId eq ${licenceId}`,
    ...(isRefused === undefined ? [] : GRANT_CODES.map((grant) => odata`code ne ${grant}`)),
  ];
  return conditions.filter((condition) => condition !== null).join(' and ');
}

/** 1970 to 3000: no decision was made outside, and these are times that the keys can say. */
const FIRST_TIME = 0;
const LAST_TIME = Date.UTC(3000, 0);

function clampTimes({ from = FIRST_TIME, until = LAST_TIME }: Times) {
  const clamp = (at: number) => Math.min(Math.max(at, FIRST_TIME), LAST_TIME);
  return { from: clamp(from), until: Math.max(clamp(until), FIRST_TIME + 1) };
}
