import type { ApplyCounts, ApplyReport } from '../catalogue/file/applyCatalogue.ts';

/** What is told of an application, by the service and by us. */
export interface ApplyAnswer extends ApplyReport {
  readonly dryRun: boolean;
}

export function formatReport({ offers, licences }: ApplyReport, dryRun: boolean): string {
  const opening = dryRun ? 'Nothing was written. Would be:\n' : '';
  return `${opening}${formatCounts('offers', offers)}${formatCounts('licences', licences)}`;
}

function formatCounts(what: string, { created, updated, unchanged }: ApplyCounts): string {
  return `${what.padEnd(9)} ${created} created, ${updated} updated, ${unchanged} unchanged\n`;
}
