import { expect, test } from 'vitest';
import { readConfig } from '../../../src/app/config.ts';
import { GOOD_SETTINGS } from '../../app/settings.ts';

const TENANT = 'AAAAAAAA-0000-4000-8000-000000000001';
const AUDIENCE = 'bbbbbbbb-0000-4000-8000-000000000001';

function read(settings: Readonly<Record<string, string>>, issuer = 'https://licences.contoso.com') {
  return readConfig({ ...GOOD_SETTINGS, ISSUER: issuer, ...settings });
}

test('without a tenant there is no directory', () => {
  expect(read({}).directory).toBeNull();
});

test('a tenant and an audience are enough in the public cloud', () => {
  const host = 'https://login.microsoftonline.com/aaaaaaaa-0000-4000-8000-000000000001';
  expect(read({ ENTRA_TENANT: TENANT, ENTRA_AUDIENCE: AUDIENCE }).directory).toEqual({
    tenant: TENANT.toLowerCase(),
    audience: AUDIENCE,
    issuer: `${host}/v2.0`,
    keySetUrl: `${host}/discovery/v2.0/keys`,
  });
});

test('people sign in to the console by the API’s own registration, unless another one is named', () => {
  const given = { ENTRA_TENANT: TENANT, ENTRA_AUDIENCE: AUDIENCE, ACCEPTED_CLOUDS: 'AzurePublicCloud,AzureChinaCloud' };
  expect(read({}).console).toBeNull();
  expect(read(given).console).toEqual({
    authority: `https://login.microsoftonline.com/${TENANT.toLowerCase()}/v2.0`,
    clientId: AUDIENCE,
    scope: `${AUDIENCE}/.default`,
    acceptedClouds: ['AzurePublicCloud', 'AzureChinaCloud'],
  });
  const ENTRA_CONSOLE_CLIENT = 'cccccccc-0000-4000-8000-000000000001';
  const ENTRA_CONSOLE_SCOPE = 'api://licences/Operate';
  const { console } = read({ ...given, ENTRA_CONSOLE_CLIENT, ENTRA_CONSOLE_SCOPE });
  expect(console).toMatchObject({ clientId: ENTRA_CONSOLE_CLIENT, scope: ENTRA_CONSOLE_SCOPE });
});

test('another cloud has another host, and its key set beside it', () => {
  const issuer = `https://login.microsoftonline.us/${TENANT}/v2.0`;
  const { directory } = read({ ENTRA_TENANT: TENANT, ENTRA_AUDIENCE: AUDIENCE, ENTRA_ISSUER: issuer });
  expect(directory?.keySetUrl).toBe(`https://login.microsoftonline.us/${TENANT}/discovery/v2.0/keys`);
});

test.each([
  [{ ENTRA_TENANT: TENANT }, 'ENTRA_TENANT and ENTRA_AUDIENCE go together'],
  [{ ENTRA_AUDIENCE: AUDIENCE }, 'ENTRA_TENANT and ENTRA_AUDIENCE go together'],
  [{ ENTRA_ISSUER: 'https://login.microsoftonline.us/x/v2.0' }, 'mean nothing without ENTRA_TENANT'],
  [{ ENTRA_CONSOLE_CLIENT: AUDIENCE }, 'mean nothing without ENTRA_TENANT'],
  [{ ENTRA_TENANT: TENANT, ENTRA_AUDIENCE: AUDIENCE, ENTRA_CONSOLE_SCOPE: 'a b' }, 'ENTRA_CONSOLE_SCOPE must be'],
  [{ ENTRA_TENANT: 'common', ENTRA_AUDIENCE: AUDIENCE }, 'ENTRA_TENANT must be a UUID'],
  [{ ENTRA_TENANT: TENANT, ENTRA_AUDIENCE: AUDIENCE, ENTRA_ISSUER: 'http://login.example' }, 'ENTRA_ISSUER must be'],
  [{ ENTRA_TENANT: TENANT, ENTRA_AUDIENCE: AUDIENCE, ENTRA_ISSUER: 'http://127.0.0.1:1/v2.0' }, 'loopback'],
  [{ ENTRA_TENANT: TENANT, ENTRA_AUDIENCE: AUDIENCE, ENTRA_KEY_SET: 'http://localhost/keys' }, 'loopback'],
])('%j cannot be used', (settings, problem) => {
  expect(() => read(settings)).toThrow(problem);
});

test('a local issuer is taken where the service itself is local', () => {
  const local = { ENTRA_TENANT: TENANT, ENTRA_AUDIENCE: AUDIENCE, ENTRA_ISSUER: 'http://127.0.0.1:7072/x/v2.0' };
  expect(read(local, 'http://127.0.0.1:7071').directory?.issuer).toBe('http://127.0.0.1:7072/x/v2.0');
});
