import { asObject } from '../../client/members.ts';
import { RESOURCE_WORD } from './harmless.ts';
import { KEPT_NAMES, KEPT_VALUES } from './metadataRules.ts';
import type { StandIns } from './standIns.ts';

/** Levels of an answer; IMDS has eight. What lies deeper is left out. */
const MAX_DEPTH = 16;
const LEFT_OUT = '(left out)';

/**
 * The same JSON with a made-up value for everything that is not known to be harmless.
 *
 * @param path of the value, without indexes of lists
 */
export function anonymise(value: unknown, standIns: StandIns, path: readonly string[] = []): unknown {
  if (path.length > MAX_DEPTH) return LEFT_OUT;
  if (Array.isArray(value)) return value.map((item) => anonymise(item, standIns, path));
  const object = asObject(value);
  if (object === undefined) return anonymiseLeaf(value, standIns, path.join('.'));
  const members = Object.entries(object).map(([name, member]) => {
    const kept = KEPT_NAMES.has(name) ? name : standIns.replace(name);
    return [kept, anonymise(member, standIns, [...path, name])] as const;
  });
  return Object.fromEntries(members);
}

function anonymiseLeaf(value: unknown, standIns: StandIns, path: string): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const isKept = value === '' || KEPT_VALUES.get(path)?.test(String(value)) === true;
  if (isKept) return value;
  return typeof value === 'number' ? 0 : anonymiseText(value, standIns);
}

/** `/subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME…` keeps Azure's words at their places. */
function anonymiseText(text: string, standIns: StandIns): string {
  if (!/^\/subscriptions\//i.test(text)) return standIns.replace(text);
  const parts = text.split('/').map((part, index) => (isResourceWord(part, index) ? part : standIns.replace(part)));
  return parts.join('/');
}

function isResourceWord(part: string, index: number): boolean {
  return (index === 6 || index % 2 === 1) && RESOURCE_WORD.test(part);
}
