import * as z from 'zod';

import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import { foldCase } from '../planName.ts';
import { licenceEntry } from './licenceEntry.ts';
import { offerEntry } from './offerEntry.ts';
import { findClashes, licenceKey, sellsTheSame } from './clashes.ts';

const LONGEST_TEXT = 8 * 1024 * 1024;
const MOST_OFFERS = 1_000;
/** Of one file. */
export const MOST_LICENCES = 10_000;

/** What `countersign apply` writes: offers and licences with all their defaults. */
export interface CatalogueFile {
  readonly offers: readonly Offer[];
  readonly licences: readonly Licence[];
}

/** A catalogue that cannot be applied, with everything that is wrong; each problem names its place and what to do. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The catalogue cannot be applied:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** The file as a schema; {@link parseCatalogue} asks more of it. */
export const catalogueSchema = z.strictObject(
  {
    offers: z
      .array(offerEntry, 'must be a list')
      .max(MOST_OFFERS, `must have at most ${MOST_OFFERS} entries`)
      .default([]),
    licences: z
      .array(licenceEntry, 'must be a list')
      .max(MOST_LICENCES, `must have at most ${MOST_LICENCES} entries`)
      .default([]),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? undefined : 'must be an object with "offers" and "licences"',
  },
);

/**
 * Reads a catalogue file: one JSON object with the lists `offers` and `licences`. Durations are ISO 8601 (`"PT24H"`,
 * `"P7D"`), times RFC 3339. Keys that are not known are refused.
 *
 * @throws CatalogueError
 */
export function parseCatalogue(text: string): CatalogueFile {
  if (text.length > LONGEST_TEXT) {
    throw new CatalogueError([`The file is longer than ${LONGEST_TEXT} characters: split it and apply the parts.`]);
  }
  const parsed = catalogueSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new CatalogueError(parsed.error.issues.flatMap((issue) => describeIssue(issue)));
  const problems = [...clashingOffers(parsed.data.offers), ...clashingLicences(parsed.data.licences)];
  if (problems.length > 0) throw new CatalogueError(problems);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CatalogueError(['The file is not JSON: check it for a missing comma or quotation mark.']);
  }
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const place = formatPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) => `${place}: the key ${JSON.stringify(key)} is not known: remove it, or correct its name`,
    );
  }
  if (issue.code === 'invalid_key') {
    return [`${place}: must be a name of letters, digits, "_", "." and "-", a letter first`];
  }
  // Of a list in which entries are wrong, the entries are the news.
  const [, list] = issue.code === 'invalid_union' ? issue.errors : [];
  const inside = (list ?? []).filter((inner) => inner.path.length > 0);
  if (inside.length > 0)
    return inside.map((inner) => `${formatPath([...issue.path, ...inner.path])}: ${inner.message}`);
  return [`${place}: ${issue.message}`];
}

/** `offers[0].lifetime` */
function formatPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}

function clashingOffers(offers: readonly Offer[]): string[] {
  return findClashes(offers, sellsTheSame).map(
    ([first, second]) =>
      `offers[${second}].offer: offers[${first}] has this plan already, or an alias that names it: merge the two`,
  );
}

function clashingLicences(licences: readonly Licence[]): string[] {
  const sameId = findClashes(licences, (licence) => [foldCase(licence.id)]);
  const samePlan = findClashes(licences, (licence) => [licenceKey(licence)]);
  return [
    ...sameId.map(([first, second]) => `licences[${second}].id: licences[${first}] has this id: choose another`),
    ...samePlan.map(
      ([first, second]) => `licences[${second}]: licences[${first}] licenses this subscription already: merge the two`,
    ),
  ];
}
