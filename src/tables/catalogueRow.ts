import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { Licence } from '../catalogue/licence.ts';
import { LICENCE_STATUSES } from '../catalogue/licence.ts';
import type { Offer } from '../catalogue/offer.ts';
import { OFFER_MODES, OFFER_STATUSES } from '../catalogue/offer.ts';
import { ANY, foldCase } from '../catalogue/planName.ts';
import type { Change, Recorded } from '../contract/stored.ts';
import { licencePartition, OFFERS_PARTITION, planRow } from './keys.ts';
import { changeColumns, parseJsonProperty, readRow, ROW_SCHEMA, writeChange } from './readRow.ts';

const planName = z.strictObject({ publisher: z.string(), product: z.string(), name: z.string() });
const allowed = z.union([z.literal(ANY), z.array(z.string())]);
const seats = z.union([z.literal('unlimited'), z.number().int().min(0)]);
const duration = z.number().int().min(0);
const features = z.record(z.string(), z.union([z.boolean(), z.number(), z.string()]));

const offer = z.strictObject({
  plan: planName,
  productAliases: z.array(z.string()),
  status: z.enum(OFFER_STATUSES),
  mode: z.enum(OFFER_MODES),
  clouds: allowed,
  skus: allowed,
  seats,
  lifetime: duration,
  renewAfter: duration,
  grace: duration,
  lease: duration,
  requireKey: z.boolean(),
  keyChanges: z.number().int().min(0),
  withoutPlan: z.boolean(),
  earlyRelease: z.boolean(),
  features,
}) satisfies z.ZodType<Offer>;

const licence = z.strictObject({
  id: z.string(),
  cloud: z.string(),
  subscriptionId: z.string(),
  plan: planName,
  status: z.enum(LICENCE_STATUSES),
  seats,
  validFrom: z.number().nullable(),
  validUntil: z.number().nullable(),
  vmIds: allowed,
  skus: allowed,
  features,
  note: z.string(),
}) satisfies z.ZodType<Licence>;

export function offerEntity(value: Offer, change: Change): TableEntity {
  return { partitionKey: OFFERS_PARTITION, rowKey: planRow(value.plan), ...columns(value, change) };
}

export function licenceEntity(value: Licence, change: Change): TableEntity {
  const partitionKey = licencePartition(value.cloud, value.subscriptionId);
  // In a column of its own, so that a licence can be found by it.
  return { partitionKey, rowKey: planRow(value.plan), licenceId: foldCase(value.id), ...columns(value, change) };
}

/** @throws StoreUnavailableError */
export function readOfferRow(entity: unknown): Recorded<Offer> {
  return readContent('offer', offer, entity);
}

/** @throws StoreUnavailableError */
export function readLicenceRow(entity: unknown): Recorded<Licence> {
  return readContent('licence', licence, entity);
}

/** Lists have no place in a table's columns, so the whole is one JSON property; the schema of the file bounds its size. */
function columns(value: Offer | Licence, change: Change): Record<string, unknown> {
  return {
    schema: ROW_SCHEMA,
    status: value.status,
    content: JSON.stringify(value),
    ...writeChange(change),
  };
}

function readContent<T>(kind: string, schema: z.ZodType<T>, entity: unknown): Recorded<T> {
  const row = z.object({ ...changeColumns, content: z.string().transform(parseJsonProperty).pipe(schema) });
  const { etag, content, changedBy, changedAt } = readRow(kind, row, entity);
  return { value: content, version: etag, change: { by: changedBy, at: changedAt } };
}
