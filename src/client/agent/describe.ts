import type { Report } from './report.ts';

/** What that trust means. */
export const FIRST_USE = 'first-use: whoever can write the state folder can forge any licence';

/** The report for people. The first line is the state and its code. */
export function describe(report: Report): string {
  const { state, code, reason, plan, trust } = report;
  const facts: readonly (readonly [string, string | null])[] = [
    ['licence', report.licenceId],
    ['plan', plan === null ? null : `${plan.publisher}/${plan.product}/${plan.name}`],
    ['VM', report.vmId],
    ['expires', report.expiresAt],
    ['grace until', report.graceUntil],
    ['features', report.features === null ? null : JSON.stringify(report.features)],
    ['checked', report.checkedAt],
    ['next check', report.nextCheckAt],
    ['issuer', report.issuer],
    ['trust', trust === 'first-use' ? FIRST_USE : trust],
    ['IMDS', report.imdsUrl ?? null],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(12)} ${value}`]));
  return [code === null ? state : `${state} (${code})`, ...(reason === null ? [] : [reason]), ...lines, ''].join('\n');
}
