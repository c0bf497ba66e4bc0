import type { AttestedVm } from '../../src/contract/attestation.ts';
import { licenceTimes } from '../../src/catalogue/entitlement.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { ActivationRequest } from '../../src/seats/issue.ts';
import type { Licence, LicensedSubscription } from '../../src/catalogue/licence.ts';
import type { Offer } from '../../src/catalogue/offer.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** When these tests happen. */
export const AT = Date.UTC(2026, 10, 23, 12);

export const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111';
export const VM_ID = vmId(1);

/** A UUID for each number. */
export function vmId(number: number): string {
  return `00000000-0000-4000-8000-${`${number}`.padStart(12, '0')}`;
}

export function attestation(changed: Partial<AttestedVm> = {}): AttestedVm {
  return {
    cloud: 'AzurePublicCloud',
    region: 'westeurope',
    vmId: VM_ID,
    subscriptionId: SUBSCRIPTION,
    sku: 'Gen2',
    licenseType: null,
    plan: { publisher: 'contoso', product: 'firewall', name: 'pro' },
    nonce: null,
    createdOn: AT,
    expiresOn: AT + 6 * HOUR,
    ...changed,
  };
}

export function offer(changed: Partial<Offer> = {}): Offer {
  return {
    plan: { publisher: 'Contoso', product: 'Firewall', name: 'Pro' },
    productAliases: [],
    status: 'active',
    mode: 'licensed',
    clouds: '*',
    skus: '*',
    seats: 'unlimited',
    overage: 0,
    trial: null,
    onForeignPlan: 'refuse',
    lifetime: DAY,
    renewAfter: 12 * HOUR,
    grace: 7 * DAY,
    lease: DAY,
    requireKey: true,
    keyChanges: 1,
    withoutPlan: false,
    earlyRelease: false,
    offline: false,
    offlineLifetime: 21 * DAY,
    features: {},
    ...changed,
  };
}

/** Subscriptions of the public cloud that stay under a licence. */
export function subscriptions(...ids: readonly string[]): readonly LicensedSubscription[] {
  return ids.map((subscriptionId) => ({ cloud: 'AzurePublicCloud', subscriptionId, until: null }));
}

export function licence(changed: Partial<Licence> = {}): Licence {
  return {
    id: 'fabrikam-2026',
    subscriptions: subscriptions(SUBSCRIPTION),
    plan: { publisher: 'Contoso', product: 'Firewall', name: 'Pro' },
    status: 'active',
    class: 'production',
    seats: 20,
    overage: 0,
    customer: null,
    validFrom: null,
    validUntil: null,
    vmIds: '*',
    skus: '*',
    features: {},
    note: '',
    ...changed,
  };
}

export function entitlement(changed: Partial<Entitlement> = {}): Entitlement {
  const plan = { publisher: 'Contoso', product: 'Firewall', name: 'Pro' };
  return {
    licenceId: 'fabrikam-2026',
    pool: { kind: 'licence', id: 'fabrikam-2026' },
    earlierPools: [],
    offer: 'Contoso/Firewall/Pro',
    plan,
    features: {},
    lifetime: DAY,
    renewAfter: 12 * HOUR,
    grace: 7 * DAY,
    lease: DAY,
    seats: 20,
    overage: 0,
    class: 'production',
    trialEndsAt: null,
    keyChanges: 1,
    earlyRelease: false,
    validUntil: null,
    ...changed,
  };
}

let challenges = 0;

/** A VM's request with a challenge of its own, issued at the time of the request. */
export function request(
  held: Entitlement,
  changed: Partial<ActivationRequest> & { readonly at?: number } = {},
): ActivationRequest {
  const at = changed.at ?? AT;
  challenges += 1;
  return {
    vmId: VM_ID,
    cloud: 'AzurePublicCloud',
    subscriptionId: SUBSCRIPTION,
    jkt: 'first-key',
    challenge: { ms: at, jti: `challenge-${`${challenges}`.padStart(9, '0')}` },
    licenceJti: `licence-${challenges}`,
    region: 'westeurope',
    sku: 'Gen2',
    at,
    times: licenceTimes(held, at, Number.POSITIVE_INFINITY),
    ...changed,
  };
}
