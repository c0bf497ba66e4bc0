import { randomUUID } from 'node:crypto';

import type { TableClient } from '@azure/data-tables';

import type { Issue, IssueStore } from '../../decisions/store.ts';
import { add, hourOf, issuerKey } from '../../views/countDecisions.ts';
import { writeOneRow } from '../kit/rows.ts';
import { issuesEntity } from './statisticsRow.ts';

/** Milliseconds. */
const INTERVAL = 60_000;

/** Counts in this process, and adds a row once a minute where there is something to add: no row is shared. */
export function issueTable(statistics: TableClient, budget: number): IssueStore {
  let counted = new Map<string, Issue & { count: number }>();
  const writeIssues = async () => {
    const hours = groupByHour([...counted.values()]);
    counted = new Map();
    for (const [hour, issues] of hours) {
      const entity = issuesEntity({ hour, issues }, randomUUID());
      await writeOneRow(statistics, { operation: 'write what was issued', budget }, { entity, version: null });
    }
  };
  return {
    countIssue: (issue) => {
      // No issue waits for this, and nobody can be told of a failure.
      if (counted.size === 0) setTimeout(() => void writeIssues().catch(() => undefined), INTERVAL).unref();
      const key = `${Math.floor(issue.at / INTERVAL)} ${issue.cloud} ${issue.issuer}`;
      const known = counted.get(key);
      if (known === undefined) counted.set(key, { ...issue, count: 1 });
      else known.count += 1;
    },
    writeIssues,
  };
}

function groupByHour(counted: readonly (Issue & { count: number })[]): ReadonlyMap<number, Map<string, number>> {
  const hours = new Map<number, Map<string, number>>();
  for (const { cloud, issuer, at, count } of counted) {
    const issues = hours.get(hourOf(at)) ?? new Map<string, number>();
    hours.set(hourOf(at), issues);
    add(issues, issuerKey(cloud, issuer), count);
  }
  return hours;
}
