import type { AttestedVm } from '../../src/contract/attestation.ts';
import type { LicenceInput } from '../../src/tokens/licenceClaims.ts';

/** A granted licence as the service would hand it to the tokens. */

export const ISSUED_AT = Date.UTC(2026, 0, 1) + 999;
const HOUR = 3_600_000;

export const ATTESTED: AttestedVm = {
  cloud: 'AzurePublicCloud',
  region: 'westeurope',
  vmId: '5f2c8a1e-0d3b-4c6f-9a7e-1b2c3d4e5f60',
  subscriptionId: 'a1b2c3d4-0000-4000-8000-000000000001',
  sku: '',
  licenseType: null,
  plan: { publisher: 'contoso', product: 'ROUTER', name: 'standard' },
  nonce: 'nonce',
  createdOn: ISSUED_AT - 10_000,
  expiresOn: ISSUED_AT + 6 * HOUR,
};

export const INPUT: LicenceInput = {
  issuer: 'https://licences.example.com',
  vm: ATTESTED,
  entitlement: {
    licenceId: 'mp:1',
    plan: { publisher: 'Contoso', product: 'router', name: 'standard' },
    features: { cores: 4, support: true, tier: 'gold' },
    class: null,
    trialEndsAt: null,
  },
  over: false,
  times: {
    expiresAt: ISSUED_AT + 24 * HOUR,
    renewAfter: ISSUED_AT + 12 * HOUR,
    graceUntil: ISSUED_AT + 8 * 24 * HOUR,
  },
  issuedAt: ISSUED_AT,
  jti: 'licence-1',
  jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
};
