import { plainLines } from './plain.ts';

/* Members of objects as the operators' API has them, for people. */

export type Members = Readonly<Record<string, unknown>>;

/** "Valid until" for `validUntil`. */
export function titleOf(member: string): string {
  const words = member.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** One line; lists with commas. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || value === '' || isSame(value, [])) return 'none';
  if (value === '*') return 'all';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (Array.isArray(value)) return value.map((one) => (one === '' ? '""' : describeValue(one))).join(', ');
  if (typeof value === 'object') return describeMembers(value as Members);
  return plainLines(typeof value === 'string' ? value : JSON.stringify(value)).join(' ');
}

/** Without what is not there. */
function describeMembers(members: Members): string {
  const given = Object.entries(members).filter(([, value]) => value !== null && value !== undefined);
  return given.map(([name, value]) => `${name} ${describeValue(value)}`).join(', ') || 'none';
}

/** The names of the members in which two objects are different, in the order of the first one. */
export function findDifferences(one: Members, other: Members): readonly string[] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.filter((name) => name !== 'etag' && !isSame(one[name], other[name]));
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
