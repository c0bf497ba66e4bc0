import { readToken } from './recording.ts';
import type { RecordedAnswer } from './recording.ts';

/** Members whose very values a client goes by. */
const EXACT = ['alg', 'typ', 'kty', 'crv', 'use', 'code', 'status', 'retryable', 'sub', 'aud', 'cloud', 'encoding'];

/**
 * What an answer lacks of a recorded one, each as a line: members that are gone or of another kind. Members that are new
 * are no fault, because a client passes over what it does not know.
 */
export function findLosses(recorded: RecordedAnswer, live: RecordedAnswer): readonly string[] {
  const heads = [
    ...compare('status', recorded.status, live.status, true),
    ...Object.entries(recorded.headers).flatMap(([name, value]) =>
      compare(`header ${name}`, value, live.headers[name], name === 'content-type'),
    ),
  ];
  return [...heads, ...findMemberLosses('', parseBody(recorded.text), parseBody(live.text))];
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function compare(place: string, was: unknown, is: unknown, exactly: boolean): readonly string[] {
  if (is === undefined) return [`${place} is gone; it was ${describe(was)}`];
  // What was null may have a value now, and the other way round it may not.
  if (was !== null && kindOf(was) !== kindOf(is)) return [`${place} is ${describe(is)}; it was ${describe(was)}`];
  return exactly && was !== is && !isAddress(was) ? [`${place} is ${describe(is)}; it was ${describe(was)}`] : [];
}

function findMemberLosses(place: string, was: unknown, is: unknown): readonly string[] {
  const own = compare(place === '' ? 'the body' : place, was, is, EXACT.includes(place.split('.').at(-1) ?? ''));
  if (own.length > 0 || was === null) return own;
  const [before, after] = [membersOf(was), membersOf(is)];
  if (before === null) return [];
  if (after === null) return [`${place} is no token any more`];
  return Object.entries(before).flatMap(([name, value]) =>
    findMemberLosses(place === '' ? name : `${place}.${name}`, value, after[name]),
  );
}

/** Of an object, of a list's first item, of a token; null for anything else. */
function membersOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (Array.isArray(value)) return value.length === 0 ? {} : { '0': value[0] as unknown };
  if (typeof value === 'string') return readToken(value) as Record<string, unknown> | null;
  return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
}

/** The service’s own, which is another one here. */
const isAddress = (value: unknown) => typeof value === 'string' && /^https?:/.test(value);

const kindOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);

function describe(value: unknown): string {
  const kind = kindOf(value);
  return ['object', 'list', 'null'].includes(kind) ? kind : `${kind} ${JSON.stringify(value).slice(0, 60)}`;
}
