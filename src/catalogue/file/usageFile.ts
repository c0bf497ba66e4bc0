import type { Pieces } from '../../contract/pieces.ts';
import type { UsageRowJson } from '../../contract/operators/usage.ts';
import { writeCsv } from './csv.ts';

/** The columns of a file of usage, in their order. */
const COLUMNS = ['period', 'licence', 'offer', 'cloud', 'subscription', 'vmHours', 'mostAtOnce'] as const;

export const USAGE_HEADER = COLUMNS.join(', ');

/** Usage as CSV (RFC 4180), each row with every column; in pieces. */
export function writeUsageFile(rows: readonly UsageRowJson[]): Pieces<string> {
  return writeCsv([COLUMNS, ...rows.map((row) => COLUMNS.map((name) => `${row[name] ?? ''}`))]);
}
