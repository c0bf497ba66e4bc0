/**
 * Reading members of JSON that was parsed but not believed. Each function answers undefined where the member is absent or
 * is not what is asked for; inherited members do not count.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function objectMember(object: JsonObject, name: string): JsonObject | undefined {
  return asObject(member(object, name));
}

/** A text of one to `longest` characters; `shortest` 0 takes the empty one too. */
export function textMember(object: JsonObject, name: string, longest: number, shortest = 1): string | undefined {
  const value = member(object, name);
  return typeof value === 'string' && value.length >= shortest && value.length <= longest ? value : undefined;
}

/** Seconds: as far as a JavaScript date reaches. */
const MAX_DATE = 8.64e12;

/** A NumericDate (RFC 7519 section 2) as this service writes it: whole seconds, not negative. */
export function dateMember(object: JsonObject, name: string): number | undefined {
  return wholeMember(object, name, MAX_DATE);
}

/** A whole number from 0 to `largest`. */
export function wholeMember(object: JsonObject, name: string, largest: number): number | undefined {
  const value = member(object, name);
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= largest
    ? (value as number)
    : undefined;
}

export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
