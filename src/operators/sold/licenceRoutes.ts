import * as z from 'zod';
import { EMULATOR_CLOUD } from '../../contract/clouds.ts';
import { licenceId } from '../../contract/operators/fields.ts';
import { OPTIONAL_MEMBER_NAMES, licenceEntry, writeLicence } from '../../contract/operators/licence.ts';
import { deletedSchema, licenceDetail, licenceItem } from '../../contract/operators/records.ts';
import { effectiveStatus } from '../../catalogue/licenceFilter.ts';
import { planCatalogue } from '../../catalogue/file/planCatalogue.ts';
import type { CataloguePlan } from '../../catalogue/file/cataloguePlan.ts';
import { grantLicence } from '../../catalogue/offers/grantLicence.ts';
import { readAroundLicence } from '../../catalogue/file/readStored.ts';
import type { Licence } from '../../catalogue/licence.ts';
import { ANY, isSameName } from '../../contract/planName.ts';
import { countOverage } from '../../catalogue/entitlement.ts';
import { licencePool, readPoolUsage } from '../../seats/poolUsage.ts';
import type { PoolUsage } from '../../seats/poolUsage.ts';
import type { Recorded, Written } from '../../contract/stored.ts';
import { deleteLicence as removeLicence, writeLicence as storeLicence } from '../../catalogue/writeLicence.ts';
import type { LicenceWritten } from '../../catalogue/writeLicence.ts';
import { RequestError } from '../../http/requestError.ts';
import { NO_BODY, jsonBody, parseShape } from '../edge/bodies.ts';
import { countVms, findRemoved, tellRemoved } from '../writes/effects.ts';
import type { WithDefaults } from '../writes/effects.ts';
import { writeUsage } from '../vms/pools.ts';
import { narrowVersion, writeRecord } from '../edge/versions.ts';
import { applyMergePatch, mergePatchBody } from '../writes/mergePatch.ts';
import { answerTrial, checkPlanned, deleteOne, writeOne } from '../writes/oneRow.ts';
import type { Described } from '../writes/oneRow.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { Call, OperatorRoute } from '../edge/route.ts';
import type { Catalogue, CatalogueStore } from '../../catalogue/store.ts';
import type { ActivationStore } from '../../seats/store.ts';

export interface LicenceNeeds {
  readonly store: CatalogueStore & Pick<ActivationStore, 'countSeated'>;
  readonly catalogue: Pick<Catalogue, 'readOffers'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const defineRoute = routesThatNeed<LicenceNeeds>();

const idParams = z.strictObject({ id: licenceId.describe('The licence’s own id, without regard to case.') });

const readLicence = defineRoute({
  ...{ name: 'readLicence', role: 'Reader' },
  summary: 'One licence, what it is worth now, and how many of its seats are taken',
  ...{ params: idParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: licenceDetail },
  codes: ['not_found'],
  handle: async ({ needs, params, change }) => {
    const stored = await findLicence(needs, params.id);
    const { value, version } = stored;
    const [usage, offers] = await Promise.all([readUsage(needs, value, change.at), needs.catalogue.readOffers()]);
    const effective = effectiveStatus(value, { now: change.at, offers });
    return { value: { ...writeItem(stored), effective, usage: writeUsage(usage) }, version };
  },
});

const putLicence = defineRoute({
  ...{ name: 'putLicence', role: 'Operator' },
  summary: 'Creates a licence or, with If-Match, replaces it',
  ...{ params: idParams, query: NOTHING, body: jsonBody(licenceEntry), ifMatch: true, creates: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: licenceItem },
  codes: ['name_taken', 'changed_meanwhile', 'precondition_required'],
  handle: async (call) => {
    if (!isSameName(call.body.id, call.params.id)) {
      throw new RequestError('request_malformed', '"id" in the body is not the one of the address.');
    }
    return replaceLicence(call);
  },
});

const patchLicence = defineRoute({
  ...{ name: 'patchLicence', role: 'Operator' },
  summary: 'Changes single members of a licence (RFC 7396): what is left out stays, null removes',
  ...{ params: idParams, query: NOTHING, body: mergePatchBody, ifMatch: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: licenceItem },
  codes: ['not_found', 'name_taken', 'changed_meanwhile', 'precondition_required'],
  handle: async (call) => {
    const { value, version } = await findLicence(call.needs, call.params.id);
    const body = applyToLicence(value, call.body);
    return replaceLicence({ ...call, body, expected: narrowVersion(call.expected, version) });
  },
});

const deleteLicence = defineRoute({
  ...{ name: 'deleteLicence', role: 'Operator' },
  summary:
    'Deletes a licence: its VMs get subscription_not_licensed, which ends no grace; leases count among the seats until they end',
  ...{ params: idParams, query: NOTHING, body: NO_BODY, ifMatch: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: deletedSchema },
  codes: ['not_found', 'changed_meanwhile'],
  handle: async (call) => {
    const stored = await findLicence(call.needs, call.params.id);
    if (call.dryRun) return tryLicence(call, stored, null);
    return deleteOne(stored, call, describedLicence(stored.value), () =>
      removeLicence(call.needs.store, stored, call.change.at),
    );
  },
});

export const LICENCE_ROUTES: readonly OperatorRoute<LicenceNeeds>[] = [
  readLicence,
  putLicence,
  patchLicence,
  deleteLicence,
];

type LicenceCall = Pick<
  Call<LicenceNeeds, unknown, unknown, Licence>,
  'needs' | 'body' | 'dryRun' | 'expected' | 'change' | 'record'
>;

export async function replaceLicence(call: LicenceCall) {
  const { store } = call.needs;
  const { licences } = await planPut(call);
  const [upsert] = licences;
  if (call.dryRun && upsert !== undefined) return tryLicence(call, upsert.stored, upsert.value);
  const { row, isNew } = await writeOne(licences, call, describedLicence(call.body), async (value) => {
    const stored = upsert?.stored ?? null;
    if (stored !== null) return checkClaimed(await storeLicence(store, { value, stored }, call.change));
    const granted = await grantLicence(store, value, call.change);
    if (granted.outcome !== 'unfounded') return checkClaimed(granted);
    // Its offer went, or changed, since it was judged: the answer is as if it came later.
    await planPut(call);
    return { outcome: 'changed' };
  });
  return { ...answerWith(row, tellRemoved(withDefaults, upsert?.stored ?? null, row.value)), isNew };
}

/** @throws {RequestError} `request_malformed` where that is no licence, or another one */
export function applyToLicence(licence: Licence, patch: Readonly<Record<string, unknown>>): Licence {
  const { cloud, subscription, subscriptions, ...rest } = writeLicence(licence);
  // The one subscription that it has may be given in two ways: the patch says in which.
  const list = subscriptions ?? [{ cloud, subscription, until: null }];
  const scope = 'subscriptions' in patch ? { subscriptions: list } : { cloud, subscription, subscriptions };
  const target = JSON.parse(JSON.stringify({ ...rest, ...scope })) as unknown;
  const patched = parseShape(licenceEntry, applyMergePatch(target, patch), `The licence ${licence.id} as it would be`);
  if (patched.id === licence.id) return patched;
  throw new RequestError('request_malformed', 'The id of a licence cannot be changed. Remove "id" from the body.');
}

/** @throws {RequestError} `name_taken` or `request_malformed` */
async function planPut({
  needs: { store },
  body,
  change,
}: Pick<Call<LicenceNeeds, unknown, unknown, Licence>, 'needs' | 'body' | 'change'>): Promise<CataloguePlan> {
  const file = { offers: [], licences: [body] };
  return checkPlanned(planCatalogue(await readAroundLicence(store, body, change.at), file));
}

function readUsage({ store }: LicenceNeeds, licence: Licence, at: number): Promise<PoolUsage> {
  const { seats, overage } = licence;
  return readPoolUsage(store, licencePool(licence), { seats, overage: countOverage(overage, seats) }, at);
}

/** @throws {RequestError} `not_found` */
export async function findLicence({ store }: LicenceNeeds, id: string): Promise<Recorded<Licence>> {
  const stored = await store.readLicence(id);
  if (stored === null) throw new RequestError('not_found', 'There is no licence with this id.');
  return stored;
}

/** @throws {RequestError} `name_taken` or `changed_meanwhile` */
function checkClaimed(written: LicenceWritten): Written {
  if (written.outcome === 'held') {
    const { cloud, subscriptionId } = written.key;
    const message = `The licence ${written.by} has the subscription ${subscriptionId} (${cloud}). Remove it there, or give it an end there to move it.`;
    throw new RequestError('name_taken', message, null, [{ field: 'subscriptions', message }]);
  }
  if (written.outcome !== 'busy') return written;
  throw new RequestError(
    'changed_meanwhile',
    'Another licence is being written for one of the subscriptions. Try again in three minutes.',
  );
}

async function tryLicence(
  call: Pick<LicenceCall, 'needs' | 'expected'>,
  stored: Recorded<Licence> | null,
  value: Licence | null,
) {
  const old = stored?.value ?? null;
  const counted = old === null ? { vms: 0 } : await countVms(call.needs, [licencePool(old)]);
  return answerTrial(stored, call, {
    old: old === null ? null : writeLicence(old),
    new: value === null ? null : writeLicence(value),
    effect: { ...counted, licences: old === null ? [] : [old.id] },
    affected: [{ id: (old ?? value)?.id ?? '', version: stored?.version ?? null }],
    ...(value !== null && { removes: findRemoved(withDefaults, stored, value) }),
  });
}

function withDefaults(value: Licence): WithDefaults {
  const members = writeLicence(value);
  const { id, offer, seats } = members;
  const entry = { id, offer, seats, cloud: EMULATOR_CLOUD.name, subscriptions: ANY };
  const licence = writeLicence(licenceEntry.parse(entry));
  return { members, defaults: Object.fromEntries(OPTIONAL_MEMBER_NAMES.map((name) => [name, licence[name]])) };
}

/** In the record of its change. */
export function describedLicence({ id }: Licence): Described<Licence> {
  return { kind: 'licence', key: id, show: writeLicence };
}

function writeItem(stored: Recorded<Licence>): z.input<typeof licenceItem> {
  return { licence: writeLicence(stored.value), ...writeRecord(stored) };
}

function answerWith(stored: Recorded<Licence>, told: Pick<z.input<typeof licenceItem>, 'removed'>) {
  return { value: { ...writeItem(stored), ...told }, version: stored.version };
}
