import { isDeepStrictEqual } from 'node:util';
import { forEachAtOnce } from '../../catalogue/atOnce.ts';
import type { Licence } from '../../catalogue/licence.ts';
import { matchesLicence } from '../../catalogue/licenceFilter.ts';
import type { LicenceFilter } from '../../catalogue/licenceFilter.ts';
import { MAX_BULK, bulkBody, bulkReport } from '../../contract/operators/bulk.ts';
import type { BulkReportJson } from '../../contract/operators/bulk.ts';
import { writeLicence } from '../../contract/operators/licence.ts';
import { inTurns, mapPieces } from '../../contract/pieces.ts';
import { PROBLEMS } from '../../contract/problems.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import type { Recorded } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { licencePool } from '../../seats/poolUsage.ts';
import { jsonBody } from '../edge/bodies.ts';
import { countVms, createEffectToken, pickDifferent } from '../writes/effects.ts';
import { applyToLicence, describedLicence, replaceLicence } from './licenceRoutes.ts';
import type { LicenceNeeds } from './licenceRoutes.ts';
import { describeChange } from '../writes/oneRow.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { Call, OperatorRoute } from '../edge/route.ts';
import { writeETag } from '../edge/versions.ts';

const changeLicences = routesThatNeed<LicenceNeeds>()({
  ...{ name: 'changeLicences', role: 'Operator' },
  summary: `Changes at most ${MAX_BULK} licences that a filter finds, each as PATCH does; dryRun=true gives the effect and its token first`,
  ...{ params: NOTHING, query: NOTHING, body: jsonBody(bulkBody), dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: bulkReport },
  codes: ['changed_meanwhile', 'precondition_required'],
  handle: async (call) => {
    const { filter, change, effectToken } = call.body;
    const plans = await planChanges(await findLicences(call, filter), change);
    const affected = plans.map(({ stored: { value, version } }) => ({ id: value.id, version }));
    const token = createEffectToken(affected, change);
    if (call.dryRun) return { value: { ...(await reportEffect(call, plans)), effectToken: token } };
    checkToken(effectToken, token);
    return { value: await changeEach(call, plans) };
  },
});

export const BULK_ROUTES: readonly OperatorRoute<LicenceNeeds>[] = [changeLicences];

/** A licence as it is, and as it shall be. */
interface Plan {
  readonly stored: Recorded<Licence>;
  readonly value: Licence;
}

const PAGE = 1_000;

/** A search through all licences. @throws {RequestError} where there are too many */
async function findLicences(
  { needs: { store, now }, log }: Call<LicenceNeeds>,
  filter: LicenceFilter,
): Promise<readonly Recorded<Licence>[]> {
  const offers = (await store.listOffers()).map(({ value }) => value);
  const found: Recorded<Licence>[] = [];
  let continuation: string | undefined;
  do {
    const page = await store.pageLicences({ size: PAGE, continuation });
    if (page.unreadable.length > 0) log('warn', 'rows_left_out', { count: page.unreadable.length });
    found.push(...page.items.filter(({ value }) => matchesLicence(value, filter, { now: now(), offers })));
    if (found.length > MAX_BULK) throw tooMany();
    continuation = page.next ?? undefined;
  } while (continuation !== undefined);
  return found;
}

function tooMany(): RequestError {
  return new RequestError('request_malformed', `The filter finds more than ${MAX_BULK} licences. Narrow it.`);
}

/** An offer as well: a licence keeps the one it was granted for. */
const FIXED = ['id', 'offer', 'cloud', 'subscription', 'subscriptions'];

/** @throws {RequestError} where one of them would be no licence: then nothing is changed */
async function planChanges(
  licences: readonly Recorded<Licence>[],
  change: Readonly<Record<string, unknown>>,
): Promise<readonly Plan[]> {
  const fixed = FIXED.find((name) => Object.hasOwn(change, name));
  if (fixed !== undefined) {
    throw new RequestError('request_malformed', `"${fixed}" is a licence’s own. Change it licence by licence.`);
  }
  return inTurns(mapPieces(licences, (stored) => ({ stored, value: applyToLicence(stored.value, change) })));
}

/** @throws {RequestError} `precondition_required` or `changed_meanwhile` */
function checkToken(given: string | undefined, present: string): void {
  if (given === present) return;
  if (given === undefined) {
    const detail = 'Ask with dryRun=true first, and send the effectToken of the answer.';
    throw new RequestError('precondition_required', detail);
  }
  const detail = 'The licences are no longer those whose effect was told. Ask with dryRun=true again.';
  throw new RequestError('changed_meanwhile', detail);
}

const MAX_TOLD = 100;

async function reportEffect({ needs }: Call<LicenceNeeds>, plans: readonly Plan[]) {
  const changed = plans.filter(isChange);
  const told = changed.slice(0, MAX_TOLD);
  const counted = await countVms(
    needs,
    changed.map(({ stored }) => licencePool(stored.value)),
  );
  return {
    dryRun: true as const,
    old: Object.fromEntries(
      told.map((plan) => [plan.value.id, pickDifferent(writeLicence(plan.stored.value), writeLicence(plan.value))]),
    ),
    new: Object.fromEntries(
      told.map((plan) => [plan.value.id, pickDifferent(writeLicence(plan.value), writeLicence(plan.stored.value))]),
    ),
    effect: { ...counted, licences: told.map(({ value }) => value.id), licencesInAll: changed.length },
  };
}

function isChange({ stored, value }: Plan): boolean {
  return !isDeepStrictEqual(stored.value, value);
}

type LicenceOutcome = BulkReportJson['licences'][number];

/** Each by itself. After a failure of the store no more is begun. */
async function changeEach(call: Call<LicenceNeeds>, plans: readonly Plan[]): Promise<BulkReportJson> {
  const changes = plans.filter(isChange);
  const begun = await call.record(...changes.map((plan) => describeChange(describedLicence(plan.value), plan)));
  const outcomes = new Map<string, LicenceOutcome>();
  let isDown = false;
  await forEachAtOnce(changes, async (plan) => {
    const { id } = plan.value;
    const outcome = isDown ? notBegun(id) : await changeOne(call, plan);
    isDown ||= outcome.outcome === 'unknown';
    outcomes.set(id, outcome);
  });
  const keysOf = (...which: readonly LicenceOutcome['outcome'][]) =>
    new Set([...outcomes.values()].filter(({ outcome }) => which.includes(outcome)).map(({ id }) => id));
  begun.leave(keysOf('unknown'));
  await begun.drop(keysOf('failed', 'unchanged'));
  const licences = plans.map(({ value: { id } }) => outcomes.get(id) ?? ({ id, outcome: 'unchanged' } as const));
  const count = (which: LicenceOutcome['outcome']) => licences.filter(({ outcome }) => outcome === which).length;
  return {
    ...{ changed: count('changed'), unchanged: count('unchanged') },
    ...{ failed: count('failed'), unknown: count('unknown'), licences },
  };
}

const UNREACHABLE = 'The store failed before this licence was written. Send the request again.';

function notBegun(id: string): LicenceOutcome {
  return { id, outcome: 'failed', code: 'store_unavailable', detail: UNREACHABLE };
}

/** As PATCH does, at the version whose effect was told. It is recorded already. */
async function changeOne(call: Call<LicenceNeeds>, { stored, value: body }: Plan): Promise<LicenceOutcome> {
  const { id } = body;
  const record = () => Promise.resolve({ drop: () => Promise.resolve(), leave: () => undefined });
  try {
    await replaceLicence({ ...call, body, record, expected: [writeETag(stored.version)] });
    return { id, outcome: 'changed' };
  } catch (error) {
    if (error instanceof RequestError)
      return { id, outcome: 'failed', code: error.code, detail: error.detail ?? PROBLEMS[error.code].title };
    if (!(error instanceof StoreUnavailableError)) throw error;
    return { id, outcome: 'unknown', code: 'store_unavailable', detail: 'It may have been changed. Look at it.' };
  }
}
