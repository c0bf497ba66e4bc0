import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import { storedLicence, writeLicence } from '../contract/operators/licence.ts';
import type { Licence, LicenceJson } from '../contract/operators/licence.ts';
import { storedOffer, writeOffer } from '../contract/operators/offer.ts';
import type { Offer, OfferJson } from '../contract/operators/offer.ts';
import { foldCase } from '../contract/planName.ts';
import type { Change, Recorded } from '../contract/stored.ts';
import { licencePartition, OFFERS_PARTITION, planRow } from './keys.ts';
import { changeColumns, parseJsonProperty, readRow, ROW_SCHEMA, writeChange } from './readRow.ts';

export function offerEntity(value: Offer, change: Change): TableEntity {
  return { partitionKey: OFFERS_PARTITION, rowKey: planRow(value.plan), ...columns(writeOffer(value), change) };
}

export function licenceEntity(value: Licence, change: Change): TableEntity {
  const partitionKey = licencePartition(value.cloud, value.subscriptionId);
  // In a column of its own, so that a licence can be found by it.
  return {
    partitionKey,
    rowKey: planRow(value.plan),
    licenceId: foldCase(value.id),
    ...columns(writeLicence(value), change),
  };
}

/** @throws StoreUnavailableError */
export function readOfferRow(entity: unknown): Recorded<Offer> {
  return readContent('offer', storedOffer, entity);
}

/** @throws StoreUnavailableError */
export function readLicenceRow(entity: unknown): Recorded<Licence> {
  return readContent('licence', storedLicence, entity);
}

/** A table's columns cannot hold lists, so the whole object is one JSON property, as answers have it. Its schema bounds its size. */
function columns(value: OfferJson | LicenceJson, change: Change): Record<string, unknown> {
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
