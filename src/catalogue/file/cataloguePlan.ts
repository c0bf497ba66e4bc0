import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import type { applyReport } from '../../contract/operators/records.ts';
import { mapPieces } from '../../contract/pieces.ts';
import type { Pieces } from '../../contract/pieces.ts';
import type { FieldProblem } from '../../contract/wire.ts';
import type { Licence } from '../licence.ts';
import type { Offer } from '../offer.ts';
import type { Recorded } from '../../contract/stored.ts';
import { fieldAt } from './fieldProblems.ts';
import type { OptionalMember } from '../../contract/operators/licence.ts';

/* From a file of offers and licences to what is written of it. */

/** What `countersign apply` writes: offers and licences with all their defaults. */
export interface CatalogueFile {
  readonly offers: readonly Offer[];
  readonly licences: readonly Licence[];
  /** Members that a licence which is there already keeps: those that the file left out. Without it: none. */
  readonly kept?: ReadonlyMap<Licence, readonly OptionalMember[]>;
}

/** A row as it shall be, and as it is; `stored: null` where it is not there. */
export interface Upsert<T> {
  readonly value: T;
  readonly stored: Recorded<T> | null;
}

/** Whether the row is to be written: it is not there, or says something else. */
export function isChanged<T>({ value, stored }: Upsert<T | null>): boolean {
  return !isDeepStrictEqual(stored?.value, value);
}

export interface CataloguePlan {
  readonly offers: readonly Upsert<Offer>[];
  readonly licences: readonly Upsert<Licence>[];
}

/** What entries are judged by: all that the store holds, or what the readers of readStored.ts found to matter. */
export interface StoredCatalogue {
  readonly offers: readonly Recorded<Offer>[];
  readonly licences: readonly Recorded<Licence>[];
}

/** Why an entry does not go with what the store holds, or with another entry. */
export interface CatalogueProblem {
  readonly list: 'offers' | 'licences';
  readonly index: number;
  /** `request_malformed` where the entry itself cannot be right, whatever else is removed. */
  readonly code: 'request_malformed' | 'name_taken' | 'in_use';
  /** Of the entry. */
  readonly field: string;
  /** What is wrong, and what to do. */
  readonly message: string;
}

/** Where it stands in a catalogue file. */
export function placeInCatalogue({ list, index, field, message }: CatalogueProblem): FieldProblem {
  return { field: fieldAt(`${list}[${index}]`, field), message };
}

export type Planned =
  | { readonly ok: true; readonly plan: CataloguePlan }
  | { readonly ok: false; readonly problems: readonly CatalogueProblem[] };

type Counts = z.output<typeof applyReport>['offers'];

/** How many entries of each list a plan creates and changes; in pieces. */
export function* countPlan({
  offers,
  licences,
}: CataloguePlan): Pieces<Pick<z.output<typeof applyReport>, 'offers' | 'licences'>> {
  return { offers: yield* count(offers), licences: yield* count(licences) };
}

function* count<T>(upserts: readonly Upsert<T>[]): Pieces<Counts> {
  const created = upserts.filter((upsert) => upsert.stored === null).length;
  const changed = yield* mapPieces(upserts, isChanged);
  const unchanged = changed.filter((is) => !is).length;
  return { created, updated: upserts.length - created - unchanged, unchanged };
}
