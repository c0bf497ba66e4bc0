import * as z from 'zod';

import { StoreUnavailableError } from '../../contract/stored.ts';
import type { Change } from '../../contract/stored.ts';

/** Every row says which schema it was written under; a row of another one is refused rather than misread. 2 is the first that is kept. */
export const ROW_SCHEMA = 2;

/** A time in a row, to milliseconds since the epoch. */
export const rowInstant = z.date().transform((date) => date.getTime());

/** What stands on rows that operators write. */
export const changeColumns = {
  etag: z.string(),
  changedBy: z.string(),
  changedAt: rowInstant,
  changeId: z.string().optional(),
};

interface ChangeColumns {
  readonly changedBy: string;
  readonly changedAt: number;
  readonly changeId?: string | undefined;
}

export function readChange({ changedBy: by, changedAt: at, changeId: id }: ChangeColumns): Change {
  return { by, at, ...(id !== undefined && { id }) };
}

export function writeChange({ by, at, id }: Change): { changedBy: string; changedAt: Date; changeId?: string } {
  return { changedBy: by, changedAt: new Date(at), ...(id !== undefined && { changeId: id }) };
}

/** @throws StoreUnavailableError naming the property, never its value */
export function readRow<T>(kind: string, schema: z.ZodType<T>, row: unknown): T {
  const written = (row as { schema?: unknown }).schema;
  if (written !== ROW_SCHEMA) {
    const isEarlier = typeof written === 'number' && written < ROW_SCHEMA;
    const cure = isEarlier
      ? 'it is from before the first release. Delete the tables, or set another TABLE_PREFIX, and apply the catalogue again.'
      : 'deploy the version that wrote it.';
    throw new StoreUnavailableError(
      `A row of kind ${kind} has schema ${String(written)}, and this version reads ${ROW_SCHEMA}: ${cure}`,
    );
  }
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const properties = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))].join(', ');
  throw new StoreUnavailableError(`A row of kind ${kind} cannot be read: ${properties}.`);
}

/** JSON that stands in a property. */
export function parseJsonProperty(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
