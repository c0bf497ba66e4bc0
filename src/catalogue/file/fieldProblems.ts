import type * as z from 'zod';

import type { FieldProblem } from '../../contract/wire.ts';

/** What a schema found wrong: places and rules, and of what was sent the names of unknown keys alone. */
export function describeIssue(issue: z.core.$ZodIssue): FieldProblem[] {
  const field = formatPath(issue.path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ field, message: describeKey(key) }));
  if (issue.code === 'invalid_key') {
    return [{ field, message: 'must be a name of letters, digits, "_", "." and "-", a letter first' }];
  }
  // Of a list in which entries are wrong, the entries are the news.
  const [, list] = issue.code === 'invalid_union' ? issue.errors : [];
  const inside = (list ?? []).filter((inner) => inner.path.length > 0);
  if (inside.length === 0) return [{ field, message: issue.message }];
  return inside.map(({ path, message }) => ({ field: formatPath([...issue.path, ...path]), message }));
}

function describeKey(key: string): string {
  return `the key ${JSON.stringify(key.slice(0, 64))} is not known: remove it, or correct its name`;
}

/** A field of something that has a place itself; either may be empty. */
export function fieldAt(place: string, field: string): string {
  return [place, field].filter((part) => part !== '').join('.');
}

/** `offers[0].lifetime` */
function formatPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '');
}
