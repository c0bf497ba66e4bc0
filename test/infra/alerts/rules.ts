import * as z from 'zod';
import { evaluateQuery } from '../kusto/evaluate.ts';
import { readSnapshot, resourcesOf } from '../snapshot.ts';
import type { TraceRow } from './traceRows.ts';

/** An alert rule as the template deploys it, query and all. Times are milliseconds. */
export interface AlertRule {
  readonly name: string;
  readonly title: string;
  readonly query: string;
  readonly every: number;
  readonly window: number;
  readonly aggregation: 'Count' | 'Total';
  readonly operator: 'GreaterThan' | 'LessThan';
  readonly threshold: number;
}

const DURATIONS: Readonly<Record<string, number>> = {
  ...{ PT5M: 300_000, PT15M: 900_000, PT30M: 1_800_000, PT1H: 3_600_000, PT2H: 7_200_000, P1D: 86_400_000 },
};

const duration = z.string().transform((text) => {
  const milliseconds = DURATIONS[text];
  if (milliseconds === undefined) throw new Error(`${text} is no duration that is known here.`);
  return milliseconds;
});

const propertiesSchema = z.object({
  displayName: z.string(),
  enabled: z.literal(true),
  evaluationFrequency: duration,
  windowSize: duration,
  criteria: z.object({
    allOf: z.tuple([
      z.object({
        query: z.string(),
        timeAggregation: z.enum(['Count', 'Total']),
        metricMeasureColumn: z.literal('count_').optional(),
        operator: z.enum(['GreaterThan', 'LessThan']),
        threshold: z.number(),
      }),
    ]),
  }),
  actions: z.object({ actionGroups: z.tuple([z.string()]) }),
});

/** From the snapshot of the deployment, which is what Azure gets. */
export function readAlertRules(): readonly AlertRule[] {
  return resourcesOf(readSnapshot(), 'Microsoft.Insights/scheduledQueryRules').map(({ name, properties }) => {
    const {
      displayName: title,
      evaluationFrequency: every,
      windowSize: window,
      criteria,
    } = propertiesSchema.parse(properties);
    const [{ query, timeAggregation: aggregation, operator, threshold }] = criteria.allOf;
    return { name: name.replace(/-[a-z0-9]{13}$/, ''), title, query, every, window, aggregation, operator, threshold };
  });
}

/**
 * The times at which the rule fires, where it runs as often as it says.
 *
 * @param rows in the order of time
 */
export function firingTimes(rule: AlertRule, rows: readonly TraceRow[]): readonly number[] {
  const times = rows.map(({ TimeGenerated }) => TimeGenerated.getTime());
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  // What is missing is known where a whole window was watched; what is there, as soon as the rule runs.
  const isOfNone = rule.operator === 'LessThan';
  const [from, until] = isOfNone ? [first + rule.window, last] : [first, last + rule.every];
  const fired: number[] = [];
  for (let at = from; at <= until; at += rule.every) {
    const inWindow = rows.filter((_, index) => (times[index] ?? 0) > at - rule.window && (times[index] ?? 0) <= at);
    if (isMet(rule, inWindow)) fired.push(at);
  }
  return fired;
}

/** Whether the rule fires on the rows of one window. */
export function isMet({ query, aggregation, operator, threshold }: AlertRule, rows: readonly TraceRow[]): boolean {
  const found = evaluateQuery(query, { AppTraces: rows });
  const total = found.reduce((sum, row) => sum + Number(row['count_']), 0);
  const value = aggregation === 'Count' ? found.length : total;
  return operator === 'GreaterThan' ? value > threshold : value < threshold;
}
