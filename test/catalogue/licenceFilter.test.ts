import { expect, test } from 'vitest';

import { effectiveStatus, matchesLicence } from '../../src/catalogue/licenceFilter.ts';
import type { LicenceFilter } from '../../src/catalogue/licenceFilter.ts';
import { AT, DAY, licence, offer, SUBSCRIPTION, vmId } from '../support/licensing.ts';

const offers = [offer()];
const surroundings = { now: AT, offers };

test.each([
  ['active', {}],
  ['suspended', { status: 'suspended', validUntil: AT - 1 }],
  ['revoked', { status: 'revoked' }],
  ['expired', { validUntil: AT }],
  ['active', { validUntil: AT + 1, validFrom: AT }],
  ['not_yet', { validFrom: AT + 1 }],
] as const)('a licence is %s: %j', (status, changed) => {
  const one = licence({ validFrom: null, validUntil: null, ...changed });
  expect(effectiveStatus(one, surroundings)).toBe(status);
  expect(matchesLicence(one, { status }, surroundings)).toBe(true);
  expect(matchesLicence(one, { status: 'offer_suspended' }, surroundings)).toBe(false);
});

test('a licence is offer_suspended where its offer is, and it would be active otherwise', () => {
  const suspended = { now: AT, offers: [{ ...offer(), status: 'suspended' as const }] };
  const one = licence({ validFrom: null, validUntil: null });
  expect(effectiveStatus(one, suspended)).toBe('offer_suspended');
  expect(effectiveStatus({ ...one, status: 'revoked' }, suspended)).toBe('revoked');
  expect(effectiveStatus(one, { now: AT, offers: [] })).toBe('active');
});

const named = licence({
  id: 'fabrikam-2026',
  note: 'unpaid Überweisung',
  validUntil: AT + DAY,
  customer: { name: 'Fabrikam Robotics', reference: 'F-17', contact: null },
  subscriptions: [
    { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, until: null },
    { cloud: 'AzureChinaCloud', subscriptionId: vmId(9), until: null },
  ],
});

const plan = (name: string, product = named.plan.product) => ({ ...named.plan, product, name });

test.each<readonly [boolean, LicenceFilter]>([
  [true, {}],
  [true, { query: 'robo FABRI' }],
  [true, { query: 'über' }],
  [true, { query: 'f 17' }],
  [false, { query: 'obotics' }],
  [false, { query: 'fabrikam contoso' }],
  [true, { offer: named.plan }],
  [true, { offer: plan(named.plan.name.toUpperCase()) }],
  [true, { offer: plan('*') }],
  [false, { offer: plan('other') }],
  [false, { offer: plan('*', 'other') }],
  [true, { endsBefore: AT + DAY + 1 }],
  [false, { endsBefore: AT + DAY }],
  [true, { subscription: SUBSCRIPTION }],
  [true, { subscription: SUBSCRIPTION, cloud: 'AzurePublicCloud' }],
  [false, { subscription: SUBSCRIPTION, cloud: 'AzureChinaCloud' }],
  [true, { cloud: 'AzureChinaCloud' }],
  [false, { cloud: 'AzureUSGovernment' }],
  [false, { query: 'fabrikam', cloud: 'AzureUSGovernment' }],
])('%s: %j', (isMeant, filter) => {
  expect(matchesLicence(named, filter, surroundings)).toBe(isMeant);
});

test('a licence without an end ends before no time, and one of every subscription names each of its cloud', () => {
  expect(matchesLicence(licence({ validUntil: null }), { endsBefore: AT + 999 * DAY }, surroundings)).toBe(false);
  const every = licence({ subscriptions: '*' });
  expect(matchesLicence(every, { cloud: 'emulator', subscription: SUBSCRIPTION }, surroundings)).toBe(true);
  expect(matchesLicence(every, { cloud: 'AzurePublicCloud' }, surroundings)).toBe(false);
});
