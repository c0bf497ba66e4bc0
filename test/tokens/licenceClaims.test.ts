import { expect, test } from 'vitest';
import { licenceClaims, parseLicenceClaims } from '../../src/tokens/licenceClaims.ts';
import { INPUT } from './licenceInput.ts';

test('has exactly the claims of the protocol', () => {
  expect(licenceClaims(INPUT)).toEqual({
    iss: 'https://licences.example.com',
    sub: 'urn:azure:vm:5f2c8a1e-0d3b-4c6f-9a7e-1b2c3d4e5f60',
    aud: 'Contoso/router',
    iat: 1767225600,
    nbf: 1767225480,
    exp: 1767312000,
    jti: 'licence-1',
    cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' },
    azure: {
      cloud: 'AzurePublicCloud',
      region: 'westeurope',
      subscriptionId: 'a1b2c3d4-0000-4000-8000-000000000001',
      vmId: '5f2c8a1e-0d3b-4c6f-9a7e-1b2c3d4e5f60',
      sku: '',
      licenseType: null,
      documentCreatedOn: 1767225590,
    },
    licence: {
      id: 'mp:1',
      plan: { publisher: 'Contoso', product: 'router', name: 'standard' },
      features: { cores: 4, support: true, tier: 'gold' },
      renewAfter: 1767268800,
      graceUntil: 1767916800,
    },
  });
});

test('says what the licence is besides: over, of which class, the end of a trial, and whose plan the image has', () => {
  const plan = { publisher: 'hardened', product: 'linux', name: 'lts' };
  const entitlement = { ...INPUT.entitlement, class: 'development', trialEndsAt: INPUT.issuedAt };
  const claims = licenceClaims({ ...INPUT, vm: { ...INPUT.vm, plan }, entitlement, over: true });
  expect(claims.licence).toMatchObject({ over: true, class: 'development', trialEndsAt: 1767225600 });
  expect(claims.azure).toMatchObject({ plan });
  expect(parseLicenceClaims(claims)).toEqual(claims);
});

test('has no plan of the image where there is none, or only parts of one', () => {
  for (const plan of [null, { publisher: 'hardened', product: '', name: '' }]) {
    expect(licenceClaims({ ...INPUT, vm: { ...INPUT.vm, plan } }).azure).not.toHaveProperty('plan');
  }
});

test('has no cnf without a key', () => {
  const claims = licenceClaims({ ...INPUT, jkt: undefined });
  expect(Object.keys(claims)).not.toContain('cnf');
});

test('does not share its features with the entitlement', () => {
  const claims = licenceClaims(INPUT);
  expect(claims.licence.features).not.toBe(INPUT.entitlement.features);
});

test.each(['expiresAt', 'renewAfter', 'graceUntil'] as const)('makes no licence when %s is no time', (name) => {
  for (const value of [NaN, Infinity]) {
    expect(() => licenceClaims({ ...INPUT, times: { ...INPUT.times, [name]: value } })).toThrow(/milliseconds/);
    expect(() => licenceClaims({ ...INPUT, issuedAt: value })).toThrow(/milliseconds/);
  }
});

test('reads what it wrote, with a key and without', () => {
  const claims = licenceClaims(INPUT);
  const { cnf, ...free } = claims;
  expect(cnf).toBeDefined();
  expect(parseLicenceClaims(claims)).toEqual(claims);
  expect(parseLicenceClaims(free)).toEqual(free);
  expect(parseLicenceClaims({ ...claims, later: 1 })).toEqual(claims);
});

test('reads nothing where a claim is missing or of another type', () => {
  const claims = licenceClaims(INPUT);
  const names = Object.keys(claims).filter((name) => name !== 'cnf');
  for (const name of names) {
    expect(parseLicenceClaims({ ...claims, [name]: undefined })).toBeNull();
    expect(parseLicenceClaims({ ...claims, [name]: [] })).toBeNull();
  }
  expect(names).toHaveLength(9);
  expect(parseLicenceClaims({ ...claims, cnf: {} })).toBeNull();
  expect(parseLicenceClaims({ ...claims, exp: 1.5 })).toBeNull();
  expect(parseLicenceClaims(null)).toBeNull();
});
