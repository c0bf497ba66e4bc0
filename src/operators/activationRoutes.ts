import * as z from 'zod';
import { formatInstant } from '../contract/instants.ts';
import type { Activation } from '../seats/activation.ts';
import { blockKnownVm, blockVm, clearKeyChanges, unblockVm } from '../seats/changeActivation.ts';
import type { SeatPool } from '../catalogue/entitlement.ts';
import { foldCase, formatPlanName } from '../contract/planName.ts';
import { readPoolUsage } from '../seats/poolUsage.ts';
import type { ActivationFilter } from '../seats/store.ts';
import type { Stored } from '../contract/stored.ts';
import type { Parts } from '../app/parts.ts';
import { RequestError } from '../http/requestError.ts';
import { NO_BODY, jsonBody } from './bodies.ts';
import { instantText, pageOf, usageSchema } from '../contract/operators/records.ts';
import { pageQuery, readPageQuery, writePage } from './pages.ts';
import { findPool, parseActivationId, writeActivationId } from './pools.ts';
import { NOTHING, defineRoute } from './route.ts';
import type { Call, OperatorRoute } from './route.ts';
import { subscriptionQuery } from './licenceRoutes.ts';
import { isExpected, writeETag } from './versions.ts';

const vmId = z.guid().toLowerCase();
const licence = z.string().min(1).max(700);

const item = z
  .strictObject({
    id: z.string().describe('Of the activation, for addresses.'),
    vmId: z.string(),
    licence: z
      .string()
      .describe('As the licence was called at the last issue, or when the VM was blocked before it came.'),
    mode: z.enum(['licensed', 'marketplace']),
    cloud: z.string(),
    subscription: z.string(),
    offer: z.string(),
    blocked: z.boolean(),
    seat: z.union([z.int().min(0), z.literal('uncounted')]).nullable(),
    leaseEnd: instantText,
    graceUntil: instantText.describe('Until then the VM’s software may run on its licences without the service.'),
    key: z.string().nullable().describe('Thumbprint (RFC 7638) of the key of the newest licence.'),
    keyChanges: z.array(z.strictObject({ from: z.string().nullable(), at: instantText, until: instantText })),
    region: z.string().nullable(),
    sku: z.string(),
    client: z.string().nullable(),
    label: z.string().nullable().describe('A name of the machine for people, the VM’s own word.'),
    firstSeen: instantText,
    lastSeen: instantText,
    etag: z.string(),
  })
  .meta({ id: 'Activation' });

const idParams = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,1024}$/, 'must be the id of an activation') });

const listQuery = z.strictObject({
  licence: licence.optional().describe('The VMs of one licence; without cloud and subscription.'),
  ...subscriptionQuery,
  vmId: vmId.optional().describe('One VM; alone it is a search through all licences.'),
  ...pageQuery,
});

const listActivations = defineRoute({
  ...{ name: 'listActivations', method: 'GET', path: '/activations', role: 'Reader' },
  summary: 'The VMs of a licence or of a subscription, or one VM wherever it is',
  ...{ params: NOTHING, query: listQuery, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(item) },
  codes: ['not_found'],
  handle: async ({ parts, query, log }) => {
    const page = await parts.store.pageActivations(await readFilter(parts, query), readPageQuery(query));
    return { value: writePage(page, ({ pool, ...stored }) => writeItem(pool, stored), log) };
  },
});

const readSeats = defineRoute({
  ...{ name: 'readSeats', method: 'GET', path: '/seats', role: 'Reader' },
  summary: 'How many seats of a licence are taken, one in marketplace mode (mp:…) too, and by how many it is over',
  ...{ params: NOTHING, query: z.strictObject({ licence }), body: NO_BODY },
  answer: { mediaType: 'application/json', schema: usageSchema },
  codes: ['not_found'],
  handle: async ({ parts, query, change: { at } }) => {
    const { pool, seats } = await findPool(parts, query.licence);
    return { value: await readPoolUsage(parts.store, pool, seats, at) };
  },
});

const readActivation = defineRoute({
  ...{ name: 'readActivation', method: 'GET', path: '/activations/{id}', role: 'Reader' },
  summary: 'One VM under one licence',
  ...{ params: idParams, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: item },
  codes: ['not_found'],
  handle: ({ parts, params }) => {
    const { pool, vmId: vm } = parseActivationId(params.id);
    return answerWith(parts, pool, vm);
  },
});

type ChangeActivation = typeof unblockVm;

/** A change of one activation, which has nothing but its address. */
function changeRoute(name: string, verb: string, summary: string, change: ChangeActivation): OperatorRoute {
  return defineRoute({
    ...{ name, method: 'POST', path: `/activations/{id}/${verb}`, role: 'Operator', summary },
    ...{ params: idParams, query: NOTHING, body: NO_BODY, ifMatch: true },
    answer: { mediaType: 'application/json', schema: item },
    codes: ['not_found', 'changed_meanwhile'],
    handle: async (call) => {
      const { pool, vmId: vm } = parseActivationId(call.params.id);
      return applyChange(call, change, pool, vm);
    },
  });
}

const blockNamedVm = defineRoute({
  ...{ name: 'blockVm', method: 'POST', path: '/blocks', role: 'Operator' },
  summary: 'Blocks a VM under a licence, also one that never came',
  ...{ params: NOTHING, query: NOTHING, body: jsonBody(z.strictObject({ licence, vmId })) },
  answer: { mediaType: 'application/json', schema: item },
  codes: ['not_found', 'changed_meanwhile'],
  handle: async (call) => {
    const { vmId: vm } = call.body;
    const { pool, licenceId } = await findPool(call.parts, call.body.licence);
    // The address, which the log has of every write, names no VM here.
    call.log('info', 'operator_blocks_vm', { licence: licenceId, vmId: vm, operator: call.change.by });
    const block: ChangeActivation = (store, ofPool, id, options) =>
      blockVm(store, ofPool, id, { ...options, licenceId });
    return applyChange(call, block, pool, vm);
  },
});

export const ACTIVATION_ROUTES: readonly OperatorRoute[] = [
  listActivations,
  readSeats,
  readActivation,
  changeRoute('blockActivation', 'block', 'Blocks a VM: no new licence from now on, on all instances', blockKnownVm),
  changeRoute('unblockActivation', 'unblock', 'Lets a blocked VM in again', unblockVm),
  changeRoute(
    'clearKeyChanges',
    'clear-key-changes',
    'Forgets a VM’s changes of key, so that it may change it again',
    clearKeyChanges,
  ),
  blockNamedVm,
];

async function readFilter(parts: Parts, query: z.output<typeof listQuery>): Promise<ActivationFilter> {
  const { licence: licenceId, cloud, subscription, vmId: vm } = query;
  if ((cloud === undefined) !== (subscription === undefined)) {
    throw new RequestError('request_malformed', 'cloud and subscription go together: name both or neither.');
  }
  if (licenceId !== undefined) {
    if (cloud !== undefined) {
      throw new RequestError(
        'request_malformed',
        'A licence is of one subscription: name it alone, or the subscription.',
      );
    }
    return { pool: (await findPool(parts, licenceId)).pool, vmId: vm };
  }
  if (cloud !== undefined && subscription !== undefined) return { cloud, subscriptionId: subscription, vmId: vm };
  if (vm !== undefined) return { vmId: vm };
  throw new RequestError('request_malformed', 'Name a licence, a cloud and a subscription, or a vmId.');
}

async function applyChange(
  { parts, expected, change: { at } }: Call<unknown, unknown, unknown>,
  change: ChangeActivation,
  pool: SeatPool,
  vm: string,
) {
  const isRightVersion = (version: string) => isExpected(expected, version);
  const { outcome } = await change(parts.store, pool, vm, { isRightVersion, at });
  if (outcome === 'absent') throw absent();
  if (outcome === 'changed') throw new RequestError('changed_meanwhile');
  return answerWith(parts, pool, vm);
}

async function answerWith({ store }: Parts, pool: SeatPool, vm: string) {
  const stored = await store.readActivation(pool, vm);
  if (stored === null) throw absent();
  return { value: writeItem(pool, stored), version: stored.version };
}

function absent(): RequestError {
  return new RequestError('not_found', 'This VM never had a licence here.');
}

export const activationSchema = item;

export function writeItem(pool: SeatPool, { value, version }: Stored<Activation>): z.input<typeof item> {
  const { vmId: vm, blocked, seat, jkt, keyChanges, leaseEnd, graceUntil, firstSeen, lastSeen } = value;
  const { region, sku, client, label } = value;
  return {
    ...{ id: writeActivationId(pool, vm), vmId: vm, licence: value.licenceId, mode: pool.mode, cloud: pool.cloud },
    ...{ subscription: pool.subscriptionId, offer: foldCase(formatPlanName(pool.plan)), blocked },
    seat: seat.kind === 'numbered' ? seat.number : seat.kind === 'uncounted' ? 'uncounted' : null,
    ...{ leaseEnd: formatInstant(leaseEnd), graceUntil: formatInstant(graceUntil), key: jkt },
    ...{ region, sku, client, label },
    keyChanges: keyChanges.map(({ from, at, until }) => ({ from, at: formatInstant(at), until: formatInstant(until) })),
    ...{ firstSeen: formatInstant(firstSeen), lastSeen: formatInstant(lastSeen), etag: writeETag(version) },
  };
}
