import { randomUUID } from 'node:crypto';
import { TableServiceClient } from '@azure/data-tables';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/app/config.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { createTestTables } from '../support/azurite.ts';
import { grantsOf, readSnapshot, resourceOf, resourcesOf, settingsOf } from './snapshot.ts';

/** Facts about the deployment that must not change unnoticed, read from the snapshot that bicep.test.ts validates. */
const snapshot = readSnapshot();
const TABLES = [
  ...['offers', 'licences', 'holders', 'names', 'activations', 'decisions', 'once', 'bySubscription', 'byVm', 'views'],
  ...['statistics', 'pools', 'search', 'licencesBy', 'changes', 'trust', 'issuers', 'requests', 'keysets', 'restores'],
];

test('the snapshot holds each kind of resource in the number expected, and no other kind', () => {
  const counts: Record<string, number> = {};
  for (const { type } of snapshot.predictedResources) counts[type] = (counts[type] ?? 0) + 1;
  expect(counts).toEqual({
    'Microsoft.Resources/resourceGroups': 1,
    'Microsoft.ManagedIdentity/userAssignedIdentities': 1,
    'Microsoft.OperationalInsights/workspaces': 2,
    'Microsoft.Insights/components': 1,
    'Microsoft.Insights/diagnosticSettings': 4,
    'Microsoft.Insights/actionGroups': 1,
    'Microsoft.Insights/scheduledQueryRules': 10,
    'Microsoft.Insights/workbooks': 1,
    'Microsoft.Storage/storageAccounts': 1,
    'Microsoft.Storage/storageAccounts/blobServices': 1,
    'Microsoft.Storage/storageAccounts/blobServices/containers': 1,
    'Microsoft.Storage/storageAccounts/tableServices': 1,
    'Microsoft.Storage/storageAccounts/tableServices/tables': 20,
    'Microsoft.KeyVault/vaults': 2,
    'Microsoft.KeyVault/vaults/keys': 2,
    'Microsoft.KeyVault/vaults/secrets': 1,
    'Microsoft.Web/serverfarms': 1,
    'Microsoft.Web/sites': 1,
    'Microsoft.Web/sites/basicPublishingCredentialsPolicies': 2,
    'Microsoft.Authorization/roleDefinitions': 1,
    'Microsoft.Authorization/roleAssignments': 25,
  });
});

test('the storage account has no working key, nothing public and no old TLS', () => {
  expect(resourceOf(snapshot, 'Microsoft.Storage/storageAccounts').properties).toMatchObject({
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    allowCrossTenantReplication: false,
    defaultToOAuthAuthentication: true,
    minimumTlsVersion: 'TLS1_2',
    supportsHttpsTrafficOnly: true,
  });
  const container = resourceOf(snapshot, 'Microsoft.Storage/storageAccounts/blobServices/containers');
  expect(container.properties).toEqual({ publicAccess: 'None' });
});

test('there are the tables that the store uses', async () => {
  const tables = resourcesOf(snapshot, 'Microsoft.Storage/storageAccounts/tableServices/tables');
  expect(tables.map(({ name }) => name.split('/').at(-1))).toEqual(TABLES);
  const { connectionString, tablePrefix } = createTestTables();
  await createTablesStore({ connection: { connectionString }, tablePrefix }).ensureTables();
  const used: string[] = [];
  const client = TableServiceClient.fromConnectionString(connectionString, { allowInsecureConnection: true });
  for await (const { name = '' } of client.listTables()) {
    if (name.startsWith(tablePrefix)) used.push(name.slice(tablePrefix.length));
  }
  expect(used.toSorted()).toEqual(TABLES.toSorted());
});

test('nobody but the app has a role on the store, and there are operators’ routes only where they are set up', () => {
  const onTables = grantsOf(snapshot).filter(({ on }) => on.includes('tables/'));
  expect(onTables.map(({ to }) => to)).toEqual(TABLES.map(() => 'the app'));
  expect(Object.keys(settingsOf(snapshot)).filter((name) => name.startsWith('ENTRA'))).toEqual([]);
  expect(settingsOf(snapshot)['ROOT_KEY_URL']).toMatch(
    /'kvr-\w+', environment\(\)\.suffixes\.keyvaultDns, 'key-set-root'/,
  );
});

test('the app has these roles and no others', () => {
  const to = 'the app';
  const signerRole = resourceOf(snapshot, 'Microsoft.Authorization/roleDefinitions').properties['roleName'];
  expect(new Set(grantsOf(snapshot))).toEqual(
    new Set([
      { role: 'Monitoring Metrics Publisher', on: 'components', to },
      { role: 'Storage Blob Data Owner', on: 'storageAccounts', to },
      ...TABLES.map((table) => ({ role: 'Storage Table Data Contributor', on: `storageAccounts/tables/${table}`, to })),
      { role: signerRole, on: 'vaults/keys/licence-signing', to },
      { role: signerRole, on: 'vaults/keys/key-set-root', to },
      { role: 'Key Vault Secrets User', on: 'vaults/secrets/challenge-secrets', to },
    ]),
  );
});

test('the role for keys signs and reads the public half, and can do nothing else', () => {
  expect(resourceOf(snapshot, 'Microsoft.Authorization/roleDefinitions').properties).toMatchObject({
    type: 'CustomRole',
    permissions: [
      {
        actions: [],
        notActions: [],
        dataActions: ['Microsoft.KeyVault/vaults/keys/read', 'Microsoft.KeyVault/vaults/keys/sign/action'],
        notDataActions: [],
      },
    ],
    assignableScopes: ['/subscriptions/00000000-0000-0000-0000-000000000001'],
  });
});

const VAULTS = ['kv-', 'kvr-'];

test.each(VAULTS)('the vault %s goes by roles and cannot be emptied for good', (name) => {
  expect(resourceOf(snapshot, 'Microsoft.KeyVault/vaults', name).properties).toMatchObject({
    enableRbacAuthorization: true,
    enableSoftDelete: true,
    enablePurgeProtection: true,
    softDeleteRetentionInDays: 90,
    enabledForDeployment: false,
    enabledForDiskEncryption: false,
    enabledForTemplateDeployment: false,
  });
});

test('the root key is alone in a vault of its own, and every use of it is logged', () => {
  const inside = snapshot.predictedResources.filter(({ id }) => id.includes('/vaults/kvr-'));
  expect(inside.map(({ type }) => type)).toEqual([
    'Microsoft.KeyVault/vaults',
    'Microsoft.KeyVault/vaults/keys',
    'Microsoft.Authorization/roleAssignments',
    'Microsoft.Insights/diagnosticSettings',
  ]);
  expect(inside.at(-1)?.properties['logs']).toEqual([{ categoryGroup: 'audit', enabled: true }]);
});

test.each(VAULTS)('the key in the vault %s is on P-256, signs and verifies alone, and cannot be exported', (name) => {
  expect(resourceOf(snapshot, 'Microsoft.KeyVault/vaults/keys', name).properties).toEqual({
    kty: 'EC',
    curveName: 'P-256',
    keyOps: ['sign', 'verify'],
    attributes: { enabled: true, exportable: false },
  });
});

test('the first deployment makes the challenge secret, of octets enough, from secure parameters alone', () => {
  const { value } = resourceOf(snapshot, 'Microsoft.KeyVault/vaults/secrets').properties;
  expect(value).toBe(
    "[format('k1:{0}{1}', replace(parameters('challengeSeed'), '-', ''), replace(parameters('challengeSeed2'), '-', ''))]",
  );
});

test('a role assignment has a name of the identity’s object id, because an identity made anew needs another one', () => {
  const names = resourcesOf(snapshot, 'Microsoft.Authorization/roleAssignments').map(({ name }) => name);
  expect(names.filter((name) => !name.includes('.outputs.principalId.value'))).toEqual([]);
});

test('audit logs go to a workspace that no flood of telemetry can fill', () => {
  const audits = resourcesOf(snapshot, 'Microsoft.Insights/diagnosticSettings');
  const workspaces = new Set(audits.map(({ properties }) => properties['workspaceId']));
  expect([...workspaces]).toEqual([expect.stringContaining('.outputs.auditWorkspaceId.value')]);
  expect(resourceOf(snapshot, 'Microsoft.OperationalInsights/workspaces', 'audit-').properties).toMatchObject({
    workspaceCapping: { dailyQuotaGb: -1 },
    retentionInDays: 365,
  });
  const logs = audits.filter(({ id }) => id.includes('/storageAccounts/')).map(({ properties }) => properties['logs']);
  expect(logs).toEqual([
    [
      { category: 'StorageWrite', enabled: true },
      { category: 'StorageDelete', enabled: true },
    ],
    [{ category: 'StorageDelete', enabled: true }],
  ]);
});

test('telemetry is neither written nor read with a key', () => {
  expect(resourceOf(snapshot, 'Microsoft.Insights/components').properties).toMatchObject({ DisableLocalAuth: true });
  const workspace = resourceOf(snapshot, 'Microsoft.OperationalInsights/workspaces', 'log-').properties;
  expect(workspace).toMatchObject({ features: { disableLocalAuth: true } });
  expect(settingsOf(snapshot)['APPLICATIONINSIGHTS_AUTHENTICATION_STRING']).toContain(';Authorization=AAD');
});

test('the plan is Flex Consumption on Linux, and the app runs Node 24 from a package read by identity', () => {
  const plan = resourceOf(snapshot, 'Microsoft.Web/serverfarms');
  expect(plan).toMatchObject({ sku: { name: 'FC1', tier: 'FlexConsumption' }, properties: { reserved: true } });
  expect(resourceOf(snapshot, 'Microsoft.Web/sites').properties['functionAppConfig']).toMatchObject({
    runtime: { name: 'node', version: '24' },
    deployment: { storage: { type: 'blobContainer', authentication: { type: 'UserAssignedIdentity' } } },
    scaleAndConcurrency: { instanceMemoryMB: 512, maximumInstanceCount: 40 },
  });
});

test('the app speaks https alone, TLS 1.2 or newer, and takes no password for deployments', () => {
  const { properties } = resourceOf(snapshot, 'Microsoft.Web/sites');
  expect(properties).toMatchObject({
    httpsOnly: true,
    siteConfig: { minTlsVersion: '1.2', scmMinTlsVersion: '1.2', remoteDebuggingEnabled: false },
  });
  const policies = resourcesOf(snapshot, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
  expect(policies.map(({ name, properties: policy }) => [name.split('/').at(-1), policy])).toEqual([
    ['ftp', { allow: false }],
    ['scm', { allow: false }],
  ]);
});

/** Flex Consumption takes these as properties of the app, and refuses or ignores the settings. */
const FORBIDDEN_SETTINGS =
  /^(FUNCTIONS_(WORKER|EXTENSION)_|WEBSITE_|SCM_|ENABLE_ORYX|APPINSIGHTS_|AzureWebJobs(Storage|Dashboard)$)/;
const FORBIDDEN_PROPERTIES = [
  'ftpsState',
  'linuxFxVersion',
  'alwaysOn',
  'nodeVersion',
  'use32BitWorkerProcess',
  'cors',
];

test('no setting or property is there that Flex Consumption does not take', () => {
  expect(Object.keys(settingsOf(snapshot)).filter((name) => FORBIDDEN_SETTINGS.test(name))).toEqual([]);
  const siteConfig = Object.keys(resourceOf(snapshot, 'Microsoft.Web/sites').properties['siteConfig'] ?? {});
  expect(siteConfig).toContain('minTlsVersion');
  expect(siteConfig.filter((name) => FORBIDDEN_PROPERTIES.includes(name))).toEqual([]);
});

test('the host reaches its storage by identity, and shows no page of its own', () => {
  expect(settingsOf(snapshot)).toMatchObject({
    AzureWebJobsStorage__blobServiceUri: expect.stringContaining('.outputs.blobEndpoint.value') as string,
    AzureWebJobsStorage__credential: 'managedidentity',
    AzureWebJobsDisableHomepage: 'true',
  });
  expect(settingsOf(snapshot)['AzureWebJobsStorage__clientId']).toContain('.outputs.clientId.value');
  // With it the host makes diagnostic tables, which the app's roles do not allow.
  expect(settingsOf(snapshot)).not.toHaveProperty('AzureWebJobsStorage__accountName');
});

test('the host refuses a body that is far longer than the longest that the service takes', () => {
  const limit = Number(settingsOf(snapshot)['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT']);
  expect(limit).toBeGreaterThan(256 * 1024);
  expect(limit).toBeLessThan(320 * 1024);
});

test('no setting carries a key: secrets are references to the vault', () => {
  const settings = settingsOf(snapshot);
  expect(settings['CHALLENGE_SECRETS']).toMatch(
    /^\[format\('@Microsoft\.KeyVault\(SecretUri=\{0\}\)', reference\(.*'challengeSecrets-\{0\}'.*\)\.outputs\.uriWithVersion\.value\)\]$/,
  );
  expect(settings['SIGNING_KEY_URL']).toContain("'licence-signing'");
  expect(Object.values(settings).filter((value) => /AccountKey|SharedAccess|listKeys|Password/i.test(value))).toEqual(
    [],
  );
  expect(Object.values(snapshot.outputs).filter((value) => /listKeys|secrets/i.test(String(value)))).toEqual([]);
});

test('the service accepts the settings that the deployment gives it', () => {
  const resolved = {
    TABLES_ENDPOINT: 'https://stvendor.table.core.windows.net',
    AZURE_CLIENT_ID: '00000000-0000-0000-0000-000000000002',
    CHALLENGE_SECRETS: `k1:${(randomUUID() + randomUUID()).replaceAll('-', '')}`,
    SIGNING_KEY_URL: 'https://kv-vendor.vault.azure.net/keys/licence-signing',
    ROOT_KEY_URL: 'https://kvr-vendor.vault.azure.net/keys/key-set-root',
  };
  const config = readConfig({ ...settingsOf(snapshot), ...resolved });
  expect(config).toMatchObject({
    ISSUER: 'https://licences.vendor.example',
    ACCEPTED_CLOUDS: ['AzurePublicCloud'],
    NONCE_STYLE: 'base32',
    TRUSTED_PROXIES: 0,
    RATE_LIMIT_PER_SECOND: 20,
  });
  expect(Object.keys(settingsOf(snapshot))).toEqual(expect.arrayContaining(Object.keys(resolved)));
  expect(settingsOf(snapshot)).toMatchObject({ LICENCE_LIFE_SECONDS: '2592000' });
  expect(settingsOf(snapshot)).not.toHaveProperty('ADDRESS_LIMITS');
});
