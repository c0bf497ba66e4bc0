import { odata } from '@azure/data-tables';

import { foldCase } from '../contract/planName.ts';
import type { DecisionFilter } from '../decisions/decisionRecord.ts';
import { decisionDay, decisionRange } from './keys.ts';

/**
 * What is asked of the log. The days are a range of partitions and the time a range of rows, for rows are in the order of
 * time over all days. Written without `or`, which Azure Tables answers by a scan.
 */
export function logFilter(filter: DecisionFilter): string {
  const { from, until } = clampTimes(filter);
  const [first, last] = [decisionDay(until - 1), decisionDay(from)];
  const days =
    first === last ? odata`PartitionKey eq ${first}` : odata`PartitionKey ge ${first} and PartitionKey le ${last}`;
  return joinFilters(days, filter);
}

/** What is asked of one timeline. */
export function timelineFilter(partitionKey: string, filter: DecisionFilter): string {
  return joinFilters(odata`PartitionKey eq ${partitionKey}`, filter);
}

function joinFilters(partitions: string, filter: DecisionFilter): string {
  const { cloud, subscriptionId, vmId, code } = filter;
  const { from, until } = clampTimes(filter);
  const rows = decisionRange(from, until);
  const conditions = [
    partitions,
    odata`RowKey ge ${rows.from} and RowKey lt ${rows.to}`,
    cloud === undefined ? null : odata`cloud eq ${cloud}`,
    subscriptionId === undefined ? null : odata`subscriptionId eq ${foldCase(subscriptionId)}`,
    vmId === undefined ? null : odata`vmId eq ${foldCase(vmId)}`,
    code === undefined ? null : odata`code eq ${code}`,
  ];
  return conditions.filter((condition) => condition !== null).join(' and ');
}

/** 1970 to 3000: no decision was made outside, and these are times that the keys can say. */
const FIRST_TIME = 0;
const LAST_TIME = Date.UTC(3000, 0);

function clampTimes({ from = FIRST_TIME, until = LAST_TIME }: DecisionFilter) {
  const clamp = (at: number) => Math.min(Math.max(at, FIRST_TIME), LAST_TIME);
  return { from: clamp(from), until: Math.max(clamp(until), FIRST_TIME + 1) };
}
