import { expect, test } from 'vitest';
import * as z from 'zod';
import { networkLimits } from '../../src/http/networkLimits.ts';
import { runsPrograms } from '../support/programs.ts';
import {
  compareWithSnapshot,
  evaluateWith,
  findBicep,
  formatBicepFiles,
  lint,
  lintText,
  readBicepFiles,
  validateSnapshot,
} from './bicep.ts';
import { readParameterVariables, resolveParameters } from './azd.ts';
import type { Bicep } from './bicep.ts';
import type { Snapshot } from './snapshot.ts';
import { grantsOf, parseSnapshot, resourceOf, resourcesOf, settingsOf } from './snapshot.ts';

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

const gateSchema = z.object({
  resources: z.record(z.string(), z.looseObject({ dependsOn: z.array(z.string()).default([]) })),
  variables: z.record(z.string(), z.unknown()),
});

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
  if ($ref !== undefined || type === 'object' || type === 'bool' || 'allowedValues' in parameter) return true;
  return type === 'int' ? 'minValue' in parameter && 'maxValue' in parameter : 'maxLength' in parameter;
}

testWithBicep('lint says nothing at all', (bicep) => {
  for (const file of ['infra/main.bicep', 'test/infra/main.bicepparam']) {
    const { status, stdout, stderr } = lint(bicep, file);
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
  expect(new Set(names(secret))).toEqual(new Set(['challengeSeed', 'challengeSeed2', 'firstChallengeSecrets']));
});

testWithBicep('the template asks for no key of any resource, and uses no module from a registry', (bicep) => {
  expect(buildTemplate(bicep)).not.toMatch(/listKeys|listAccountSas|listServiceSas|list\w*Secrets?\(/i);
  expect([...readBicepFiles().values()].filter((text) => /'(br|ts)[:/]/.test(text))).toEqual([]);
});

/** azd's own names for two of them. */
const AZD_NAMES: Readonly<Record<string, string>> = { environmentName: 'AZURE_ENV_NAME', location: 'AZURE_LOCATION' };

/** `rateLimitPerSecond` becomes `RATE_LIMIT_PER_SECOND`. */
const snake = (name: string) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();

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
    const made = ['challengeSeed', 'challengeSeed2'];
    expect([...variables.keys(), ...made].toSorted()).toEqual(Object.keys(parameters).toSorted());
    expect([...variables].filter(([name, variable]) => variable !== (AZD_NAMES[name] ?? snake(name)))).toEqual([]);
    expect(resolveParameters(template, {}).asked).toEqual(['environmentName', 'location', 'issuer']);
    expect(resolveParameters(template, FIRST_RUN)).toEqual({
      sent: { environmentName: 'production', location: 'westeurope', issuer: FIRST_RUN.ISSUER },
      asked: [],
    });
    const given = { INSTANCE_MEMORY_MB: '4096', PROXY_RANGES: '203.0.113.0/24', NONCE_STYLE: 'digits' };
    expect(resolveParameters(template, given).sent).toEqual({
      instanceMemoryMB: 4096,
      proxyRanges: '203.0.113.0/24',
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

testWithBicep('secrets are made once, by the deployment itself', (bicep) => {
  const text = buildTemplate(bicep);
  const once = [...text.matchAll(/"@options": \{\s*"onlyIfNotExists": \[\]\s*\},\s*"type": "([^"]+)"/g)];
  expect(once.map(([, type]) => type)).toEqual(['Microsoft.KeyVault/vaults/secrets']);
  const { parameters } = templateSchema.parse(JSON.parse(text));
  for (const seed of ['challengeSeed', 'challengeSeed2'])
    expect(parameters[seed]).toMatchObject({ type: 'securestring', defaultValue: '[newGuid()]' });
});

testWithBicep(
  'what is wrong with the parameters is said by the first resource, on which all others depend',
  (bicep) => {
    const { resources, variables } = gateSchema.parse(JSON.parse(buildTemplate(bicep)));
    expect(resources['group']).toMatchObject({ location: "[variables('checkedLocation')]" });
    expect(variables['checkedLocation']).toContain('fail(');
    // A value that is known only during the deployment would put the message off until other resources are made.
    expect(JSON.stringify([variables['problems'], variables['checkedLocation']])).not.toContain('reference(');
    const others = Object.entries(resources).filter(([name]) => !['group', 'signerRole'].includes(name));
    expect(others.filter(([, { dependsOn }]) => !dependsOn.includes('group')).map(([name]) => name)).toEqual([]);
  },
);

const FRONT_DOOR = '99999999-8888-7777-6666-555555555555';
const API = '11111111-2222-3333-4444-666666666666';
const CONSOLE = '11111111-2222-3333-4444-777777777777';
const KEY_VERSION = 'a1'.repeat(16);
const ROOT_VERSIONS = ['a', 'b'].map((letter) => letter.repeat(32));

/** As `countersign restore --keys-out` writes it. */
const FORMER = `{"keys":[{"kty":"EC","crv":"P-256","x":"${'A'.repeat(43)}","y":"${'A'.repeat(43)}","until":"2027-01-01T00:00:00Z"}]}`;

/** A vendor who sets whatever can be set. */
const EVERYTHING = [
  ...[...REQUIRED, ISSUER, "param challengeSeed = '11111111-1111-4111-8111-111111111111'"],
  ...["param signingKeySource = 'secret'", `param signingKeyVersion = '${KEY_VERSION}'`],
  `param formerSigningKeys = '${Buffer.from(FORMER).toString('base64')}'`,
  ...[`param rootKeyVersions = '${ROOT_VERSIONS.join(',')}'`, 'param licenceLifeSeconds = 864000'],
  "param addressLimits = '203.0.113.0/24=200,2001:db8::/48=50'",
  ...[`param operatorsApiClientId = '${API}'`, `param entraConsoleClient = '${CONSOLE}'`],
  "param entraConsoleScope = 'api://licences/.default'",
  ...['param trustedProxies = 1', `param frontDoorId = '${FRONT_DOOR}'`, "param proxyRanges = '203.0.113.0/24'"],
  ...["param deployerRanges = '198.51.100.7/32'", 'param privateEndpoints = true', 'param deleteLock = true'],
  ...["param alertEmail = 'on-call@vendor.example'", 'param hashLogIds = true'],
  ...['param zoneRedundant = true', 'param recoverVaults = true', 'param uniqueHostName = false'],
];

let everything: Snapshot | null = null;

/** Evaluated once: the compiler takes seconds. */
function evaluateEverything(bicep: Bicep): Snapshot {
  if (everything !== null) return everything;
  const { status, stdout, stderr, snapshot } = evaluateWith(bicep, EVERYTHING);
  expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
  expect(snapshot).not.toContain('11111111-1111');
  everything = parseSnapshot(snapshot);
  return everything;
}

testWithBicep('a private key in a secret takes the place of the vault’s key, by its version', (bicep) => {
  const settings = settingsOf(evaluateEverything(bicep));
  expect(settings).not.toHaveProperty('SIGNING_KEY_URL');
  expect(settings['SIGNING_KEY']).toMatch(/^\[format\('@Microsoft\.KeyVault\(SecretUri=\{0\}\/\{1\}\)'/);
  expect(settings['SIGNING_KEY']).toContain(KEY_VERSION);
  const readable = grantsOf(evaluateEverything(bicep)).filter(({ role }) => role === 'Key Vault Secrets User');
  expect(readable.map(({ on }) => on)).toEqual([
    'vaults/secrets/challenge-secrets',
    'vaults/secrets/licence-signing-private',
  ]);
});

testWithBicep('what a cautious vendor turns on: locks, zones, recovery, and no public addresses', (bicep) => {
  const snapshot = evaluateEverything(bicep);
  const locks = resourcesOf(snapshot, 'Microsoft.Authorization/locks');
  expect(locks.map(({ id }) => /\/(\w+)\/[\w-]+\/providers\/Microsoft.Authorization/.exec(id)?.[1])).toEqual([
    'storageAccounts',
    'vaults',
    'vaults',
  ]);
  expect(resourceOf(snapshot, 'Microsoft.Web/serverfarms').properties).toMatchObject({ zoneRedundant: true });
  const vaults = resourcesOf(snapshot, 'Microsoft.KeyVault/vaults').map(({ properties }) => properties);
  const account = resourceOf(snapshot, 'Microsoft.Storage/storageAccounts').properties;
  expect([...vaults, account].map((properties) => properties['publicNetworkAccess'])).toEqual(
    Array(3).fill('Disabled'),
  );
  expect(vaults.map((properties) => properties['createMode'])).toEqual(['recover', 'recover']);
  expect(resourcesOf(snapshot, 'Microsoft.Network/privateEndpoints')).toHaveLength(4);
  expect(resourcesOf(snapshot, 'Microsoft.Network/privateDnsZones')).toHaveLength(3);
  expect(resourceOf(snapshot, 'Microsoft.Web/sites').properties['virtualNetworkSubnetId']).toContain('appSubnetId');
});

testWithBicep(
  'alerts are sent to the address that is named, and ids in the log are hashed where that is asked for',
  (bicep) => {
    const snapshot = evaluateEverything(bicep);
    expect(resourceOf(snapshot, 'Microsoft.Insights/actionGroups').properties['emailReceivers']).toEqual([
      { name: 'operators', emailAddress: 'on-call@vendor.example', useCommonAlertSchema: true },
    ]);
    expect(settingsOf(snapshot)['LOG_IDS']).toBe('hashed');
  },
);

testWithBicep('the root key is one of the versions that are named', (bicep) => {
  const rootKeys = settingsOf(evaluateEverything(bicep))['ROOT_KEY_URL'];
  for (const version of ROOT_VERSIONS) expect(rootKeys).toContain(version);
  expect(rootKeys).toMatch(/^\[join\(.*, ','\)\]$/);
});

testWithBicep(
  'for root keys that are kept offline there is no vault, and the app is told their thumbprints',
  (bicep) => {
    const thumbprints = ['A', 'B'].map((letter) => letter.repeat(43));
    const given = [...REQUIRED, ISSUER, `param rootThumbprints = '${thumbprints.join(',')}'`];
    const snapshot = parseSnapshot(evaluateWith(bicep, given).snapshot);
    expect(settingsOf(snapshot)).toMatchObject({ ROOT_THUMBPRINTS: thumbprints.join(',') });
    expect(settingsOf(snapshot)).not.toHaveProperty('ROOT_KEY_URL');
    expect(snapshot.predictedResources.filter(({ id }) => id.includes('/vaults/kvr-'))).toEqual([]);
  },
);

testWithBicep('the public keys of an earlier deployment stay among the settings, as the file has them', (bicep) => {
  expect(settingsOf(evaluateEverything(bicep))['FORMER_SIGNING_KEYS']).toBe(FORMER);
});

testWithBicep('the limits of known networks and the life of licences reach the service as it reads them', (bicep) => {
  const settings = settingsOf(evaluateEverything(bicep));
  expect(settings).toMatchObject({ LICENCE_LIFE_SECONDS: '864000', TRUSTED_PROXIES: '1' });
  expect(networkLimits.parse(settings['ADDRESS_LIMITS']).map(({ perSecond }) => perSecond)).toEqual([200, 50]);
});

testWithBicep(
  'the operators’ routes exist for the application that is named, in the tenant of the deployment',
  (bicep) => {
    expect(settingsOf(evaluateEverything(bicep))).toMatchObject({
      ENTRA_AUDIENCE: API,
      ENTRA_CONSOLE_CLIENT: CONSOLE,
      ENTRA_CONSOLE_SCOPE: 'api://licences/.default',
      ENTRA_TENANT: expect.stringMatching(/tenant/i) as string,
    });
  },
);

testWithBicep('behind proxies, only they reach the app, and only deployers its deployment site', (bicep) => {
  expect(resourceOf(evaluateEverything(bicep), 'Microsoft.Web/sites').properties['siteConfig']).toMatchObject({
    ipSecurityRestrictionsDefaultAction: 'Deny',
    ipSecurityRestrictions: [
      // Of all of Front Door's addresses, the vendor's own profile.
      {
        action: 'Allow',
        tag: 'ServiceTag',
        ipAddress: 'AzureFrontDoor.Backend',
        headers: { 'x-azure-fdid': [FRONT_DOOR] },
      },
      { action: 'Allow', ipAddress: '203.0.113.0/24' },
    ],
    scmIpSecurityRestrictionsUseMain: false,
    scmIpSecurityRestrictionsDefaultAction: 'Deny',
    scmIpSecurityRestrictions: [{ action: 'Allow', ipAddress: '198.51.100.7/32' }],
  });
});

/** Each evaluation says all that is wrong. */
const REFUSED: readonly (readonly [why: string, parameters: readonly string[], messages: readonly string[]])[] = [
  [
    'values that do not fit together',
    [
      "param issuer = 'http://licences.vendor.example'",
      ...[
        `param rootThumbprints = '${'A'.repeat(43)}'`,
        `param rootKeyVersions = 'a,b,c'`,
        "param acceptedClouds = 'emulator'",
      ],
      ...["param signingKeySource = 'secret'", 'param trustedProxies = 1', 'param zoneRedundant = true'],
      ...["param storageRedundancy = 'Standard_LRS'", `param entraConsoleClient = '${CONSOLE}'`],
    ],
    [
      'issuer must be an https URL',
      'Set rootThumbprints or rootKeyVersions, not both',
      'acceptedClouds must be of AzurePublicCloud',
      'Give one or two root keys',
      'Set signingKeyVersion',
      'Set trustedProxies together',
      'need storage in all zones',
      'Set operatorsApiClientId too',
    ],
  ],
  [
    'an issuer with a trailing slash, and a proxy that is not counted',
    ["param issuer = 'https://licences.vendor.example/'", "param proxyRanges = '203.0.113.0/24'"],
    ['issuer must be an https URL', 'Set trustedProxies together'],
  ],
  [
    'values out of range: licences for more than 800 days, too few instances',
    [ISSUER, 'param licenceLifeSeconds = 69120001', 'param maximumInstanceCount = 39'],
    ['the maximum allowable value is 69120000', 'the minimum allowable value is 40'],
  ],
];

for (const [why, parameters, messages] of REFUSED) {
  testWithBicep(`refused: ${why}`, (bicep) => {
    const { status, stdout, stderr, snapshot } = evaluateWith(bicep, [...REQUIRED, ...parameters]);
    expect({ status, snapshot }).toEqual({ status: 1, snapshot: '' });
    for (const message of messages) expect(stdout + stderr).toContain(message);
  });
}
