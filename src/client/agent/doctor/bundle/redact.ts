import { withoutTokens } from '../withoutTokens.ts';

interface Redaction {
  /** Replaced wherever they stand. */
  readonly secrets: readonly string[];
  /** The most characters of a text, and entries of a list. */
  readonly limit: number;
}

/** The same plain value, its texts bounded and without tokens and secrets. */
export function redact(value: unknown, redaction: Redaction): unknown {
  const { limit } = redaction;
  if (typeof value === 'string') return redactText(value, redaction);
  if (Array.isArray(value)) return value.slice(0, limit).map((each) => redact(each, redaction));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, each]) => [redactText(name, redaction), redact(each, redaction)]);
  return Object.fromEntries(members) as unknown;
}

function redactText(text: string, { limit, secrets }: Redaction): string {
  const clean = secrets.reduce((left, secret) => left.replaceAll(secret, '(secret)'), withoutTokens(text));
  return clean.length <= limit ? clean : `${clean.slice(0, limit)} (cut off)`;
}
