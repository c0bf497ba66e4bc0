import type * as z from 'zod';
import { isChanged } from '../../catalogue/file/cataloguePlan.ts';
import type { CataloguePlan, CatalogueProblem, Planned, Upsert } from '../../catalogue/file/cataloguePlan.ts';
import type { InUse } from '../../catalogue/offers/dependents.ts';
import type { EffectReportJson, deletedSchema } from '../../contract/operators/records.ts';
import { findLongOffers } from '../../catalogue/file/licenceLife.ts';
import type { DeleteOutcome, Recorded, Written } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { createEffectToken } from './effects.ts';
import type { Affected } from './effects.ts';
import type { Changed } from '../edge/recordChanges.ts';
import type { Answer, Call } from '../edge/route.ts';
import { checkVersion, isExpected } from '../edge/versions.ts';

/* Writing and deleting one offer, one licence or, deleting alone, one pin or distrust. */

type VersionedCall = Pick<Call<unknown>, 'expected' | 'change' | 'record'>;

/** How the record of a change names and shows an object. */
export interface Described<T> extends Pick<Changed, 'kind' | 'key' | 'of'> {
  readonly show: (value: T) => object;
}

/** What is written of a change: an object as it shall be and as it is, null where it is deleted or not there. */
export function describeChange<T>(
  { show, ...named }: Described<T>,
  { value, stored }: { readonly value: T | null; readonly stored: Recorded<T> | null },
): Changed {
  const [old, changed] = [stored === null ? null : show(stored.value), value === null ? null : show(value)];
  return { ...named, version: stored?.version ?? null, old, new: changed };
}

/** What a write would change: the objects as answers have them. */
interface Trial {
  readonly old: object | null;
  readonly new: object | null;
  readonly effect: EffectReportJson['effect'];
  readonly affected: readonly Affected[];
  /** What a PUT or PATCH removes. */
  readonly removes?: readonly string[];
}

/**
 * The answer to a dry run.
 *
 * @param stored the row as it is, null where there is none
 * @throws {RequestError} `changed_meanwhile` where that is not the version that the caller names
 */
export function answerTrial(
  stored: Recorded<unknown> | null,
  { expected }: Pick<Call<unknown>, 'expected'>,
  trial: Trial,
): Answer<never> {
  if (stored === null ? expected !== null : !isExpected(expected, stored.version))
    throw new RequestError('changed_meanwhile');
  return {
    value: reportTrial(trial),
    version: stored?.version,
  };
}

export function reportTrial({ old, new: changed, effect, affected, removes }: Trial): EffectReportJson {
  const effectToken = createEffectToken(affected);
  const removed = removes === undefined ? {} : { removes: [...removes] };
  return { dryRun: true, old: open(old), new: open(changed), effect, effectToken, ...removed };
}

function open(object: object | null): Record<string, unknown> | null {
  return object === null ? null : { ...object };
}

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
export function checkLife({ offers }: CataloguePlan, licenceLife: number): void {
  const problems = findLongOffers(offers, licenceLife * 1_000).map(({ field, message }) => ({
    field,
    message,
  }));
  const [first] = problems;
  if (first === undefined) return;
  throw new RequestError('request_malformed', `${first.field} ${first.message}.`, null, problems);
}

/** Why a row that was not there cannot be created. */
export const CREATED_MEANWHILE =
  'Somebody else created it in the same instant. Read it, and send its ETag in If-Match to replace it.';

/**
 * @param upserts of a plan for one row
 * @throws {RequestError} `changed_meanwhile`, or `name_taken` where somebody else created it in the same instant
 */
export async function writeOne<T>(
  [upsert]: readonly Upsert<T>[],
  { expected, change, record }: VersionedCall,
  described: Described<T>,
  write: (value: T, version: string | null) => Promise<Written>,
): Promise<{ readonly row: Recorded<T>; readonly isNew: boolean }> {
  if (upsert === undefined) throw new Error('A plan has an entry for each of its file.');
  const { value, stored } = upsert;
  // Already as it is asked for: success, whatever the version (RFC 9110 section 13.1.1).
  if (stored !== null && !isChanged(upsert)) return { row: stored, isNew: false };
  const version = checkVersion(expected, stored?.version ?? null);
  await record(describeChange(described, { value, stored }));
  const written = await write(value, version);
  if (written.outcome === 'exists') throw new RequestError('name_taken', CREATED_MEANWHILE);
  if (written.outcome !== 'written') throw new RequestError('changed_meanwhile');
  return { row: { value, version: written.version, change }, isNew: stored === null };
}

/** For people: what must be removed first. */
export function refuseInUse({ field, message }: Pick<InUse, 'field' | 'message'>): RequestError {
  if (field === null) return new RequestError('in_use', message);
  return new RequestError('in_use', `${field}: ${message}.`, null, [{ field, message }]);
}

/** @throws {RequestError} `changed_meanwhile` */
export async function deleteOne<T>(
  stored: Recorded<T>,
  { expected, record }: VersionedCall,
  described: Described<T>,
  remove: (version: string) => Promise<DeleteOutcome>,
): Promise<{ value: z.input<typeof deletedSchema> }> {
  const { version } = stored;
  if (!isExpected(expected, version)) throw new RequestError('changed_meanwhile');
  await record(describeChange(described, { value: null, stored }));
  if ((await remove(version)) === 'changed') throw new RequestError('changed_meanwhile');
  return { value: { deleted: true } };
}
