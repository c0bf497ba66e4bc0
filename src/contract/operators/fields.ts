import * as z from 'zod';

import type { Features } from '../claims.ts';
import { CLOUD_NAMES } from '../clouds.ts';
import { isInstant } from '../instants.ts';
import { ANY, PLAN_NAME, PRODUCT_NAME, isSameName, parsePlanName } from '../planName.ts';
import type { Allowed, PlanName } from '../planName.ts';
import { MAX_DURATION, parseDuration } from '../durations.ts';

/*
 * The fields of operators' objects, from JSON to what the service computes with. Each says what it must be, so that a wrong
 * one is answered with what to write. All are bounded, each by itself: what an object has in one field never limits what another may hold.
 */

const MAX_LIST = 500;
const MAX_SEATS = 100_000;
const MAX_NOTE = 1_000;
const MAX_FEATURES = 64;
const MAX_FEATURES_OCTETS = 4_096;

const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** The message of a field that is missing or wrong. */
export function must(text: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: (issue) => (issue.input === undefined ? `is missing: it must ${text}` : `must ${text}`) };
}

const PRODUCT = 'be a name of letters, digits, ".", "_" and "-", as the Marketplace has it';

export const productName = z.string(must(PRODUCT)).regex(PRODUCT_NAME, must(PRODUCT));

const PLAN = 'be "publisher/product/plan" as the Marketplace names them, the plan "*" for every plan';

export const planName = z
  .string(must(PLAN))
  .regex(PLAN_NAME, must(PLAN))
  .transform((text, context): PlanName => {
    const plan = parsePlanName(text);
    if (plan !== null) return plan;
    context.addIssue(`must ${PLAN}`);
    return z.NEVER;
  });

const DURATION = 'be a duration of days, hours, minutes and seconds such as "P7D" or "PT24H", at most "P400D"';

/** To milliseconds. */
export const duration = z.string(must(DURATION)).transform((text, context): number => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null && milliseconds <= MAX_DURATION) return milliseconds;
  context.addIssue(`must ${DURATION}`);
  return z.NEVER;
});

export const INSTANT_TEXT = 'be a time with its zone, such as "2027-01-31T00:00:00Z"';

/** To milliseconds since the epoch. */
export const instant = z.iso.datetime({ offset: true, ...must(INSTANT_TEXT) }).transform((text, context): number => {
  const at = Date.parse(text);
  if (isInstant(at)) return at;
  context.addIssue('must be within the years 0000 to 9999 in UTC');
  return z.NEVER;
});

export const UUID_TEXT = 'be a UUID such as "6f1c1a52-0b7e-4c43-9d3c-3f5f0d1f8a11"';

export const uuid = z
  .string(must(UUID_TEXT))
  .regex(UUID, must(UUID_TEXT))
  .transform((text) => text.toLowerCase());

const SEATS = `be "unlimited" or a whole number up to ${MAX_SEATS}`;

const seatCount = z.number(must(SEATS)).int(must(SEATS)).min(0, must(SEATS)).max(MAX_SEATS, must(SEATS));

export const seats = z.union([z.literal('unlimited'), seatCount], must(SEATS));

const OVERAGE = `be a whole number up to ${MAX_SEATS}, a share of the seats such as "10%", or "unlimited"`;

const PERCENT = /^(0|[1-9]\d{0,3})%$/;

const share = z.templateLiteral([z.number(), '%'], must(OVERAGE)).refine((text) => PERCENT.test(text), must(OVERAGE));

/** How many VMs may be licensed beyond the seats. */
export const overage = z.union(
  [
    z.literal('unlimited'),
    z.number(must(OVERAGE)).int(must(OVERAGE)).min(0, must(OVERAGE)).max(MAX_SEATS, must(OVERAGE)),
    share,
  ],
  must(OVERAGE),
);

/** As it is written. */
export type Overage = z.output<typeof overage>;

const NOTE = must(`be a text of at most ${MAX_NOTE} characters`);

/** A note for operators. */
export const note = z.string(NOTE).max(MAX_NOTE, NOTE).describe('For operators.');

/** `"*"` or a list. */
export function allowed(of: z.ZodType<string, string>, what: string): z.ZodType<Allowed, Allowed> {
  const text = `be "*" or a list of 1 to ${MAX_LIST} ${what}`;
  const list = z.array(of, must(text)).min(1, must(text)).max(MAX_LIST, must(text));
  return z.union([z.literal(ANY), list], {
    error: (issue) => (Array.isArray(issue.input) ? `must ${text}, each of them a valid one` : `must ${text}`),
  });
}

const SKU = 'be a sku of at most 64 characters, "" for custom images, and not "*" inside a list';

export const sku = z
  .string(must(SKU))
  .max(64, must(SKU))
  .refine((text) => text !== ANY, must(SKU));

const CLOUD = `be the name of a cloud: ${CLOUD_NAMES.join(', ')}`;

/** In any case of letters, to its own: under a name that is not exactly right no VM would ever come. */
export const cloud = z
  .string(must(CLOUD))
  .describe(CLOUD_NAMES.join(', '))
  .transform((text, context): string => {
    const name = CLOUD_NAMES.find((one) => isSameName(one, text));
    if (name !== undefined) return name;
    context.addIssue(`must ${CLOUD}`);
    return z.NEVER;
  });

const LICENCE_ID = 'be 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first';

export const licenceId = z.string(must(LICENCE_ID)).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, must(LICENCE_ID));

const FEATURES = `be an object of at most ${MAX_FEATURES} settings (true, false, numbers, strings) and ${MAX_FEATURES_OCTETS} octets as JSON in UTF-8`;

const FEATURE_NAME = 'must be a name of letters, digits, "_", "." and "-", a letter first';

const settings = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/),
    z.union([z.boolean(), z.number(), z.string()], must('be true, false, a number or a string')),
    must(FEATURES),
  )
  .refine((value) => Object.keys(value).length <= MAX_FEATURES, must(FEATURES))
  .refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= MAX_FEATURES_OCTETS, must(FEATURES));

/** A record would leave `__proto__` out without a word. */
function refusePrototype(value: unknown, context: z.RefinementCtx): unknown {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
    context.addIssue({ code: 'custom', path: ['__proto__'], message: FEATURE_NAME, input: value });
  }
  return value;
}

export const features: z.ZodType<Features, Features> = z.preprocess<unknown, typeof settings, Features>(
  refusePrototype,
  settings,
);
