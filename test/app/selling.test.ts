import { expect, test } from 'vitest';

import { claimIdOf, createCode } from '../../src/catalogue/claimCode.ts';
import type { ClaimCode } from '../../src/catalogue/claimCode.ts';
import { createKey, readPayload } from '../endToEnd/protocolClient.ts';
import type { Answer } from '../endToEnd/protocolClient.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import { deleteOffer } from '../support/putOffer.ts';

/** What vendors sell, as VMs meet it: one pool for many subscriptions, trials, claim codes, foreign plans, overrides. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
let ahead = 0;
const createScene = useScenes(() => ahead);

const [A, B, C] = [31, 32, 33].map((number) => `aaaaaaaa-0000-4000-8000-0000000000${number}`) as [
  string,
  string,
  string,
];
const SOLD = { offer: 'contoso/sold/pro', mode: 'licensed' };
const CHANGE = { by: 'test', at: 0 };

async function startScene(offers: readonly object[], licences: readonly object[] = []): Promise<Scene> {
  ahead = 0;
  return createScene({ catalogue: JSON.stringify({ offers, licences }) });
}

const licenceOf = (answer: Answer | undefined) =>
  readPayload(String(answer?.body['licence'])) as {
    readonly exp: number;
    readonly licence: Readonly<Record<string, unknown>>;
    readonly azure: Readonly<Record<string, unknown>>;
  };

const outcomeOf = ({ status, body }: Answer) => (status === 200 ? 'granted' : body['code']);

const on = (cloud: string, ...ids: readonly string[]) => ids.map((subscription) => ({ cloud, subscription }));

test('the seats of one licence are shared by its subscriptions', async () => {
  const shared = {
    id: 'shared',
    subscriptions: on('emulator', A, B),
    offer: SOLD.offer,
    seats: 3,
    class: 'development',
  };
  const scene = await startScene([SOLD], [shared]);
  const key = createKey();
  const boots = ['sold-a-1', 'sold-b-1', 'sold-a-2', 'sold-b-2'];
  const answers: Answer[] = [];
  for (const vm of boots) answers.push(await scene.boot(vm, { key }));
  expect(answers.map(outcomeOf)).toEqual(['granted', 'granted', 'granted', 'seats_exhausted']);
  expect(licenceOf(answers[1])).toMatchObject({
    licence: { id: 'shared' },
    azure: { subscriptionId: B },
  });
  expect(outcomeOf(await scene.boot('sold-c-1', { key }))).toBe('subscription_not_licensed');
});

test('one write suspends a licence for all its subscriptions', async () => {
  const shared = { id: 'shared', subscriptions: on('emulator', A, B), offer: SOLD.offer, seats: 9 };
  const scene = await startScene([SOLD], [shared]);
  const boot = async () => [await scene.boot('sold-a-1'), await scene.boot('sold-b-1')].map(outcomeOf);
  const stored = await scene.store.readLicence('shared');
  if (stored === null) throw new Error('The licence is missing.');
  await scene.store.writeLicence({ ...stored.value, status: 'suspended' }, stored.version, CHANGE);
  expect(await boot()).toEqual(['licence_suspended', 'licence_suspended']);
});

test('a trial begins with the first VM of a subscription, and is had once', async () => {
  const scene = await startScene([{ ...SOLD, trial: { days: 14, seats: 1 } }]);
  const key = createKey();
  const first = await scene.boot('sold-a-1', { key });
  const { licence, exp } = licenceOf(first);
  expect(licence['id']).toBe(`trial:emulator:${A}:contoso/sold/pro`);
  const { trials } = await scene.store.readHoldings({ cloud: 'emulator', subscriptionId: A });
  const end = trials[0]?.endsAt ?? 0;
  expect(outcomeOf(await scene.boot('sold-a-2'))).toBe('seats_exhausted');
  expect(outcomeOf(await scene.boot('sold-b-1'))).toBe('granted');
  ahead = 14 * DAY - 6 * 60 * MINUTE;
  const last = licenceOf(await scene.boot('sold-a-1', { key }));
  expect([last.exp > exp, last.exp * 1000 <= end, Number(last.licence['graceUntil']) * 1000 <= end]).toEqual([
    true,
    true,
    true,
  ]);
  ahead = 14 * DAY + MINUTE;
  const ended = await scene.boot('sold-a-1', { key });
  expect([outcomeOf(ended), readPayload(String(ended.body['denial']))['code']]).toEqual(['trial_ended', 'trial_ended']);
  // Whatever is deleted, there is no second one.
  await deleteOffer(scene.store, { publisher: 'contoso', product: 'sold', name: 'pro' });
  ahead += DAY;
  expect(outcomeOf(await scene.boot('sold-a-1', { key }))).toBe('plan_unknown');
});

test('of two first boots at once one begins the trial', async () => {
  const scene = await startScene([{ ...SOLD, trial: { days: 1, seats: 'unlimited' } }]);
  const boots = await Promise.all(['sold-a-1', 'sold-a-2'].map((vm) => scene.boot(vm)));
  expect(new Set(boots.map(outcomeOf))).toEqual(new Set(['granted']));
  const { items } = await scene.store.pageDecisions({ code: 'trial_started' }, { size: 10 });
  expect(items).toHaveLength(1);
});

async function createClaim({ store }: Scene, changed: Partial<ClaimCode> = {}): Promise<string> {
  const code = createCode();
  const facts = { licenceId: 'bought', uses: 1, used: [], until: null, note: '', createdBy: 'test', createdAt: 0 };
  await store.writeClaim({ ...facts, id: claimIdOf(code) ?? '', ...changed }, null);
  return code;
}

const BOUGHT = { id: 'bought', subscriptions: on('emulator', C), offer: SOLD.offer, seats: 9 };

test('a claim code attaches the subscription of the VM that brings it, as often as it has uses', async () => {
  const scene = await startScene([SOLD], [BOUGHT]);
  const claim = await createClaim(scene);
  const boot = (vm: string, code?: string) => scene.boot(vm, code === undefined ? {} : { change: { claim: code } });
  expect(outcomeOf(await boot('sold-a-1'))).toBe('subscription_not_licensed');
  const typed = claim.toLowerCase().replaceAll('-', ' ');
  expect(licenceOf(await boot('sold-a-1', typed)).licence['id']).toBe('bought');
  // Its other VMs need no code, and a wrong one does not matter any more.
  expect(outcomeOf(await boot('sold-a-2'))).toBe('granted');
  expect(outcomeOf(await boot('sold-a-2', 'wrong'))).toBe('granted');
  expect(outcomeOf(await boot('sold-b-1', claim))).toBe('claim_invalid');
  const licence = await scene.store.readLicence('bought');
  expect(licence?.change.by).toBe(`claim:${claimIdOf(claim) ?? ''}`);
  expect(licence?.value.subscriptions).toMatchObject([{ subscriptionId: C }, { subscriptionId: A }]);
});

test('a claim code is not used again after the operator took the subscription away', async () => {
  const scene = await startScene([SOLD], [BOUGHT]);
  const claim = await createClaim(scene, { uses: 2 });
  const boot = () => scene.boot('sold-a-1', { change: { claim } });
  expect(outcomeOf(await boot())).toBe('granted');
  const { body } = await scene.operate('GET /licences/bought');
  const own = { ...(body['licence'] as object), cloud: 'emulator', subscription: C, subscriptions: undefined };
  const put = await scene.operate('PUT /licences/bought', { body: own, headers: { 'If-Match': String(body['etag']) } });
  expect(put.status).toBe(200);
  expect(outcomeOf(await boot())).toBe('claim_invalid');
});

test('codes that are unknown, have ended or are for another offer are refused, and after ten wrong ones none is looked at', async () => {
  const other = { offer: 'contoso/other/pro', mode: 'licensed' };
  const elsewhere = { ...BOUGHT, id: 'elsewhere', offer: other.offer };
  const scene = await startScene([SOLD, other], [BOUGHT, elsewhere]);
  const codes = [
    createCode(),
    'x',
    await createClaim(scene, { until: 1 }),
    await createClaim(scene, { licenceId: 'elsewhere' }),
    await createClaim(scene, { licenceId: 'nobody' }),
  ];
  const boot = (vm: string, claim: string) => scene.boot(vm, { change: { claim } });
  for (const code of [...codes, ...codes]) expect(outcomeOf(await boot('sold-a-1', code))).toBe('claim_invalid');
  const good = await createClaim(scene);
  const limited = await boot('sold-a-1', good);
  expect([limited.status, outcomeOf(limited), Number(limited.headers.get('retry-after')) > 60]).toEqual([
    429,
    'rate_limited',
    true,
  ]);
  expect(scene.log().join('\n')).not.toContain(codes[0]);
  // Another subscription is not kept waiting.
  expect(outcomeOf(await boot('sold-b-1', good))).toBe('granted');
});

test('many VMs of many subscriptions with one code at once: it is used no more often than it may be', async () => {
  const scene = await startScene(
    [SOLD],
    [{ ...BOUGHT, subscriptions: on('emulator', 'aaaaaaaa-0000-4000-8000-000000000099') }],
  );
  const claim = await createClaim(scene, { uses: 2 });
  const vms = ['sold-a-1', 'sold-b-1', 'sold-c-1', 'sold-a-2', 'sold-b-2'];
  const again = async () => Promise.all(vms.map((vm) => scene.boot(vm, { change: { claim } })));
  const outcomes = [...(await again()), ...(await again())].map(outcomeOf);
  expect(new Set(outcomes).has('granted')).toBe(true);
  const { value } = (await scene.store.readClaim(claimIdOf(claim) ?? '')) ?? {};
  expect(value?.used.map(({ done }) => done)).toEqual([true, true]);
  const licence = await scene.store.readLicence('bought');
  expect(licence?.value.subscriptions).toHaveLength(3);
});

test('a VM with another publisher’s plan is licensed by its own word, and its token says which plan it runs', async () => {
  const open = { ...SOLD, withoutPlan: true, onForeignPlan: 'none' };
  const scene = await startScene([open], [{ ...BOUGHT, subscriptions: on('emulator', A) }]);
  const granted = await scene.boot('hardened', { change: { offer: 'contoso/sold/pro' } });
  expect(outcomeOf(granted)).toBe('granted');
  expect(outcomeOf(await scene.boot('hardened'))).toBe('plan_unknown');
});

test('several products on one VM have a licence each, and the claim of one changes nothing for another', async () => {
  const products = ['one', 'two'].map((name) => ({
    offer: `contoso/${name}/*`,
    mode: 'licensed',
    withoutPlan: true,
    onForeignPlan: 'none',
  }));
  const licences = products.map(({ offer }, index) => ({
    ...BOUGHT,
    id: `own-${index}`,
    offer,
    subscriptions: on('emulator', A),
  }));
  const scene = await startScene(products, licences);
  const boot = async (offer: string) =>
    licenceOf(await scene.boot('hardened', { key: createKey(), change: { offer } })).licence['id'];
  expect([await boot('contoso/one/pro'), await boot('contoso/two/pro'), await boot('contoso/one/pro')]).toEqual([
    'own-0',
    'own-1',
    'own-0',
  ]);
});

test('in marketplace mode an override holds for its subscription alone', async () => {
  const metered = { offer: 'contoso/metered/pro', mode: 'marketplace', seats: 5, features: { tier: 'list' } };
  const scene = await startScene([metered]);
  const key = { cloud: 'emulator', subscriptionId: A, plan: { publisher: 'contoso', product: 'metered', name: 'pro' } };
  const override = {
    status: 'active',
    seats: 1,
    overage: null,
    validUntil: null,
    features: { tier: 'private' },
    note: '',
  } as const;
  await scene.store.writeOverride({ ...key, override }, null, CHANGE);
  expect(licenceOf(await scene.boot('metered-a')).licence['features']).toEqual({ tier: 'private' });
  expect(licenceOf(await scene.boot('metered-b')).licence['features']).toEqual({ tier: 'list' });
  await scene.store.writeOverride(
    { ...key, override: { ...override, status: 'suspended' } },
    (await scene.store.readOverride(key))?.version ?? null,
    CHANGE,
  );
  ahead += MINUTE;
  expect(outcomeOf(await scene.boot('metered-a'))).toBe('licence_suspended');
  expect(outcomeOf(await scene.boot('metered-b'))).toBe('granted');
});

/** Changes the subscriptions of a licence as operators do. */
async function putSubscriptions(scene: Scene, id: string, subscriptions: readonly object[]): Promise<Answer> {
  const { body } = await scene.operate(`GET /licences/${id}`);
  const own = { ...(body['licence'] as object), cloud: undefined, subscription: undefined };
  const headers = { 'If-Match': String(body['etag']) };
  return scene.operate(`PUT /licences/${id}`, { body: { ...own, subscriptions }, headers });
}

const untilLater = (milliseconds: number, scene: Scene) => new Date(scene.now() + milliseconds).toISOString();

test('a subscription moves with an overlap: VMs with a seat renew in the old pool until its end, new ones are in the new pool', async () => {
  const [old, young] = ['old', 'new'].map((id) => ({
    ...BOUGHT,
    id,
    subscriptions: on('emulator', id === 'old' ? A : C),
  }));
  const scene = await startScene([SOLD], [old as object, young as object]);
  const [first, second] = [createKey(), createKey()];
  const licenceFor = async (vm: string, key = first) => licenceOf(await scene.boot(vm, { key })).licence['id'];
  expect(await licenceFor('sold-a-1')).toBe('old');
  ahead += 10 * MINUTE;
  const leaving = { cloud: 'emulator', subscription: A, until: untilLater(60 * MINUTE, scene) };
  // Not before it has an end there.
  expect((await putSubscriptions(scene, 'new', on('emulator', A, C))).status).toBe(409);
  expect((await putSubscriptions(scene, 'old', [leaving])).status).toBe(200);
  expect((await putSubscriptions(scene, 'new', on('emulator', A, C))).status).toBe(200);
  ahead += MINUTE;
  expect([await licenceFor('sold-a-1'), await licenceFor('sold-a-2', second)]).toEqual(['old', 'new']);
  ahead += 60 * MINUTE;
  expect([await licenceFor('sold-a-1'), await licenceFor('sold-a-2', second)]).toEqual(['new', 'new']);
  const { items } = await scene.store.pageActivations({ pool: { kind: 'licence', id: 'old' } }, { size: 9 });
  expect(items.map(({ value }) => value.movedTo)).toEqual(['licence:new']);
});

test('what binds a VM goes with it to another licence: its key changes, and a block', async () => {
  const scene = await startScene([SOLD], [{ ...BOUGHT, subscriptions: on('emulator', A) }]);
  const boot = (vm: string, key = createKey()) => scene.boot(vm, { key });
  expect([await boot('sold-a-1'), await boot('sold-a-1')].map(outcomeOf)).toEqual(['granted', 'granted']);
  expect(outcomeOf(await boot('sold-a-2'))).toBe('granted');
  const { body } = await scene.operate(`GET /activations?licence=bought`);
  const blocked = (body['items'] as Readonly<Record<string, unknown>>[])[1];
  expect((await scene.operate(`POST /activations/${String(blocked?.['id'])}/block`)).status).toBe(200);
  ahead += 10 * MINUTE;
  expect((await scene.operate('DELETE /licences/bought')).status).toBe(200);
  const granted = { ...BOUGHT, id: 'again', subscriptions: on('emulator', A) };
  expect((await scene.operate('PUT /licences/again', { body: granted })).status).toBe(201);
  expect(outcomeOf(await boot('sold-a-1'))).toBe('key_changed');
  expect(outcomeOf(await boot('sold-a-2'))).toBe('vm_blocked');
});

test('a VM passes from its trial to the licence that was bought, with its key', async () => {
  const scene = await startScene([{ ...SOLD, trial: { days: 14, seats: 1 } }], [BOUGHT]);
  const key = createKey();
  expect(licenceOf(await scene.boot('sold-a-1', { key })).licence).toHaveProperty('trialEndsAt');
  expect((await putSubscriptions(scene, 'bought', on('emulator', A, C))).status).toBe(200);
  ahead += MINUTE;
  const { licence } = licenceOf(await scene.boot('sold-a-1', { key }));
  expect(licence).toMatchObject({ id: 'bought', class: 'production' });
  expect(licence).not.toHaveProperty('trialEndsAt');
  expect([await scene.boot('sold-a-1'), await scene.boot('sold-a-1')].map(outcomeOf)).toEqual([
    'granted',
    'key_changed',
  ]);
});
