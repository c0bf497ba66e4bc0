import * as z from 'zod';
import { MAX_BODY } from '../../contract/bodySize.ts';
import { parseJson, parseShape } from '../edge/bodies.ts';
import type { BodyForm } from '../edge/bodies.ts';

/* JSON Merge Patch (RFC 7396): what is given is changed, null removes, and the rest stays as it is. */

type JsonObject = Readonly<Record<string, unknown>>;

/** A patch of an object with members: of one that is none, nothing would be left. */
export const mergePatch = z
  .record(z.string(), z.unknown())
  .describe('Members to change. null removes a member, which then has its default; what is left out stays as it is.');

export const mergePatchBody: BodyForm<JsonObject> = {
  content: { 'application/merge-patch+json': mergePatch, 'application/json': mergePatch },
  largest: MAX_BODY,
  *parse(_, text) {
    return parseShape(mergePatch, yield* parseJson(text), 'The body');
  },
};

/** RFC 7396 section 2. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const members = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, applyMergePatch(members.get(name), value));
  }
  return Object.fromEntries(members);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
