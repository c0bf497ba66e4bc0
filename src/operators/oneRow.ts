import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import type { CataloguePlan, CatalogueProblem, Planned, Upsert } from '../catalogue/file/cataloguePlan.ts';
import type { deletedSchema } from '../contract/operators/records.ts';
import { findLongOffers } from '../catalogue/file/licenceLife.ts';
import type { DeleteOutcome, Recorded, Written } from '../contract/stored.ts';
import type { ServiceConfig } from '../app/config.ts';
import { RequestError } from '../http/requestError.ts';
import type { Call } from './route.ts';
import { checkVersion, isExpected } from './versions.ts';

/* Writing and deleting one offer, one licence or, deleting alone, one pin or distrust. */

type LifeSetting = Pick<ServiceConfig, 'LICENCE_LIFE_SECONDS'>;

type VersionedCall = Pick<Call<unknown, unknown, unknown>, 'expected' | 'change'>;

/** The code of a refusal with these problems: the request is malformed if any entry is. */
export function codeOf(problems: readonly Pick<CatalogueProblem, 'code'>[]): CatalogueProblem['code'] {
  const [first] = problems;
  const isMalformed = first === undefined || problems.some(({ code }) => code === 'request_malformed');
  return isMalformed ? 'request_malformed' : first.code;
}

/** @throws {RequestError} `name_taken`, `in_use` or `request_malformed` */
export function checkPlanned(planned: Planned): CataloguePlan {
  if (planned.ok) return planned.plan;
  const problems = planned.problems.map(({ field, message }) => ({ field, message }));
  const detail = problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new RequestError(codeOf(planned.problems), `${detail}.`, null, problems);
}

/** @throws {RequestError} `request_malformed` where the offer's licences may last too long */
export function checkLife({ offers }: CataloguePlan, { LICENCE_LIFE_SECONDS }: LifeSetting): void {
  const problems = findLongOffers(offers, LICENCE_LIFE_SECONDS * 1_000).map(({ field, message }) => ({
    field,
    message,
  }));
  const [first] = problems;
  if (first === undefined) return;
  throw new RequestError('request_malformed', `${first.field} ${first.message}.`, null, problems);
}

/**
 * @param upserts of a plan for one row
 * @throws {RequestError} `changed_meanwhile`
 */
export async function writeOne<T>(
  [upsert]: readonly Upsert<T>[],
  { expected, change }: VersionedCall,
  write: (value: T, version: string | null) => Promise<Written>,
): Promise<{ readonly row: Recorded<T>; readonly isNew: boolean }> {
  if (upsert === undefined) throw new Error('A plan has an entry for each of its file.');
  const { value, stored } = upsert;
  // Already as it is asked for: success, whatever the version (RFC 9110 section 13.1.1).
  if (stored !== null && isDeepStrictEqual(stored.value, value)) return { row: stored, isNew: false };
  const written = await write(value, checkVersion(expected, stored?.version ?? null));
  if (written.outcome !== 'written') throw new RequestError('changed_meanwhile');
  return { row: { value, version: written.version, change }, isNew: stored === null };
}

/** @throws {RequestError} `changed_meanwhile` */
export async function deleteOne(
  stored: Recorded<unknown>,
  { expected }: VersionedCall,
  remove: (version: string) => Promise<DeleteOutcome>,
): Promise<{ value: z.input<typeof deletedSchema> }> {
  if (!isExpected(expected, stored.version)) throw new RequestError('changed_meanwhile');
  if ((await remove(stored.version)) === 'changed') throw new RequestError('changed_meanwhile');
  return { value: { deleted: true } };
}
