import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { cloud, must, uuid } from '../../contract/operators/fields.ts';
import type { OperatorEndpoint } from '../../contract/endpoints.ts';
import { formatInstant, formatNullable } from '../../contract/instants.ts';
import type { Activation } from '../../seats/activation.ts';
import { blockKnownVm, blockVm, clearKeyChanges, freeSeat, unblockVm } from '../../seats/changeActivation.ts';
import { parseLicenceId, poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import type { SubscriptionKey } from '../../catalogue/holding.ts';
import { readNewest } from '../../seats/moves.ts';
import { readPoolUsage } from '../../seats/poolUsage.ts';
import type { PageRequest, ReadablePage, Stored } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { NO_BODY, jsonBody } from '../edge/bodies.ts';
import { activationSchema } from '../../contract/operators/activation.ts';
import type { ActivationJson } from '../../contract/operators/activation.ts';
import { pageOf, usageSchema } from '../../contract/operators/records.ts';
import { pageQuery, readInClouds, readPageQuery, writePage } from '../edge/pages.ts';
import { findExpected } from './expectedSubscription.ts';
import { findPool, parsePool, poolsOf, writeUsage } from './pools.ts';
import { searchLabels } from './searchLabels.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { Call, OperatorRoute } from '../edge/route.ts';
import { reportTrial } from '../writes/oneRow.ts';
import { isExpected, writeETag } from '../edge/versions.ts';
import type { ActivationStore, PooledActivation, SeatStore } from '../../seats/store.ts';
import type { ListDecisions } from '../../views/listDecisions.ts';
import type { PoolNeeds } from './pools.ts';
import type { Changed } from '../edge/recordChanges.ts';

export interface ActivationNeeds {
  readonly store: SeatStore & ActivationStore & PoolNeeds['store'];
  readonly listDecisions: ListDecisions;
  readonly acceptedClouds: readonly string[];
}

const defineRoute = routesThatNeed<ActivationNeeds>();

const vmId = z.guid().toLowerCase();
const licence = z.string().min(1).max(700);

const MAX_LABEL = 200;
const LABEL = must(`be a text of 1 to ${MAX_LABEL} characters`);

const activationParams = z.strictObject({
  pool: z.string().min(1).max(512).describe('The pool of seats, as `pool` of the activation has it.'),
  vm: vmId.describe('The vmId.'),
});

const listQuery = z.strictObject({
  licence: licence.optional().describe('The VMs of one licence; without cloud and subscription.'),
  pool: z.string().min(1).max(512).optional().describe('The VMs of one pool of seats, by its name; alone.'),
  cloud: cloud.optional().describe('With it: subscription.'),
  subscription: uuid.optional().describe('The VMs of one subscription; without a cloud, in every accepted one.'),
  vmId: vmId
    .optional()
    .describe(
      'One VM. Alone: the first page has the pools that its decisions name, the next ones look through all others.',
    ),
  label: z
    .string(LABEL)
    .min(1, LABEL)
    .max(MAX_LABEL, LABEL)
    .optional()
    .describe(
      'Beginnings of words of the label, without regard to case; within a licence, pool or subscription. A page ends after 5,000 VMs, though it may be empty then.',
    ),
  ...pageQuery,
});

const listActivations = defineRoute({
  ...{ name: 'listActivations', role: 'Reader' },
  summary: 'The VMs of a licence or of a subscription, or one VM wherever it is',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(activationSchema) },
  codes: ['not_found'],
  handle: async ({ needs, query, log }) => {
    const page = await readPage(needs, query, readPageQuery(query));
    return { value: writePage(page, ({ pool, ...stored }) => writeItem(pool, stored), { log, cloud: query.cloud }) };
  },
});

const readSeats = defineRoute({
  ...{ name: 'readSeats', role: 'Reader' },
  summary: 'How many seats of a licence are taken, one in marketplace mode (mp:…) too, and by how many it is over',
  ...{ params: NOTHING, query: z.strictObject({ licence }), body: NO_BODY },
  answer: { mediaType: 'application/json', schema: usageSchema },
  codes: ['not_found'],
  handle: async ({ needs, query, change: { at } }) => {
    const { pool, ...limit } = await findPool(needs, query.licence);
    return { value: writeUsage(await readPoolUsage(needs.store, pool, limit, at)) };
  },
});

const readActivation = defineRoute({
  ...{ name: 'readActivation', role: 'Reader' },
  summary: 'One VM under one licence',
  ...{ params: activationParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: activationSchema },
  codes: ['not_found'],
  handle: ({ needs, params }) => answerWith(needs, parsePool(params.pool), params.vm),
});

type ChangeActivation = typeof unblockVm;

/** A change of one activation, which has nothing but its address. */
function changeRoute(
  name: OperatorEndpoint,
  verb: string,
  summary: string,
  change: ChangeActivation,
): OperatorRoute<ActivationNeeds> {
  return defineRoute({
    ...{ name, role: 'Operator', summary },
    ...{ params: activationParams, query: NOTHING, body: NO_BODY, ifMatch: true, dryRun: 'effect' },
    answer: { mediaType: 'application/json', schema: activationSchema },
    codes: ['not_found', 'changed_meanwhile'],
    handle: async (call) => {
      const { vm } = call.params;
      const pool = parsePool(call.params.pool);
      if (call.dryRun) return tryChange(call, verb, { pool, vm, licenceId: null });
      return applyChange(call, verb, change, { pool, vm, of: null });
    },
  });
}

const blockNamedVm = defineRoute({
  ...{ name: 'blockVm', role: 'Operator' },
  summary: 'Blocks a VM under a licence, also one that never came',
  ...{ params: NOTHING, query: NOTHING, body: jsonBody(z.strictObject({ licence, vmId })), dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: activationSchema },
  codes: ['not_found', 'changed_meanwhile'],
  handle: async (call) => {
    const { vmId: vm } = call.body;
    const named = await findPool(call.needs, call.body.licence);
    const { pool, licenceId } = named;
    if (call.dryRun) return tryChange(call, 'block', { pool, vm, licenceId });
    // The address, which the log has of every write, names no VM here.
    call.log('info', 'operator_blocks_vm', { licence: licenceId, vmId: vm, operator: call.change.by });
    const of = await findExpected(call.needs, named, vm);
    const block: ChangeActivation = (store, ofPool, id, options) =>
      blockVm(store, ofPool, id, { ...options, licenceId, ...of });
    return applyChange(call, 'block', block, { pool, vm, of });
  },
});

export const ACTIVATION_ROUTES: readonly OperatorRoute<ActivationNeeds>[] = [
  listActivations,
  readSeats,
  readActivation,
  changeRoute('blockActivation', 'block', 'Blocks a VM: no new licence from now on, on all instances', blockKnownVm),
  changeRoute('unblockActivation', 'unblock', 'Lets a blocked VM in again', unblockVm),
  changeRoute(
    'releaseSeat',
    'release',
    'Frees a VM’s seat at once. The licence given out lives to its exp: with overage 0 the VM that takes the seat makes two on one seat',
    freeSeat,
  ),
  changeRoute(
    'releaseKey',
    'release-key',
    'Forgets a VM’s changes of key, so that it may change it again',
    clearKeyChanges,
  ),
  blockNamedVm,
];

/** @throws {RequestError} */
async function readPage(
  needs: ActivationNeeds,
  query: z.output<typeof listQuery>,
  page: PageRequest,
): Promise<ReadablePage<PooledActivation>> {
  const scope = checkScope(query);
  const { label } = query;
  if (label === undefined) return readScope(needs, query, scope, page);
  return searchLabels((asked) => readScope(needs, query, scope, asked), label, page);
}

async function readScope(
  needs: ActivationNeeds,
  query: z.output<typeof listQuery>,
  scope: ReturnType<typeof checkScope>,
  page: PageRequest,
): Promise<ReadablePage<PooledActivation>> {
  const { vmId: vm } = query;
  if (scope === 'pool') return needs.store.pageActivations({ pool: parsePool(query.pool ?? ''), vmId: vm }, page);
  if (scope === 'licence') {
    const { pool } = await findPool(needs, query.licence ?? '');
    return needs.store.pageActivations({ pool, vmId: vm }, page);
  }
  if (scope === 'subscription') {
    const clouds = query.cloud === undefined ? needs.acceptedClouds : [query.cloud];
    return readInClouds(clouds, page, async (name, asked) => {
      const of = { cloud: name, subscriptionId: query.subscription ?? '' };
      return needs.store.pageActivations({ ...of, pools: await poolsOf(needs, of), vmId: vm }, asked);
    });
  }
  return findVm(needs, vm ?? '', page);
}

/** Where the search through all pools begins, after the pools that decisions name. */
const ALL_POOLS = 'all';

/**
 * One VM. The first page has it in the pools that its decisions name, which takes a few calls to the store; the next ones
 * look through all others.
 */
async function findVm(
  needs: ActivationNeeds,
  vm: string,
  { size, continuation }: PageRequest,
): Promise<ReadablePage<PooledActivation>> {
  const known = await findByDecisions(needs, vm);
  if (continuation === undefined && known.length > 0) return { items: known, next: ALL_POOLS, unreadable: [] };
  const rest = continuation === undefined || continuation === ALL_POOLS ? {} : { continuation };
  const page = await needs.store.pageActivations({ vmId: vm }, { size, ...rest });
  const names = new Set(known.map(({ pool }) => poolName(pool)));
  return { ...page, items: page.items.filter(({ pool }) => !names.has(poolName(pool))) };
}

/** Which of them is asked for: each is enough by itself. */
function checkScope({ licence: id, pool, cloud: where, subscription, vmId: vm, label }: z.output<typeof listQuery>) {
  if (where !== undefined && subscription === undefined) {
    throw new RequestError('request_malformed', 'cloud goes with subscription: name the subscription too.');
  }
  const scopes = [
    id === undefined ? null : ('licence' as const),
    pool === undefined ? null : ('pool' as const),
    subscription === undefined ? null : ('subscription' as const),
  ].filter((scope) => scope !== null);
  if (scopes.length > 1) {
    const detail = 'A licence or pool has VMs of all its subscriptions: name it alone, or the subscription.';
    throw new RequestError('request_malformed', detail);
  }
  if (scopes[0] === undefined && label !== undefined) {
    const detail = 'Labels are searched within a licence, a pool or a subscription: name one of them.';
    throw new RequestError('request_malformed', detail);
  }
  if (scopes[0] === undefined && vm === undefined) {
    throw new RequestError('request_malformed', 'Name a licence, a pool, a subscription, or a vmId.');
  }
  return scopes[0] ?? 'vm';
}

/** Of one VM that are looked at: the newest ones name the pools that it is in. */
const MAX_DECISIONS = 100;

/** A VM in the pools that its decisions name. */
async function findByDecisions(needs: ActivationNeeds, vm: string): Promise<readonly PooledActivation[]> {
  const lists = await Promise.all(
    needs.acceptedClouds.map((name) => needs.listDecisions({ cloud: name, vmId: vm }, { size: MAX_DECISIONS })),
  );
  const ids = new Set(lists.flatMap(({ items }) => items.map(({ licenceId }) => licenceId)));
  const pools = [...ids].map((id) => (id === null ? null : parseLicenceId(id))).filter((pool) => pool !== null);
  const rows = await Promise.all(
    pools.map(async (pool) => {
      const stored = await needs.store.readActivation(pool, vm);
      return stored === null ? null : { ...stored, pool };
    }),
  );
  return rows.filter((row) => row !== null);
}

async function applyChange(
  { needs, expected, record, change: { at } }: Call<ActivationNeeds>,
  verb: string,
  change: ChangeActivation,
  { pool, vm, of }: Addressed,
) {
  const isRightVersion = (version: string) => isExpected(expected, version);
  const changing = await describeActivation(needs, verb, { pool, vm, of });
  if (changing !== null) await record(changing);
  const changed = await change(needs.store, pool, vm, { isRightVersion, at });
  if (changed.outcome === 'absent') throw absent();
  if (changed.outcome === 'changed') throw new RequestError('changed_meanwhile');
  return answerWith(needs, changed.pool, vm);
}

/** What each verb does to what answers have of an activation. */
const CHANGES: Readonly<Record<string, Partial<ActivationJson>>> = {
  block: { blocked: true },
  unblock: { blocked: false },
  release: { seat: null, overSince: null },
  'release-key': { keyChanges: [] },
};

interface Addressed {
  readonly pool: SeatPool;
  readonly vm: string;
  /** Where a VM is expected that may not have come yet; null where it must have. */
  readonly of: SubscriptionKey | null;
}

/** The record of a change; null where nothing is to be changed, or where it will be refused. */
async function describeActivation(
  { store }: ActivationNeeds,
  verb: string,
  { pool, vm, of }: Addressed,
): Promise<Changed | null> {
  const row = await store.readActivation(pool, vm);
  const place = row === null || verb === 'release' ? { pool, row } : await readNewest(store, { pool, row });
  if (place === 'changed') throw new RequestError('changed_meanwhile');
  const kind = verb.endsWith('block') ? 'block' : 'activation';
  const named = { kind, key: `${poolName(place.pool)}/${vm}` } as const;
  const changed = CHANGES[verb] ?? {};
  if (place.row === null) return of === null ? null : { ...named, of, old: null, new: changed, version: null };
  const present = writeItem(place.pool, place.row);
  const old = Object.fromEntries(Object.keys(changed).map((name) => [name, present[name as keyof typeof present]]));
  if (isDeepStrictEqual(old, changed)) return null;
  const { cloud, subscriptionId } = place.row.value;
  return { ...named, of: { cloud, subscriptionId }, old, new: changed, version: place.row.version };
}

interface Named {
  readonly pool: SeatPool;
  readonly vm: string;
  /** Of a VM that may not have come yet; null where it must have. */
  readonly licenceId: string | null;
}

async function tryChange(call: Call<ActivationNeeds>, verb: string, { pool, vm, licenceId }: Named) {
  const stored = await call.needs.store.readActivation(pool, vm);
  if (stored === null && licenceId === null) throw absent();
  if (stored !== null && !isExpected(call.expected, stored.version)) throw new RequestError('changed_meanwhile');
  const old = stored === null ? null : { ...writeItem(pool, stored) };
  const isRunning = stored !== null && stored.value.graceUntil > call.change.at;
  const licences = [stored?.value.licenceId ?? licenceId ?? ''];
  const changed = { ...(old ?? { vmId: vm, licence: licenceId }), ...CHANGES[verb] };
  const effect = { vms: isRunning ? 1 : 0, licences };
  const affected = [{ id: `${poolName(pool)}/${vm}`, version: stored?.version ?? null }];
  return { value: reportTrial({ old, new: changed, effect, affected }) };
}

async function answerWith({ store }: ActivationNeeds, pool: SeatPool, vm: string) {
  const stored = await store.readActivation(pool, vm);
  if (stored === null) throw absent();
  return { value: writeItem(pool, stored), version: stored.version };
}

function absent(): RequestError {
  return new RequestError('not_found', 'This VM never had a licence here.');
}

export function writeItem(pool: SeatPool, { value, version }: Stored<Activation>): ActivationJson {
  const { vmId: vm, blocked, seat, jkt, keyChanges, leaseEnd, graceUntil, firstSeen, lastSeen } = value;
  const { region, sku, client, label, overSince, movedTo } = value;
  return {
    ...{ id: `${poolName(pool)}/${vm}`, pool: poolName(pool), vmId: vm, licence: value.licenceId },
    ...{ cloud: value.cloud, subscription: value.subscriptionId, offer: value.offer, blocked, movedTo },
    seat: seat.kind === 'numbered' ? seat.number : seat.kind === 'uncounted' ? 'uncounted' : null,
    overSince: formatNullable(overSince),
    ...{ leaseEnd: formatInstant(leaseEnd), graceUntil: formatInstant(graceUntil), key: jkt },
    ...{ region, sku, client, label },
    keyChanges: keyChanges.map(({ from, at, until }) => ({ from, at: formatInstant(at), until: formatInstant(until) })),
    ...{ firstSeen: formatInstant(firstSeen), lastSeen: formatInstant(lastSeen), etag: writeETag(version) },
  };
}
