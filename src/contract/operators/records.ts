import * as z from 'zod';

import { licenceSchema } from './licence.ts';
import { effective } from './licenceFilter.ts';
import { offerSchema } from './offer.ts';
import { overrideSchema } from './override.ts';
import { seats } from './fields.ts';

/* What answers say around offers and licences. */

/** A time in an answer. */
export const instantText = z.iso.datetime();

/** What lists and searches say of the cloud. */
export const cloudLookedAt = z
  .string()
  .nullable()
  .describe(
    'The cloud that was looked at; null: every one, of a subscription or VM every accepted one. Nothing else was left out than what the request names.',
  );

/** ETag and last change of an object, beside what it holds. */
export const recordFields = {
  etag: z.string().describe('For If-Match.'),
  changedBy: z.string().describe('The object id of the operator in the directory.'),
  changedAt: instantText,
};

export const usageSchema = z
  .strictObject({
    taken: z.int().min(0).describe('VMs whose lease has not ended.'),
    over: z
      .int()
      .min(0)
      .describe('VMs beyond the seats: by overage, or until their leases end after seats were lowered.'),
    overSince: instantText.nullable().describe('Since when VMs are beyond the seats, as far as they have renewed.'),
    seats,
    overage: seats.describe('How many VMs are licensed beyond the seats; a share of the seats as a number of VMs.'),
  })
  .meta({ id: 'SeatUsage' });

/** What a write adds to the object that it answers with. */
const writtenFields = {
  removed: z
    .array(z.string())
    .optional()
    .describe('After a PUT or PATCH that removed members: their names. They have their defaults now.'),
};

export const offerItem = z
  .strictObject({ offer: offerSchema, ...recordFields, ...writtenFields })
  .meta({ id: 'OfferItem' });

export const overrideItem = z
  .strictObject({
    cloud: z.string(),
    subscription: z.string(),
    override: overrideSchema,
    ...recordFields,
    ...writtenFields,
  })
  .meta({ id: 'OverrideItem' });

export const licenceItem = z
  .strictObject({ licence: licenceSchema, ...recordFields, ...writtenFields })
  .meta({ id: 'LicenceItem' });

export const licenceDetail = z
  .strictObject({ licence: licenceSchema, effective, ...recordFields, usage: usageSchema })
  .meta({ id: 'LicenceDetail' });

export type OfferItemJson = z.input<typeof offerItem>;
export type OverrideItemJson = z.input<typeof overrideItem>;
export type LicenceItemJson = z.input<typeof licenceItem>;
export type LicenceDetailJson = z.input<typeof licenceDetail>;
export type SeatUsageJson = z.input<typeof usageSchema>;

export const deletedSchema = z.strictObject({ deleted: z.literal(true) });

/** All offers and licences, as a file that can be applied. */
export const catalogueAnswer = z
  .strictObject({ offers: z.array(offerSchema), licences: z.array(licenceSchema) })
  .meta({ id: 'Catalogue' });

/** What a write would do, and how many it would stop: the answer to `dryRun=true`. */
export const effectReport = z
  .strictObject({
    dryRun: z.literal(true),
    old: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe(
        'The object as it is; null if there is none. Of many licences by their ids, at most 100: the members that change.',
      ),
    new: z.record(z.string(), z.unknown()).nullable().describe('The object as it would be; null if it is deleted.'),
    effect: z.strictObject({
      vms: z
        .int()
        .min(0)
        .nullable()
        .describe('VMs that hold a seat now and are affected; null if they are not counted.'),
      atLeast: z.literal(true).optional().describe('There may be more VMs: they are counted for a second.'),
      licences: z.array(z.string()).describe('The ids of the licences that are affected, at most 100.'),
      licencesInAll: z.int().optional().describe('Of a change of many licences: how many are changed.'),
      pins: z
        .array(z.string())
        .optional()
        .describe('Of trust: the names of the pinned CAs that this is about; a leaf has none.'),
      clouds: z
        .array(z.string())
        .optional()
        .describe(
          'Of trust: accepted clouds that are left without a complete path, so that no VM there gets a licence.',
        ),
      issues: z
        .strictObject({
          last24h: z
            .int()
            .min(0)
            .nullable()
            .describe(
              'null: not known. Issues are counted by the name of the issuing CA, so not by leaves, nor where CAs share a name or some of their paths lead round this certificate.',
            ),
          since: instantText.describe('The beginning of the first hour that was counted.'),
        })
        .optional()
        .describe(
          'Of trust: licences that were issued in the last day, renewals too, to VMs with documents under this CA. Instances write once a minute what they have counted.',
        ),
    }),
    effectToken: z
      .string()
      .describe('Of the objects that are affected and their ETags. A change of many licences must bring it.'),
    removes: z
      .array(z.string())
      .optional()
      .describe('Of a PUT or PATCH: the members that are removed, and have their default from then on.'),
  })
  .meta({ id: 'EffectReport' });

export type EffectReportJson = z.input<typeof effectReport>;

const counts = z.strictObject({ created: z.int(), updated: z.int(), unchanged: z.int() });

/** What a file changes of one object. */
const fileRow = z
  .strictObject({
    kind: z.enum(['offer', 'licence']),
    id: z.string().describe('Of the licence; the name of the offer.'),
    line: z.int().optional().describe('Of a CSV file, from 1.'),
    field: z.string().optional().describe('Of a JSON file: where it stands, such as licences[3].'),
    old: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('The members that change, as they are; null if it is created.'),
    new: z.record(z.string(), z.unknown()).describe('The members that change, as they would be.'),
  })
  .meta({ id: 'FileRow' });

/** What a file wrote, or would write. */
export const applyReport = z
  .strictObject({
    dryRun: z.boolean(),
    offers: counts,
    licences: counts,
    rows: z
      .array(fileRow)
      .optional()
      .describe('With dryRun=true and rows=true: each object that is created or changed.'),
  })
  .meta({ id: 'ApplyReport' });

export type FileRowJson = z.input<typeof fileRow>;
export type ApplyReportJson = z.input<typeof applyReport>;

/** The page of a list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({
    items: z.array(item),
    continuation: z.string().nullable().describe('For the next page; null at the end of the list.'),
    cloud: cloudLookedAt,
  });
}
