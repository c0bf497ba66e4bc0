import * as z from 'zod';

import { finish } from '../../contract/pieces.ts';
import type { Pieces } from '../../contract/pieces.ts';
import type { FieldProblem } from '../../contract/wire.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import type { CatalogueFile } from './cataloguePlan.ts';
import { sellsTheSame } from '../offers/offerNames.ts';
import { findClashes, licenceKey, subscriptionNames } from './clashes.ts';
import { describeIssue, fieldAt } from './fieldProblems.ts';
import { licenceEntry } from '../../contract/operators/licence.ts';
import { offerEntry } from '../../contract/operators/offer.ts';

/** Octets of a file; one of 10,000 licences has about 3 MB. The command line sends a longer one than the service takes in parts. */
export const MAX_CATALOGUE = 8 * 1024 * 1024;

const MAX_OFFERS = 1_000;
/** Of one file. */
export const MAX_LICENCES = 10_000;

/** A catalogue that cannot be applied, with everything that is wrong; each problem names its place and what to do. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
  readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[]) {
    super(`The catalogue cannot be applied:\n${problems.map(formatProblem).join('\n')}`);
    this.problems = problems;
  }
}

function formatProblem({ field, message }: FieldProblem): string {
  return `- ${field === '' ? 'the file' : field}: ${message}`;
}

const WHOLE = {
  error: (issue: z.core.$ZodRawIssue) =>
    issue.code === 'unrecognized_keys' ? undefined : 'must be an object with "offers" and "licences"',
};

/** The file as a schema; {@link parseCatalogue} asks more of it. */
export const catalogueSchema = z.strictObject(
  {
    offers: z
      .array(offerEntry, 'must be a list')
      .max(MAX_OFFERS, `must have at most ${MAX_OFFERS} entries`)
      .default([]),
    licences: z
      .array(licenceEntry, 'must be a list')
      .max(MAX_LICENCES, `must have at most ${MAX_LICENCES} entries`)
      .default([]),
  },
  WHOLE,
);

/** As it is read: each entry is then judged by itself, in a piece. */
const rawSchema = z.strictObject(
  {
    offers: z
      .array(z.unknown(), 'must be a list')
      .max(MAX_OFFERS, `must have at most ${MAX_OFFERS} entries`)
      .default([]),
    licences: z
      .array(z.unknown(), 'must be a list')
      .max(MAX_LICENCES, `must have at most ${MAX_LICENCES} entries`)
      .default([]),
  },
  WHOLE,
);

/**
 * Reads a catalogue file: one JSON object with the lists `offers` and `licences`. Durations are ISO 8601 (`"PT24H"`,
 * `"P7D"`), times RFC 3339. Keys that are not known are refused.
 *
 * @param value the file's JSON; its reader bounds the length, and refuses a key twice
 * @throws CatalogueError
 */
export function parseCatalogue(value: unknown): CatalogueFile {
  return finish(parseCataloguePieces(value));
}

/** As {@link parseCatalogue}, in pieces. */
export function* parseCataloguePieces(value: unknown): Pieces<CatalogueFile> {
  const parsed = rawSchema.safeParse(value);
  if (!parsed.success) throw new CatalogueError(parsed.error.issues.flatMap(describeIssue));
  const problems: FieldProblem[] = [];
  const offers = yield* parseEntries('offers', offerEntry, parsed.data.offers, problems);
  const licences = yield* parseEntries('licences', licenceEntry, parsed.data.licences, problems);
  if (problems.length === 0) problems.push(...clashingOffers(offers), ...(yield* clashingLicences(licences)));
  if (problems.length > 0) throw new CatalogueError(problems);
  return { offers, licences };
}

function* parseEntries<T>(
  list: 'offers' | 'licences',
  schema: z.ZodType<T>,
  entries: readonly unknown[],
  problems: FieldProblem[],
): Pieces<readonly T[]> {
  const read: T[] = [];
  for (const [index, entry] of entries.entries()) {
    const parsed = schema.safeParse(entry);
    if (parsed.success) read.push(parsed.data);
    else
      problems.push(...parsed.error.issues.flatMap(describeIssue).map((problem) => placeEntry(list, index, problem)));
    yield;
  }
  return read;
}

function placeEntry(list: string, index: number, { field, message }: FieldProblem): FieldProblem {
  return { field: fieldAt(`${list}[${index}]`, field), message };
}

function clashingOffers(offers: readonly Offer[]): FieldProblem[] {
  return finish(findClashes(offers, sellsTheSame)).map(([first, second]) => ({
    field: `offers[${second}].offer`,
    message: `offers[${first}] has this plan already, or an alias that names it: merge the two`,
  }));
}

function* clashingLicences(licences: readonly Licence[]): Pieces<readonly FieldProblem[]> {
  const sameId = yield* findClashes(licences, (licence) => [licenceKey(licence)]);
  const sameSubscription = yield* findClashes(licences, subscriptionNames);
  return [
    ...sameId.map(([first, second]) => ({
      field: `licences[${second}].id`,
      message: `licences[${first}] has this id: choose another`,
    })),
    ...sameSubscription.map(([first, second]) => ({
      field: `licences[${second}]`,
      message: `licences[${first}] has one of these subscriptions for this offer already: remove it from one of the two`,
    })),
  ];
}
