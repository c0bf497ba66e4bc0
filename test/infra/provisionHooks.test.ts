import { expect, test } from 'vitest';
import { createKeyPair } from '../tokens/forge.ts';
import { readParameterVariables } from './azd.ts';
import { StandIns } from './standIns.ts';
import type { Rule, Script } from './standIns.ts';

const SIGNED_IN: Rule = { on: 'account show', answers: [{ stdout: '{}' }] };
const REGIONS: Rule = { on: 'list-flexconsumption-locations', answers: [{ stdout: '["westeurope", "northeurope"]' }] };
const FIRST_RUN = { ISSUER: 'https://licences.vendor.example', AZURE_LOCATION: 'westeurope' };

const preprovision = (environment: Readonly<Record<string, string>>, az: Script = [SIGNED_IN, REGIONS]) =>
  new StandIns({ az }).runHook('preprovision', environment);

test('a first deployment may begin, with what azd asks for and nothing else', async () => {
  expect(await preprovision(FIRST_RUN)).toEqual({
    status: 0,
    stdout: 'The variables of the deployment are right.\n',
    stderr: '',
  });
});

/** Of a file that `countersign restore --keys-out` writes. */
const FORMER = Buffer.from(
  JSON.stringify({ keys: [{ ...createKeyPair().jwk, until: '2027-01-01T00:00:00Z' }] }),
).toString('base64');

test('all that can be set may be set', async () => {
  const everything = {
    ...{
      OPERATORS_API_CLIENT_ID: '11111111-2222-3333-4444-666666666666',
      ACCEPTED_CLOUDS: 'AzurePublicCloud,AzureChinaCloud',
    },
    ...{ PROXY_RANGES: '203.0.113.0/24,198.51.100.0/24', DEPLOYER_RANGES: '2001:db8::/48', TRUSTED_PROXIES: '1' },
    ...{
      ADDRESS_LIMITS: '203.0.113.0/28=200',
      ROOT_THUMBPRINTS: 'A'.repeat(43),
      FORMER_SIGNING_KEYS: FORMER,
      ZONE_REDUNDANT: 'true',
    },
  };
  expect(await preprovision({ ...FIRST_RUN, ...everything })).toMatchObject({ status: 0, stderr: '' });
});

const WRONG: Readonly<Record<string, readonly [value: string, message: string]>> = {
  ISSUER: ['https://licences.vendor.example/', 'without a trailing slash'],
  OPERATORS_API_CLIENT_ID: ['countersign', 'a GUID'],
  PROXY_RANGES: ['["203.0.113.0/24"]', 'addresses in CIDR form'],
  ADDRESS_LIMITS: ['203.0.113.0/28', 'CIDR=REQUESTS_PER_SECOND'],
  ROOT_THUMBPRINTS: ['too-short', 'thumbprints of 43 characters'],
  FORMER_SIGNING_KEYS: ['{"keys":[]}', 'the base64 of the file'],
  ROOT_KEY_VERSIONS: ['1', 'versions of 32 characters'],
  ACCEPTED_CLOUDS: ['emulator', 'names of clouds'],
  SIGNING_KEY_VERSION: ['newest', 'a version of 32 characters'],
  ZONE_REDUNDANT: ['yes', 'true or false'],
  MAXIMUM_INSTANCE_COUNT: ['many', 'a whole number'],
};

test('everything that is wrong is told at once, with what to do, before anything is made', async () => {
  const environment = Object.fromEntries(Object.entries(WRONG).map(([name, [value]]) => [name, value]));
  const { status, stderr } = await preprovision({ ...environment, AZURE_LOCATION: 'westeurope' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Nothing was made/);
  for (const [name, [, message]] of Object.entries(WRONG)) {
    const line = stderr.split('\n').find((one) => one.startsWith(`  - ${name} must be `));
    expect(line).toContain(message);
    expect(line).toContain(`Run: azd env set ${name} `);
  }
});

test.each([FORMER.slice(0, -20), FORMER.replace(/=*$/, '==='), `${FORMER}\n`])(
  'former signing keys that were cut, or are no base64 as the template reads it, are told before anything is made',
  async (value) => {
    const { status, stderr } = await preprovision({ ...FIRST_RUN, FORMER_SIGNING_KEYS: value });
    expect(status).toBe(1);
    expect(stderr).toContain('FORMER_SIGNING_KEYS must be the base64 of the file');
  },
);

test('the checks know the variables that the parameters have', () => {
  const variables = [...readParameterVariables().values()];
  expect(Object.keys(WRONG).filter((name) => !variables.includes(name))).toEqual([]);
});

test('a missing issuer, a region without the plan, and an app that nobody could deploy', async () => {
  const environment = { AZURE_LOCATION: 'Antarctica', FRONT_DOOR_ID: '99999999-8888-7777-6666-555555555555' };
  const { status, stderr } = await preprovision(environment);
  expect(status).toBe(1);
  expect(stderr).toContain('ISSUER is not set');
  expect(stderr).toContain('antarctica does not offer this plan');
  expect(stderr).toContain('one of westeurope, northeurope');
  expect(stderr).toContain('nobody could deploy it');
});

test('without a sign-in the Azure CLI is asked for nothing else', async () => {
  const standIns = new StandIns({
    az: [{ on: 'account show', answers: [{ exit: 1, stderr: 'Please run az login' }] }],
  });
  const { status, stderr } = await standIns.runHook('preprovision', FIRST_RUN);
  expect([status, stderr]).toEqual([1, expect.stringContaining('Run: az login')]);
  expect(standIns.calls()).toHaveLength(1);
});

const DEPLOYED = {
  AZURE_SUBSCRIPTION_ID: '00000000-0000-0000-0000-000000000001',
  AZURE_RESOURCE_GROUP: 'rg-production',
  SERVICE_API_NAME: 'func-vendor',
};

const references = (...states: readonly [setting: string, status: string][]) => {
  const value = states.map(([name, status]) => ({
    name,
    properties: { reference: '@…', status, vaultName: 'kv-vendor', secretName: 'challenge-secrets' },
  }));
  return { stdout: JSON.stringify({ value }) };
};

const RESOLVED = references(['CHALLENGE_SECRETS', 'Resolved']);
const DENIED = references(['CHALLENGE_SECRETS', 'AccessToKeyVaultDenied'], ['SIGNING_KEY', 'Resolved']);
const list = (...answers: Rule['answers']): Rule => ({ on: '/config/configreferences/appsettings?', answers });
const REFRESH: Rule = { on: '/config/configreferences/appsettings/refresh?', answers: [{}] };

test('the deployment waits until references are resolved, and has them read again meanwhile', async () => {
  const standIns = new StandIns({
    az: [REFRESH, list({ exit: 1, stderr: 'ERROR: Too many requests' }, DENIED, RESOLVED)],
  });
  const { status, stdout } = await standIns.runHook('postprovision', DEPLOYED);
  expect([status, stdout]).toEqual([0, 'All references of the app to secrets are resolved: CHALLENGE_SECRETS.\n']);
  const site =
    '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-production/providers/Microsoft.Web/sites/func-vendor';
  const kinds = standIns.calls().map((call) => /--method (\w+)/.exec(call)?.[1]);
  expect(kinds).toEqual(['get', 'get', 'post', 'get']);
  expect(standIns.calls().filter((call) => !call.includes(`--url ${site}/config/`))).toEqual([]);
});

test('a reference that stays unresolved is named, with role, secret and the command that has it read again', async () => {
  const { status, stderr } = await new StandIns({ az: [REFRESH, list(DENIED)] }).runHook('postprovision', DEPLOYED);
  expect(status).toBe(1);
  expect(stderr).toContain('CHALLENGE_SECRETS: AccessToKeyVaultDenied (vault kv-vendor, secret challenge-secrets)');
  expect(stderr).toContain('"Key Vault Secrets User"');
  expect(stderr).toContain('/config/configreferences/appsettings/refresh?api-version=');
  expect(stderr).not.toContain('SIGNING_KEY');
});

test.each([
  ['an app without references', { stdout: '{"value":[]}' }, 'has no reference to a secret'],
  ['a refusal of Azure', { exit: 1, stderr: 'ERROR: Forbidden' }, 'failed: ERROR: Forbidden'],
  ['something else than a list', { stdout: '{}' }, 'did not list the references'],
  ['no JSON', { stdout: 'WARNING' }, 'printed no JSON'],
])('%s ends the deployment', async (_, answer, message) => {
  const ended = await new StandIns({ az: [REFRESH, list(answer)] }).runHook('postprovision', DEPLOYED);
  expect([ended.status, ended.stderr]).toEqual([1, expect.stringContaining(message)]);
});

test('a person may run a hook too: azd is asked for the variables, and a missing one is named', async () => {
  const [id = '', group = '', name = ''] = Object.values(DEPLOYED);
  const values: readonly Rule[] = [
    { on: 'env get-value AZURE_SUBSCRIPTION_ID', answers: [{ stdout: `${id}\n` }] },
    { on: 'env get-value AZURE_RESOURCE_GROUP', answers: [{ stdout: `${group}\n` }] },
    { on: 'env get-value SERVICE_API_NAME', answers: [{ stdout: `${name}\n` }] },
  ];
  const standIns = new StandIns({ azd: values, az: [REFRESH, list(RESOLVED)] });
  expect(await standIns.runHook('postprovision', {})).toMatchObject({ status: 0, stderr: '' });
  const without = new StandIns({ azd: { exit: 1, stderr: 'ERROR: key not found' }, az: {} });
  const { status, stderr } = await without.runHook('postprovision', {});
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^AZURE_SUBSCRIPTION_ID is not set/)]);
});
