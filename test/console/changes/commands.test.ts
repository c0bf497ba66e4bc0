import { expect, test } from 'vitest';
import { licenceCommand, toMergePatch } from '../../../src/console/changes/licenceCommand.ts';
import { grantCommand, writeGrant } from '../../../src/console/changes/grant.ts';
import { planOfferChange } from '../../../src/console/changes/offerChange.ts';
import type { OfferAsk } from '../../../src/console/changes/offerChange.ts';
import { overrideCommand } from '../../../src/console/changes/overrideCommand.ts';
import type { OfferJson } from '../../../src/contract/operators/offer.ts';
import { planLicenceChange } from '../../../src/console/changes/licenceChange.ts';
import type { LicenceAsk } from '../../../src/console/changes/licenceChange.ts';
import type { LicenceJson } from '../../../src/contract/operators/licence.ts';
import type { LicenceDetailJson } from '../../../src/contract/operators/records.ts';
import { VM_VERBS, vmCommand } from '../../../src/console/changes/vmChange.ts';
import { writeCommand } from '../../../src/console/text/commandLine.ts';
import type { ActivationJson } from '../../../src/contract/operators/activation.ts';
import type { ChangeJson } from '../../../src/contract/operators/change.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { runIn } from '../../cli/documentFiles.ts';
import { operate, useStack } from '../../operators/useStack.ts';
import { readBySh } from '../support/readBySh.ts';

const stack = useStack();

const END = '2098-01-01T00:00:00Z';
const REASON = `It's "agreed" for $0 & more`;

const LICENCE = {
  ...{ id: 'commands', cloud: 'emulator', subscription: 'dddddddd-0000-4000-8000-000000000901' },
  ...{ offer: 'contoso/gateway/standard', seats: 5, skus: ['standard-2'], status: 'active' },
  ...{ validFrom: '2026-01-01T00:00:00Z', validUntil: '2099-01-01T00:00:00Z' },
  vmIds: ['11111111-0000-4000-8000-000000000901'],
};

const ASKS: readonly LicenceAsk[] = [
  { kind: 'seats', seats: 9 },
  { kind: 'seats', seats: 2 },
  { kind: 'seats', seats: 'unlimited' },
  { kind: 'end', validUntil: '2098-01-01T00:00:00Z' },
  { kind: 'end', validUntil: '2100-01-01T00:00:00Z' },
  { kind: 'end', validUntil: null },
  { kind: 'start', validFrom: '2097-01-01T00:00:00Z' },
  { kind: 'start', validFrom: null },
  { kind: 'suspend' },
  { kind: 'resume' },
  { kind: 'revoke' },
  { kind: 'delete' },
  { kind: 'addSku', sku: '' },
  { kind: 'addSku', sku: 'other, or "not"' },
  { kind: 'addVm', vmId: '11111111-0000-4000-8000-000000000902' },
  { kind: 'addSubscription', cloud: 'emulator', subscription: 'dddddddd-0000-4000-8000-000000000902' },
];

/** Runs the command as a shell gives it to the program. */
function runLine(line: string) {
  const { serviceUrl, operatorTokens } = stack();
  const env = { COUNTERSIGN_URL: serviceUrl, COUNTERSIGN_TOKEN: operatorTokens.Operator };
  const [{ words, stdin } = { words: [], stdin: '' }] = readBySh([line]);
  return runIn(import.meta.dirname, words, { env, stdin });
}

async function read(): Promise<LicenceDetailJson | null> {
  const { status, body } = await operate(stack(), 'GET /licences/commands');
  return status === 404 ? null : (body as unknown as LicenceDetailJson);
}

/** As it is at first, whatever came of it before. */
async function restore(change: Partial<LicenceJson>): Promise<LicenceDetailJson> {
  const before = await read();
  const headers = before === null ? {} : { 'If-Match': before.etag };
  const put = await operate(stack(), 'PUT /licences/commands', { body: { ...LICENCE, ...change }, headers });
  expect(put.status).toBeLessThan(300);
  const item = await read();
  if (item === null) throw new Error('The licence is there.');
  return item;
}

test.each(ASKS)('the command of %j does the same as the request of the console', async (ask) => {
  const first = ask.kind === 'resume' ? ({ status: 'suspended' } as const) : {};
  const item = await restore(first);
  const change = planLicenceChange(item.licence, ask);
  const headers = { 'If-Match': item.etag };
  const answer =
    change.patch === null
      ? await operate(stack(), 'DELETE /licences/commands', { headers })
      : await operate(stack(), 'PATCH /licences/commands', { headers, body: toMergePatch(change.patch) });
  expect([answer.status, answer.body['detail']]).toEqual([200, undefined]);
  const wanted = await read();
  expect(wanted?.licence).not.toEqual(item.licence);

  await restore(first);
  expect(await runLine(licenceCommand(item.licence, change, REASON))).toMatchObject({ code: 0 });
  expect((await read())?.licence).toEqual(wanted?.licence);
  expect((await readLastChange()).reason).toBe(REASON);
});

async function readLastChange(): Promise<ChangeJson> {
  const { body } = await operate(stack(), 'GET /changes');
  const [last] = body['items'] as ChangeJson[];
  if (last === undefined) throw new Error('There is a change.');
  return last;
}

const OFFER = 'contoso/gateway/commands';

/** An offer that is written anew each time. */
async function restoreOffer(change: object = {}): Promise<OfferJson> {
  const path = `/offers/${OFFER}`;
  const body = { offer: OFFER, mode: 'licensed', ...change };
  const before = await operate(stack(), `GET ${path}`);
  const headers = before.status === 404 ? {} : { 'If-Match': '*' };
  expect((await operate(stack(), `PUT ${path}`, { body, headers })).status).toBeLessThan(300);
  return (await operate(stack(), `GET ${path}`)).body['offer'] as OfferJson;
}

const OFFER_ASKS: readonly OfferAsk[] = [
  { kind: 'suspend' },
  { kind: 'resume' },
  { kind: 'delete' },
  { kind: 'set', patch: { skus: ['', 'a, "b"', 'right \u202Eot tfel'], withoutPlan: true } },
];

test.each(OFFER_ASKS)('the command of %j does the same to an offer as the request of the console', async (ask) => {
  const first = ask.kind === 'resume' ? { status: 'suspended' } : {};
  const change = planOfferChange(await restoreOffer(first), ask);
  const path = `/offers/${OFFER}`;
  const body = change.patch ?? undefined;
  await operate(stack(), `${body === undefined ? 'DELETE' : 'PATCH'} ${path}`, { body, headers: { 'If-Match': '*' } });
  const wanted = (await operate(stack(), `GET ${path}`)).body['offer'];
  await restoreOffer(first);
  expect(await runLine(change.command(REASON))).toMatchObject({ code: 0 });
  expect((await operate(stack(), `GET ${path}`)).body['offer']).toEqual(wanted);
  expect((await readLastChange()).reason).toBe(REASON);
});

test('the commands for a new licence and for terms of one subscription do what the console does', async () => {
  const subscription = 'dddddddd-0000-4000-8000-000000000903';
  const of = { cloud: 'emulator', subscription };
  for (const customer of ['', 'Fabrikam & "Sons"', 'none', 'Ev\u202Eil']) {
    const grant = { ...of, id: 'granted', offer: 'contoso/gateway/standard', seats: 7, validUntil: END, customer };
    expect((await operate(stack(), 'PUT /licences/granted', { body: writeGrant(grant) })).status).toBe(201);
    const { body: wanted } = await operate(stack(), 'GET /licences/granted');
    await operate(stack(), 'DELETE /licences/granted', { headers: { 'If-Match': '*' } });
    expect(await runLine(grantCommand(grant, REASON))).toMatchObject({ code: 0 });
    expect((await readLastChange()).reason).toBe(REASON);
    expect((await operate(stack(), 'GET /licences/granted')).body['licence']).toEqual(wanted['licence']);
    await operate(stack(), 'DELETE /licences/granted', { headers: { 'If-Match': '*' } });
  }
  await restoreOffer({ mode: 'marketplace', seats: 1 });
  const terms = { status: 'active', seats: 9, validUntil: END } as const;
  expect(await runLine(overrideCommand({ ...of, offer: OFFER }, terms, REASON))).toMatchObject({ code: 0 });
  const { body } = await operate(stack(), `GET /offers/${OFFER}/overrides/emulator/${subscription}`);
  expect(body['override']).toMatchObject(terms);
});

test('the commands of a VM do what the console does, each with its reason', async () => {
  const { serviceUrl, imdsUrl } = stack();
  const key = createKey();
  const booted = await boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: 'licensed', key });
  expect(booted.status).toBe(200);
  const find = async () => {
    const { body } = await operate(stack(), 'GET /activations?licence=http-standard');
    return (body['items'] as ActivationJson[])[0];
  };
  for (const verb of VM_VERBS) {
    const vm = await find();
    if (vm === undefined) throw new Error('The VM has come.');
    const line = writeCommand(vmCommand(vm, verb), [{ name: 'reason', value: `${REASON} ${verb}` }]);
    expect(await runLine(line)).toMatchObject({ code: 0 });
    if (verb !== 'release-key') expect((await readLastChange()).reason).toBe(`${REASON} ${verb}`);
  }
  expect(await find()).toMatchObject({ blocked: false, seat: null });
});
