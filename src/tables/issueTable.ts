import { randomUUID } from 'node:crypto';

import type { TableClient } from '@azure/data-tables';

import type { IssueStore } from '../decisions/store.ts';
import { add, hourOf, issuerKey } from '../views/countDecisions.ts';
import { writeOneRow } from './rows.ts';
import { issuesEntity } from './statisticsRow.ts';

/** Milliseconds. */
const INTERVAL = 60_000;

/** Counts in this process, and adds a row once a minute where there is something to add: no row is shared. */
export function issueTable(statistics: TableClient, budget: number): IssueStore {
  let hours = new Map<number, Map<string, number>>();
  const writeIssues = async () => {
    const counted = [...hours];
    hours = new Map();
    for (const [hour, issues] of counted) {
      const entity = issuesEntity({ hour, issues }, randomUUID());
      await writeOneRow(statistics, { operation: 'write what was issued', budget }, { entity, version: null });
    }
  };
  return {
    countIssue: ({ cloud, issuer, at }) => {
      // No issue waits for this, and nobody can be told of a failure.
      if (hours.size === 0) setTimeout(() => void writeIssues().catch(() => undefined), INTERVAL).unref();
      const hour = hourOf(at);
      const issues = hours.get(hour) ?? new Map<string, number>();
      hours.set(hour, issues);
      add(issues, issuerKey(cloud, issuer), 1);
    },
    writeIssues,
  };
}
