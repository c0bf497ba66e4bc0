import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findCures } from '../../../src/console/changes/cures.ts';
import type { Cure } from '../../../src/console/changes/cures.ts';
import { writeGrant } from '../../../src/console/changes/grant.ts';
import { planLicenceChange } from '../../../src/console/changes/licenceChange.ts';
import type { LicenceAsk } from '../../../src/console/changes/licenceChange.ts';
import { toMergePatch } from '../../../src/console/changes/licenceCommand.ts';
import { planOfferChange } from '../../../src/console/changes/offerChange.ts';
import type { LicenceCode } from '../../../src/contract/codes.ts';
import { LICENCE_CODES } from '../../../src/contract/codes.ts';
import type { ExplanationJson } from '../../../src/contract/operators/decision.ts';
import type { LicenceJson } from '../../../src/contract/operators/licence.ts';
import type { OfferJson } from '../../../src/contract/operators/offer.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../../operators/useStack.ts';

/** How each refusal is brought about; `null` where it takes time, or another way in. */
interface Cause {
  readonly offer?: Partial<OfferJson> | null;
  readonly licence?: object | null;
  readonly isWithoutPlan?: true;
  readonly prepare?: (name: string) => Promise<unknown>;
}

const CAUSES: Readonly<Record<LicenceCode, Cause | null>> = {
  plan_missing: { isWithoutPlan: true },
  plan_unknown: { offer: { clouds: ['AzurePublicCloud'] } },
  offer_suspended: { offer: { status: 'suspended' } },
  subscription_not_licensed: { licence: null },
  licence_suspended: { licence: { status: 'suspended' } },
  licence_revoked: { licence: { status: 'revoked' } },
  licence_expired: { licence: { validUntil: '2020-01-01T00:00:00Z' } },
  licence_not_yet_valid: { licence: { validFrom: '2099-01-01T00:00:00Z' } },
  sku_not_allowed: { licence: { skus: ['another'] } },
  vm_not_allowed: { licence: { vmIds: ['11111111-0000-4000-8000-00000000ffff'] } },
  vm_blocked: {
    prepare: async (name) => {
      await bootOne(name);
      const { body } = await operate(stack(), `GET /activations?licence=${name}`);
      const [{ id } = { id: '' }] = body['items'] as { id: string }[];
      expect((await operate(stack(), `POST /activations/${id}/block`)).status).toBe(200);
    },
  },
  seats_exhausted: { licence: { seats: 0 } },
  trial_ended: null,
  claim_invalid: null,
  key_required: null,
  key_changed: {
    prepare: async (name) => {
      await bootOne(name);
      await bootOne(name);
    },
  },
  offline_not_allowed: null,
};

const SUBSCRIPTION = 'cccccccc-0000-4000-8000-000000000001';
const OTHER_SUBSCRIPTION = 'cccccccc-0000-4000-8000-000000000002';
const nameOf = (code: string) => code.replaceAll('_', '-');
const offerOf = (code: string) => `contoso/cures/${nameOf(code)}`;

const CODES = LICENCE_CODES.filter((code) => CAUSES[code] !== null);
const CATALOGUE = {
  offers: [
    ...CODES.map((code) => ({ offer: offerOf(code), mode: 'licensed', clouds: ['emulator'], ...CAUSES[code]?.offer })),
    ...['unlicensed', 'never'].map((plan) => ({ offer: `contoso/cures/${plan}`, mode: 'licensed' })),
    { offer: 'contoso/cures/metered', mode: 'marketplace', clouds: ['emulator'], seats: 0 },
  ],
  licences: CODES.map((code) => ({
    ...{ id: nameOf(code), cloud: 'emulator', subscription: SUBSCRIPTION, offer: offerOf(code), seats: 5 },
    ...(CAUSES[code]?.licence === null ? { subscription: OTHER_SUBSCRIPTION } : CAUSES[code]?.licence),
  })),
};
const VMS = {
  vms: [...CODES.map(nameOf), 'unlicensed', 'never', 'metered'].map((name, index) => ({
    ...{ name, vmId: `11111111-0000-4000-8000-0000000001${String(index).padStart(2, '0')}` },
    ...{ subscriptionId: SUBSCRIPTION, sku: 'standard' },
    ...(name !== 'plan-missing' && { plan: { publisher: 'contoso', product: 'cures', name } }),
  })),
};

const folder = mkdtempSync(join(tmpdir(), 'countersign-cures-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
function write(name: string, value: unknown): string {
  writeFileSync(join(folder, name), JSON.stringify(value));
  return join(folder, name);
}
const stack = useStack({ catalogueFile: write('catalogue.json', CATALOGUE), vmFile: write('vms.json', VMS) });

function bootOne(name: string) {
  const { serviceUrl, imdsUrl } = stack();
  const change = { offer: `contoso/cures/${name}` };
  return boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: name, key: createKey(), change });
}

async function explain(id: unknown): Promise<ExplanationJson> {
  const { body } = await operate(stack(), `GET /decisions/${String(id)}/explanation`);
  return body as unknown as ExplanationJson;
}

const ANY_VERSION = { 'If-Match': '*' };

async function changeLicence(id: string, ask: LicenceAsk) {
  const { body } = await operate(stack(), `GET /licences/${id}`);
  const { patch } = planLicenceChange(body['licence'] as LicenceJson, ask);
  return operate(stack(), `PATCH /licences/${id}`, { body: toMergePatch(patch ?? {}), headers: ANY_VERSION });
}

/** As the dialogue of the cure does. */
async function cureBy(cure: Cure, { decision, now }: ExplanationJson) {
  const { cloud, subscription } = decision;
  switch (cure.by) {
    case 'licence':
      return changeLicence(cure.id, cure.ask);
    case 'offer': {
      const { body } = await operate(stack(), `GET /offers/${cure.name}`);
      const { patch } = planOfferChange(body['offer'] as OfferJson, cure.ask);
      return operate(stack(), `PATCH /offers/${cure.name}`, { body: patch, headers: ANY_VERSION });
    }
    case 'override':
      return operate(stack(), `PUT /offers/${cure.name}/overrides/${cloud}/${subscription}`, { body: cure.terms });
    case 'vm':
      return operate(stack(), `POST /activations/${now.activation?.id ?? ''}/${cure.verb}`);
    case 'attach':
      return changeLicence('subscription-not-licensed', { kind: 'addSubscription', cloud, subscription });
    case 'grant': {
      const terms = { seats: 3, validUntil: null, customer: 'New' };
      const body = writeGrant({ id: 'granted', offer: cure.name, cloud, subscription, ...terms });
      return operate(stack(), 'PUT /licences/granted', { body });
    }
    case 'newOffer':
    case 'reading':
      throw new Error(`Nothing is written for ${cure.by}.`);
  }
}

async function refuse(name: string): Promise<ExplanationJson> {
  const refused = await bootOne(name);
  expect(refused.status).toBe(403);
  return explain(refused.body['correlationId']);
}

test.each(CODES)('what the console offers for %s turns it into a licence', async (code) => {
  await CAUSES[code]?.prepare?.(nameOf(code));
  const refusal = await refuse(nameOf(code));
  expect([refusal.decision.code, refusal.now.outcome]).toEqual([code, code]);
  const [cure] = findCures(refusal);
  if (cure === undefined) throw new Error(`${code} has no cure.`);
  expect((await cureBy(cure, refusal)).status).toBeLessThan(300);
  const cured = await explain(refusal.decision.id);
  expect([cured.now.outcome, findCures(cured)]).toEqual(['granted', []]);
});

test('a new licence cures it too', async () => {
  const refusal = await refuse('unlicensed');
  const cure = findCures(refusal).find(({ by }) => by === 'grant');
  if (cure === undefined) throw new Error('A licence can be granted.');
  expect((await cureBy(cure, refusal)).status).toBe(201);
  expect((await explain(refusal.decision.id)).now.outcome).toBe('granted');
});

test('in marketplace mode the subscription gets terms of its own', async () => {
  const refusal = await refuse('metered');
  expect(refusal.now.outcome).toBe('seats_exhausted');
  const [cure] = findCures(refusal);
  expect(cure).toMatchObject({ by: 'override', terms: { seats: 1 } });
  if (cure === undefined) throw new Error('The seats can be raised.');
  expect((await cureBy(cure, refusal)).status).toBe(201);
  expect((await explain(refusal.decision.id)).now.outcome).toBe('granted');
});

test.each(['trial_ended', 'claim_invalid', 'key_required', 'offline_not_allowed'] as const)(
  'of %s it says what to do, or who has to',
  async (outcome) => {
    const some = await refuse('never');
    expect(findCures({ ...some, now: { ...some.now, outcome } }).length).toBeGreaterThan(0);
  },
);
