import * as z from 'zod';
import { CHANGE_KINDS } from '../contract/operators/change.ts';
import { OPERATOR_ENDPOINTS } from '../contract/endpoints.ts';
import type { OperatorEndpoint } from '../contract/endpoints.ts';
import { storedLicence } from '../contract/operators/licence.ts';
import { storedOffer } from '../contract/operators/offer.ts';
import { overrideSchema } from '../contract/operators/override.ts';
import { parsePoolName } from '../catalogue/seatPool.ts';
import type { Change } from '../contract/stored.ts';
import { MAX_CERTIFICATE } from '../trust/live/trustEntry.ts';
import { planName, seats } from '../contract/operators/fields.ts';

/*
 * What a backup keeps: objects as the product knows them, and not rows. None of them holds a private key, a secret, a nonce or
 * a licence. Times are milliseconds since the epoch.
 */

const time = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const thumbprint = z.string().regex(/^[\w-]{43}$/);
const id = z.string().max(64);
const change = z
  .strictObject({ by: z.string().max(256), at: time, id: id.optional() })
  .transform(({ id: request, ...rest }): Change => ({ ...rest, ...(request !== undefined && { id: request }) }));
const pool = z
  .string()
  .max(512)
  .refine((name) => parsePoolName(name) !== null);
const subscription = { cloud: z.string().max(64), subscriptionId: z.string().max(64) };
const holder = { ...subscription, plan: planName };
const noted = { note: z.string().max(1_000), change };

const distrust = z.strictObject({ kind: z.literal('distrust'), sha256, ...noted });

const pin = z.strictObject({
  ...{ kind: z.literal('pin'), sha256, cloud: z.string().max(64), role: z.enum(['root', 'intermediate']), ...noted },
  der: z.base64().max(2 * MAX_CERTIFICATE),
});

const keyChange = z.strictObject({ from: z.string().max(64).nullable(), at: time, until: time });

/** What binds a VM: whether it is blocked, and its changes of key. Nothing of its seat. */
const vm = z.strictObject({
  ...{ kind: z.literal('vm'), pool, vmId: z.string().max(64), ...subscription },
  ...{ licenceId: z.string().max(512), offer: z.string().max(256), sku: z.string().max(64), blocked: z.boolean() },
  ...{ jkt: thumbprint.nullable(), keyUntil: time, keyChanges: z.array(keyChange).max(1_000) },
});

/** A public signing key of the service. `life`: seconds from a licence's issue to the end of its grace, at most. */
const key = z.strictObject({
  kind: z.literal('key'),
  jwk: z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string().length(43),
    y: z.string().length(43),
  }),
  life: z.int().min(1),
});

const keyset = z.strictObject({
  ...{ kind: z.literal('keyset'), root: thumbprint, token: z.string().max(16_384), change },
  since: z.record(z.string().max(64), z.int()),
});

const offer = z.strictObject({ kind: z.literal('offer'), offer: storedOffer, change });
const licence = z.strictObject({
  kind: z.literal('licence'),
  licence: storedLicence,
  claim: z.string().max(256),
  change,
});
const override = z.strictObject({ kind: z.literal('override'), ...holder, override: overrideSchema, change });
const trial = z.strictObject({ kind: z.literal('trial'), ...holder, startedAt: time, endsAt: time, seats });
const names = z.array(z.string().max(512)).max(1_000);
const holding = z.strictObject({
  ...{ kind: z.literal('holding'), ...holder, licences: names, since: time, claim: z.string().max(256), former: names },
});

const use = z.strictObject({ ...subscription, at: time, done: z.boolean() });
const claim = z.strictObject({
  ...{
    kind: z.literal('claim'),
    id,
    licenceId: z.string().max(64),
    uses: z.int().min(0),
    used: z.array(use).max(1_000),
  },
  ...{ until: time.nullable(), note: z.string().max(1_000), createdBy: z.string().max(256), createdAt: time },
});

/** The hours of a day (days since the epoch) of one pool, summed over its VMs. */
const hours = z.strictObject({
  ...{ kind: z.literal('hours'), pool, day: z.int().min(0), ...subscription },
  ...{ licenceId: z.string().max(512), offer: z.string().max(256), counts: z.array(z.int().min(0)).length(24) },
});

const value = z.record(z.string(), z.unknown()).nullable();
const changed = z.strictObject({
  ...{ kind: z.literal('change'), id, request: z.string().max(64), at: time, by: z.string().max(256) },
  ...{ byName: z.string().nullable(), operation: z.enum(Object.keys(OPERATOR_ENDPOINTS) as OperatorEndpoint[]) },
  ...{ about: z.enum(CHANGE_KINDS), key: z.string().max(1_024), old: value, new: value, partial: z.boolean() },
  ...{ reason: z.string().nullable(), state: z.enum(['begun', 'done']), version: z.string().nullable() },
  of: z.strictObject(subscription).nullable(),
});

/**
 * The kinds in the order in which a file has them, and in which they are restored: what takes trust away comes first, and
 * nothing is sold before what is blocked is known.
 */
export const RECORD_KINDS = [
  ...(['distrust', 'vm', 'pin', 'key', 'keyset', 'offer', 'override', 'trial', 'licence'] as const),
  ...(['holding', 'claim', 'hours', 'change'] as const),
] as const;

export type RecordKind = (typeof RECORD_KINDS)[number];

const SCHEMAS = [
  ...([distrust, vm, pin, key, keyset, offer, override, trial, licence] as const),
  ...([holding, claim, hours, changed] as const),
] as const;

export const backupRecord = z.discriminatedUnion('kind', SCHEMAS);

/** As it is restored. */
export type BackupRecord = z.output<typeof backupRecord>;

/** As a line of the file has it, before it is JSON. */
export type BackupLine = z.input<typeof backupRecord>;

export type RecordOf<K extends RecordKind> = Extract<BackupRecord, { readonly kind: K }>;
