import { asObject } from '../members.ts';

/**
 * The tags of a VM by name.
 *
 * @param list `[{ name, value }]`: since 2019-06-04
 * @param text `name:value;name:value`, for versions without the list. A value may hold both signs, so a part without a
 * colon belongs to the value before it; a value with `;` and a colon after it cannot be told from two tags
 */
export function readTags(list: unknown, text: unknown): ReadonlyMap<string, string> {
  if (Array.isArray(list)) return new Map(list.flatMap(readTag));
  return typeof text === 'string' && text !== '' ? splitTags(text) : new Map();
}

function readTag(item: unknown): (readonly [string, string])[] {
  const { name, value } = asObject(item) ?? {};
  return typeof name === 'string' && typeof value === 'string' ? [[name, value]] : [];
}

function splitTags(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  let last: string | undefined;
  for (const part of text.split(';')) {
    const colon = part.indexOf(':');
    if (colon >= 0) tags.set((last = part.slice(0, colon)), part.slice(colon + 1));
    else if (last !== undefined) tags.set(last, `${tags.get(last) ?? ''};${part}`);
  }
  return tags;
}
