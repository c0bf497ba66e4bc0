import { expect, test } from 'vitest';
import * as z from 'zod';
import { networkLimits } from '../../src/http/networkLimits.ts';
import { runsPrograms } from '../support/programs.ts';
import {
  compareWithSnapshot,
  evaluateWith,
  findBicep,
  formatBicepFiles,
  lintText,
  readBicepFiles,
  validateSnapshot,
} from './bicep.ts';
import { readParameterVariables, resolveParameters } from './azd.ts';
import type { Bicep } from './bicep.ts';
import { grantsOf, parseSnapshot, resourceOf, settingsOf } from './snapshot.ts';

const found = runsPrograms ? findBicep() : { absent: 'npm run check runs the Bicep compiler' };
// The reporter shows that tests are skipped, but not why.
if ('absent' in found) process.stderr.write(`test/infra/bicep.test.ts is skipped: ${found.absent}\n`);

function testWithBicep(name: string, run: (bicep: Bicep) => void): void {
  test(name, ({ skip }) => {
    if ('absent' in found) return skip(found.absent);
    run(found.bicep);
  });
}

const REQUIRED = ["param environmentName = 'production'", "param location = 'westeurope'"];
const ISSUER = "param issuer = 'https://licences.vendor.example'";

interface Parameter {
  readonly type?: string | undefined;
  readonly $ref?: string | undefined;
  readonly metadata?: { readonly description?: string | undefined } | undefined;
  readonly [other: string]: unknown;
}

const parameterSchema = z.looseObject({
  type: z.string().optional(),
  $ref: z.string().optional(),
  metadata: z.looseObject({ description: z.string().optional() }).optional(),
});
const moduleSchema = z.object({ parameters: z.record(z.string(), parameterSchema) });
const templateSchema = moduleSchema.extend({
  resources: z.record(z.string(), z.object({ properties: z.object({ template: moduleSchema.optional() }).optional() })),
});

const templateParameter = z.object({ type: z.string(), defaultValue: z.unknown().optional() });
const definitionsSchema = z.object({
  parameters: z.record(z.string(), z.looseObject({ type: z.string().optional(), $ref: z.string().optional() })),
  definitions: z.record(z.string(), z.object({ type: z.string() })),
});

/** The parameters of a template; one of a type that is defined apart has that type’s own one. */
function resolveTypes(text: string): Record<string, unknown> {
  const { parameters, definitions } = definitionsSchema.parse(JSON.parse(text));
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { $ref = '', ...parameter }]) => {
      const defined = Object.entries(definitions).find(([key]) => $ref === `#/definitions/${key}`)?.[1];
      return [name, { ...defined, ...parameter }];
    }),
  );
}

let template: string | null = null;

function buildTemplate(bicep: Bicep): string {
  if (template !== null) return template;
  const { status, stdout, stderr } = bicep(['build', 'infra/main.bicep', '--no-restore', '--stdout']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  template = stdout;
  return template;
}

function listParameters(text: string): [name: string, parameter: Parameter][] {
  const { parameters, resources } = templateSchema.parse(JSON.parse(text));
  const modules = Object.values(resources).flatMap(({ properties }) => properties?.template ?? []);
  return [{ parameters }, ...modules].flatMap((module) => Object.entries(module.parameters));
}

/** Free text, numbers and lists are bounded; a `$ref` leads to a list of words, and a bag of tags or settings has none. */
function isBounded({ type, $ref, ...parameter }: Parameter): boolean {
  if ($ref !== undefined || type === 'object' || 'allowedValues' in parameter) return true;
  return type === 'int' ? 'minValue' in parameter && 'maxValue' in parameter : 'maxLength' in parameter;
}

testWithBicep('lint says nothing at all', (bicep) => {
  for (const file of ['infra/main.bicep', 'test/infra/main.bicepparam']) {
    const { status, stdout, stderr } = bicep(['lint', file, '--no-restore']);
    expect({ file, status, output: stdout + stderr }).toEqual({ file, status: 0, output: '' });
  }
});

testWithBicep('the linter’s levels are strict: what is a warning elsewhere is an error here', (bicep) => {
  const { status, stdout, stderr } = lintText(
    bicep,
    "param unused string\n@secure()\nparam password string = 'known'\n",
  );
  expect(status).toBe(1);
  expect(stdout + stderr).toContain('Error no-unused-params');
  expect(stdout + stderr).toContain('Error secure-parameter-default');
});

testWithBicep('every file is formatted as the compiler formats it', (bicep) => {
  const files = readBicepFiles();
  expect([...files.keys()]).toEqual(expect.arrayContaining(['infra/main.bicep', 'test/infra/main.bicepparam']));
  expect(files).toEqual(formatBicepFiles(bicep));
});

testWithBicep('the template compiles; its parameters are described, bounded and, where secret, secure', (bicep) => {
  const parameters = listParameters(buildTemplate(bicep));
  const names = (entries: typeof parameters) => entries.map(([name]) => name);
  expect(names(parameters)).toContain('deploymentContainerUrl');
  expect(names(parameters.filter(([, { metadata }]) => (metadata?.description ?? '').length < 10))).toEqual([]);
  expect(names(parameters.filter(([, parameter]) => !isBounded(parameter)))).toEqual([]);
  const secret = parameters.filter(([, { type }]) => type === 'securestring');
  expect(new Set(names(secret))).toEqual(new Set(['challengeSecrets', 'signingKey']));
});

testWithBicep('the template asks for no key of any resource, and uses no module from a registry', (bicep) => {
  expect(buildTemplate(bicep)).not.toMatch(/listKeys|listAccountSas|listServiceSas|list\w*Secrets?\(/i);
  expect([...readBicepFiles().values()].filter((text) => /'(br|ts)[:/]/.test(text))).toEqual([]);
});

const FIRST_RUN = {
  AZURE_ENV_NAME: 'production',
  AZURE_LOCATION: 'westeurope',
  ISSUER: 'https://licences.vendor.example',
};

testWithBicep(
  'azd fills in every parameter from a variable, and asks for what has neither variable nor default',
  (bicep) => {
    const { parameters } = templateSchema.parse(JSON.parse(buildTemplate(bicep)));
    const template = z.record(z.string(), templateParameter).parse(resolveTypes(buildTemplate(bicep)));
    const variables = readParameterVariables();
    expect([...variables.keys()].toSorted()).toEqual(Object.keys(parameters).toSorted());
    expect(resolveParameters(template, {}).asked).toEqual(['environmentName', 'location', 'issuer']);
    expect(resolveParameters(template, FIRST_RUN)).toEqual({
      sent: { environmentName: 'production', location: 'westeurope', issuer: FIRST_RUN.ISSUER },
      asked: [],
    });
    const given = { INSTANCE_MEMORY_MB: '512', PROXY_RANGES: '["203.0.113.0/24"]', NONCE_STYLE: 'digits' };
    expect(resolveParameters(template, given).sent).toEqual({
      instanceMemoryMB: 512,
      proxyRanges: ['203.0.113.0/24'],
      nonceStyle: 'digits',
    });
  },
);

testWithBicep('the deployment is the one in the snapshot', (bicep) => {
  const { status, stdout, stderr } = validateSnapshot(bicep);
  expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
});

testWithBicep('another deployment is told from the snapshot', (bicep) => {
  const { status, stdout, stderr } = compareWithSnapshot(bicep, [
    ...REQUIRED,
    "param issuer = 'https://licences.other.example'",
  ]);
  expect(status).toBe(1);
  expect(stdout + stderr).toContain('https://licences.other.example');
});

testWithBicep('a secret given for one run is nowhere in what would be deployed in plain', (bicep) => {
  const given = ["param challengeSecrets = 'k1:THE-CHALLENGE-SECRET'", "param signingKey = 'THE-PRIVATE-KEY'"];
  const { status, snapshot } = evaluateWith(bicep, [...REQUIRED, ISSUER, ...given]);
  expect(status).toBe(0);
  expect(parseSnapshot(snapshot).predictedResources.length).toBeGreaterThan(0);
  expect(snapshot).not.toMatch(/THE-CHALLENGE-SECRET|THE-PRIVATE-KEY/);
});

testWithBicep('a key that never leaves the vault takes the place of the private one', (bicep) => {
  const { snapshot } = evaluateWith(bicep, [...REQUIRED, ISSUER, "param signingKeySource = 'vaultKey'"]);
  const settings = settingsOf(parseSnapshot(snapshot));
  expect(settings).not.toHaveProperty('SIGNING_KEY');
  expect(settings['SIGNING_KEY_URL']).toContain('licence-signing');
  const readable = grantsOf(parseSnapshot(snapshot)).filter(({ role }) => role === 'Key Vault Secrets User');
  expect(readable.map(({ on }) => on)).toEqual(['vaults/secrets/challenge-secrets']);
});

testWithBicep('the root key is the oldest version in its vault, or the versions that are named', (bicep) => {
  const rootOf = (given: readonly string[]) =>
    settingsOf(parseSnapshot(evaluateWith(bicep, [...REQUIRED, ISSUER, ...given]).snapshot))['ROOT_KEY_URL'];
  expect(rootOf([])).toMatch(/'kvr-\w+', environment\(\)\.suffixes\.keyvaultDns, 'key-set-root'/);
  const versions = ['a', 'b'].map((letter) => letter.repeat(32));
  const both = rootOf([`param rootKeyVersions = ['${versions.join("', '")}']`]);
  for (const version of versions) expect(both).toContain(version);
  expect(both).toMatch(/^\[join\(.*, ','\)\]$/);
});

testWithBicep(
  'for root keys that are kept offline there is no vault, and the app is told their thumbprints',
  (bicep) => {
    const thumbprints = ['A', 'B'].map((letter) => letter.repeat(43));
    const given = [...REQUIRED, ISSUER, `param rootThumbprints = ['${thumbprints.join("', '")}']`];
    const snapshot = parseSnapshot(evaluateWith(bicep, given).snapshot);
    expect(settingsOf(snapshot)).toMatchObject({ ROOT_THUMBPRINTS: thumbprints.join(',') });
    expect(settingsOf(snapshot)).not.toHaveProperty('ROOT_KEY_URL');
    expect(snapshot.predictedResources.filter(({ id }) => id.includes('/vaults/kvr-'))).toEqual([]);
  },
);

testWithBicep('the limits of known networks and the life of licences reach the service as it reads them', (bicep) => {
  const given = [
    "param addressLimits = ['203.0.113.0/24=200', '2001:db8::/48=50']",
    'param licenceLifeSeconds = 864000',
  ];
  const settings = settingsOf(parseSnapshot(evaluateWith(bicep, [...REQUIRED, ISSUER, ...given]).snapshot));
  expect(settings).toMatchObject({ LICENCE_LIFE_SECONDS: '864000' });
  expect(networkLimits.parse(settings['ADDRESS_LIMITS']).map(({ perSecond }) => perSecond)).toEqual([200, 50]);
});

testWithBicep(
  'the operators’ routes exist for the application that is named, in the tenant of the deployment',
  (bicep) => {
    const clientId = '11111111-2222-3333-4444-666666666666';
    const given = [...REQUIRED, ISSUER, `param operatorsApiClientId = '${clientId}'`];
    const settings = settingsOf(parseSnapshot(evaluateWith(bicep, given).snapshot));
    expect(settings).toMatchObject({
      ENTRA_AUDIENCE: clientId,
      ENTRA_TENANT: expect.stringMatching(/tenant/i) as string,
    });
    const without = settingsOf(parseSnapshot(evaluateWith(bicep, [...REQUIRED, ISSUER]).snapshot));
    expect(Object.keys(without).filter((name) => name.startsWith('ENTRA'))).toEqual([]);
  },
);

testWithBicep('nobody but the app has a role on the store', (bicep) => {
  const { snapshot } = evaluateWith(bicep, [...REQUIRED, ISSUER]);
  const onTables = grantsOf(parseSnapshot(snapshot)).filter(({ on }) => on.includes('tables/'));
  expect(onTables.length).toBeGreaterThan(5);
  expect(onTables.filter(({ to }) => to !== 'the app')).toEqual([]);
});

testWithBicep('behind proxies, only they reach the app, and of Front Door’s the vendor’s own profile', (bicep) => {
  const id = '99999999-8888-7777-6666-555555555555';
  const proxies = ['param trustedProxies = 1', `param frontDoorId = '${id}'`, "param proxyRanges = ['203.0.113.0/24']"];
  const { snapshot } = evaluateWith(bicep, [...REQUIRED, ISSUER, ...proxies]);
  expect(settingsOf(parseSnapshot(snapshot))['TRUSTED_PROXIES']).toBe('1');
  expect(resourceOf(parseSnapshot(snapshot), 'Microsoft.Web/sites').properties['siteConfig']).toMatchObject({
    ipSecurityRestrictionsDefaultAction: 'Deny',
    ipSecurityRestrictions: [
      { action: 'Allow', tag: 'ServiceTag', ipAddress: 'AzureFrontDoor.Backend', headers: { 'x-azure-fdid': [id] } },
      { action: 'Allow', ipAddress: '203.0.113.0/24' },
    ],
  });
});

const REFUSED: readonly (readonly [why: string, parameters: readonly string[], message: string])[] = [
  [
    'a root key that is offline and in the vault',
    [ISSUER, `param rootThumbprints = ['${'A'.repeat(43)}']`, `param rootKeyVersions = ['${'a'.repeat(32)}']`],
    'Set rootThumbprints or rootKeyVersions, not both',
  ],
  [
    'three root keys',
    [ISSUER, `param rootThumbprints = ['${['A', 'B', 'C'].map((letter) => letter.repeat(43)).join("', '")}']`],
    'the maximum allowable length is 2',
  ],
  ['licences for more than 800 days', [ISSUER, 'param licenceLifeSeconds = 69120001'], 'the maximum allowable value'],
  ['a proxy that is trusted but can be passed by', [ISSUER, 'param trustedProxies = 1'], 'Set trustedProxies together'],
  ['a proxy that is not counted', [ISSUER, "param proxyRanges = ['203.0.113.0/24']"], 'Set trustedProxies together'],
  ['an issuer without https', ["param issuer = 'http://licences.vendor.example'"], 'issuer must be an https URL'],
  [
    'an issuer with a trailing slash',
    ["param issuer = 'https://licences.vendor.example/'"],
    'issuer must be an https URL',
  ],
  ['the emulator’s cloud', [ISSUER, "param acceptedClouds = ['emulator']"], 'provided item was of type "\'emulator\'"'],
  [
    'fewer instances than the plan takes',
    [ISSUER, 'param maximumInstanceCount = 39'],
    'the minimum allowable value is 40',
  ],
];

for (const [why, parameters, message] of REFUSED) {
  testWithBicep(`refused: ${why}`, (bicep) => {
    const { status, stdout, stderr, snapshot } = evaluateWith(bicep, [...REQUIRED, ...parameters]);
    expect({ status, snapshot }).toEqual({ status: 1, snapshot: '' });
    expect(stdout + stderr).toContain(message);
  });
}
