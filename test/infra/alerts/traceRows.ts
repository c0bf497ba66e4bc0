/** A row of the table, with the columns that hold something of our lines. */
export interface TraceRow {
  readonly TimeGenerated: Date;
  readonly Message: string;
  readonly SeverityLevel: number;
  readonly [other: string]: unknown;
}

/** As the host’s logger for Application Insights maps levels (azure-webjobs-sdk, ApplicationInsightsLogger). */
const SEVERITY: Readonly<Record<string, number>> = { info: 1, warn: 2, error: 3 };

/**
 * A line that the service wrote, as the host sends it: the text is the message, and its level the severity.
 *
 * @param line as the scene keeps it: JSON, with the level among the members
 * @param at milliseconds since the epoch
 */
export function traceRow(line: string, at: number): TraceRow {
  const { level, ...said } = JSON.parse(line) as { readonly level: string };
  return { TimeGenerated: new Date(at), Message: JSON.stringify(said), SeverityLevel: SEVERITY[level] ?? NaN };
}
