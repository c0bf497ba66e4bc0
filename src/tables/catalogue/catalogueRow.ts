import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import { storedLicence, writeLicence } from '../../contract/operators/licence.ts';
import type { Licence, LicenceJson } from '../../contract/operators/licence.ts';
import { storedOffer, writeOffer } from '../../contract/operators/offer.ts';
import type { Offer, OfferJson } from '../../contract/operators/offer.ts';
import { ANY } from '../../contract/planName.ts';
import type { RecordedLicence } from '../../catalogue/store.ts';
import type { Change, Recorded } from '../../contract/stored.ts';
import { licenceRow, LICENCES_PARTITION, OFFERS_PARTITION, planRow } from '../kit/keys.ts';
import { joinText, splitText } from '../kit/longText.ts';
import { changeColumns, parseJsonProperty, readChange, readRow, ROW_SCHEMA, writeChange } from '../kit/readRow.ts';

export function offerEntity(value: Offer, change: Change): TableEntity {
  return { partitionKey: OFFERS_PARTITION, rowKey: planRow(value.plan), ...columns(writeOffer(value), change) };
}

export function licenceEntity(value: Licence, change: Change, claim = ''): TableEntity {
  // Its subscriptions stand in a column of their own.
  const content = { ...writeLicence(value), cloud: undefined, subscription: undefined, subscriptions: undefined };
  return {
    partitionKey: LICENCES_PARTITION,
    rowKey: licenceRow(value.id),
    // In a column of its own, so that the licences of a plan can be found by it.
    plan: planRow(value.plan),
    ...columns(content, change),
    claim,
    subscriptions: JSON.stringify(packSubscriptions(value.subscriptions)),
  };
}

/** By cloud, each with the time at which it leaves: 500 of them fit into one text of a row. */
function packSubscriptions(subscriptions: Licence['subscriptions']): unknown {
  if (subscriptions === ANY) return ANY;
  const packed: Record<string, Record<string, number | null>> = {};
  for (const { cloud, subscriptionId, until } of subscriptions) (packed[cloud] ??= {})[subscriptionId] = until;
  return packed;
}

const packedSubscriptions = z
  .union([z.literal(ANY), z.record(z.string(), z.record(z.string(), z.number().nullable()))])
  .transform((packed): Licence['subscriptions'] => {
    if (packed === ANY) return ANY;
    return Object.entries(packed).flatMap(([cloud, own]) =>
      Object.entries(own).map(([subscriptionId, until]) => ({ cloud, subscriptionId, until })),
    );
  });

// Made once: making a schema takes longer than reading a row with it.
const offerColumns = z.object({ ...changeColumns, content: z.string().transform(parseJsonProperty).pipe(storedOffer) });
const licenceColumns = z.object({
  ...changeColumns,
  content: z.string().transform(parseJsonProperty).pipe(storedLicence),
  subscriptions: z.string().transform(parseJsonProperty).pipe(packedSubscriptions),
  claim: z.string(),
});

/** @throws StoreUnavailableError */
export function readOfferRow(entity: unknown): Recorded<Offer> {
  const { etag, content, ...change } = readRow('offer', offerColumns, joinText('content', entity));
  return { value: content, version: etag, change: readChange(change) };
}

/** @throws StoreUnavailableError */
export function readLicenceRow(entity: unknown): RecordedLicence {
  const row = readRow('licence', licenceColumns, joinText('content', entity));
  const { etag, content, subscriptions, claim } = row;
  const value = { ...content, subscriptions };
  return { value, version: etag, change: readChange(row), claim };
}

/** A table's columns cannot hold lists, so the whole object is JSON, as answers have it, in as many properties as it needs. */
function columns(value: Pick<OfferJson | LicenceJson, 'status'>, change: Change): Record<string, unknown> {
  return {
    schema: ROW_SCHEMA,
    status: value.status,
    ...splitText('content', JSON.stringify(value)),
    ...writeChange(change),
  };
}
