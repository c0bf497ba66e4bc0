// The whole service in a resource group of its own: one Flex Consumption app, its storage, its vault, its telemetry.
// No key, connection string or password connects them: the app's one managed identity does, with the roles listed in each module.
targetScope = 'subscription'

import { NonceStyle, SigningKeySource, StorageRedundancy } from 'modules/parameterTypes.bicep'
import { vaultContents } from 'modules/vaultContents.bicep'

@description('Name of this deployment, for instance `production`. Part of the resource group’s name and of the names derived from it.')
@minLength(2)
@maxLength(40)
param environmentName string

@description('Azure region of every resource. It must offer Flex Consumption.')
@metadata({ azd: { type: 'location' } })
@minLength(4)
@maxLength(40)
param location string

@description('The service’s public base URL, a name of the vendor’s own: https, no trailing slash. It lives in VM images for years.')
@minLength(12)
@maxLength(200)
param issuer string

@description('The clouds whose attested documents count, comma-separated.')
@minLength(1)
@maxLength(100)
param acceptedClouds string = 'AzurePublicCloud'

@description('The form of the nonce: 32 characters of base32, or ten digits as Microsoft’s article has it.')
param nonceStyle NonceStyle = 'base32'

@description('How many proxies of the vendor’s own stand between callers and the app. Above 0, name them in frontDoorId or proxyRanges, and nobody else reaches the app.')
@minValue(0)
@maxValue(10)
param trustedProxies int = 0

@description('Id of the Azure Front Door profile in front of the app (a GUID). Empty: none.')
@maxLength(36)
param frontDoorId string = ''

@description('Addresses of other proxies in front of the app, in CIDR form, comma-separated. Empty: none.')
@maxLength(2000)
param proxyRanges string = ''

@description('Addresses, in CIDR form, comma-separated, from which packages may be deployed while the app is closed to all but its proxies. Empty: anywhere while it is open, nowhere while it is closed.')
@maxLength(2000)
param deployerRanges string = ''

@description('Requests a second that one client address may make of one instance.')
@minValue(1)
@maxValue(100000)
param rateLimitPerSecond int = 20

@description('Other limits for the addresses of known networks, each `CIDR=REQUESTS_PER_SECOND`, comma-separated; the longest prefix counts. Empty: none.')
@maxLength(4000)
param addressLimits string = ''

@description('The most seconds from the issue of a licence to the end of its grace. Offers with a longer lifetime and grace are refused.')
@minValue(300)
@maxValue(69120000)
param licenceLifeSeconds int = 2592000

@description('RFC 7638 thumbprints of one or two root keys that are kept offline, comma-separated. Empty: the root key is made in a vault of its own.')
@maxLength(100)
param rootThumbprints string = ''

@description('The public signing keys of a deployment that this one takes over from, as base64 of the file that restore --keys-out writes. They are published until their last licence has ended.')
@maxLength(8000)
param formerSigningKeys string = ''

@description('Versions of the root key in its vault that are in use, comma-separated, while one replaces the other; the first one signs what is asked for without a thumbprint. Empty: the oldest version.')
@maxLength(70)
param rootKeyVersions string = ''

@description('Random part of the first challenge secret. It counts in the first deployment alone, and needs no value.')
@secure()
@minLength(32)
@maxLength(64)
param challengeSeed string = newGuid()

@description('The second random part of the first challenge secret.')
@secure()
@minLength(32)
@maxLength(64)
param challengeSeed2 string = newGuid()

@description('Where the key lies that signs licences: `vaultKey`, a key that never leaves the vault and costs a vault operation for each licence; or `secret`, a private key that each instance reads at its start.')
param signingKeySource SigningKeySource = 'vaultKey'

@description('For signingKeySource `secret`: the version of the secret that holds the private key.')
@maxLength(32)
param signingKeyVersion string = ''

@description('Application (client) id of the operators’ API, registered in this tenant. Empty: its routes do not exist.')
@maxLength(36)
param operatorsApiClientId string = ''

@description('Application (client) id by which people sign in to the console. Empty: that of the operators’ API.')
@maxLength(36)
param entraConsoleClient string = ''

@description('The scope that the console asks for. Empty: the API’s `.default`.')
@maxLength(200)
param entraConsoleScope string = ''

@description('Memory of one instance, in MB. An instance of 512 MB has a quarter of a core, and costs a quarter.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 512

@description('The most instances that the app scales out to.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Requests that one instance works on at a time before another is started.')
@minValue(1)
@maxValue(1000)
param perInstanceConcurrency int = 32

@description('Instances that are always up for HTTP. 0 scales to none, with a cold start.')
@minValue(0)
@maxValue(100)
param alwaysReadyInstances int = 0

@description('How many copies of packages and licences Azure keeps, and where.')
param storageRedundancy StorageRedundancy = 'Standard_ZRS'

@description('Whether the instances are spread over the zones of the region, which has to have zones.')
param zoneRedundant bool = false

@description('Whether locks keep the storage account and the vaults from being deleted.')
param deleteLock bool = false

@description('Whether vaults that were deleted before are recovered with what they held. For one run.')
param recoverVaults bool = false

@description('Whether the app’s host name has a random part, so that nobody else can ever get the same name.')
param uniqueHostName bool = true

@description('Whether storage and vaults answer inside a virtual network alone.')
param privateEndpoints bool = false

@description('Addresses of that network, in CIDR form: at least a /24 that is in use nowhere else.')
@minLength(9)
@maxLength(18)
param networkAddressSpace string = '10.42.0.0/24'

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param telemetryRetentionDays int = 90

@description('Days that the audit logs of vaults and storage are kept.')
@minValue(30)
@maxValue(730)
param auditRetentionDays int = 365

@description('Gigabytes of telemetry a day, beyond which no more is taken that day.')
@minValue(1)
@maxValue(100)
param telemetryDailyQuotaGB int = 5

@description('Where alerts are sent: an e-mail address, best of a group. Empty: they are seen in the portal alone.')
@maxLength(200)
param alertEmail string = ''

@description('Whether the log has hashes instead of the ids of VMs and subscriptions.')
param hashLogIds bool = false

var tags = { 'azd-env-name': environmentName }
var token = uniqueString(subscription().id, environmentName, location)
var names = {
  identity: 'id-${token}'
  workspace: 'log-${token}'
  auditWorkspace: 'audit-${token}'
  insights: 'appi-${token}'
  storage: 'st${token}'
  vault: 'kv-${token}'
  rootVault: 'kvr-${token}'
  plan: 'plan-${token}'
  app: 'func-${token}'
  network: 'vnet-${token}'
}

var isProxied = !empty(frontDoorId) || !empty(proxyRanges)

var isRootOffline = !empty(rootThumbprints)

// The emulator’s cloud is none of them: a deployed service never accepts it.
var azureClouds = ['AzurePublicCloud', 'AzureUSGovernmentCloud', 'AzureChinaCloud', 'AzureGermanCloud']
var unknownClouds = filter(split(acceptedClouds, ','), cloud => !contains(azureClouds, cloud))

// What is wrong with the parameters, all of it: the deployment ends before it makes anything.
var problems = filter(
  [
    startsWith(issuer, 'https://') && !endsWith(issuer, '/') && toLower(issuer) == issuer && !contains(issuer, '?')
      ? ''
      : 'issuer must be an https URL in lower case, without a trailing slash'
    empty(unknownClouds) ? '' : 'acceptedClouds must be of ${join(azureClouds, ', ')}'
    length(split(rootThumbprints, ',')) <= 2 && length(split(rootKeyVersions, ',')) <= 2
      ? ''
      : 'Give one or two root keys, the old one and the new one'
    // A caller’s address is read from what proxies wrote down: whoever could pass them by would write it himself.
    trustedProxies > 0 == isProxied
      ? ''
      : 'Set trustedProxies together with frontDoorId or proxyRanges: a proxy that can be passed by must not be trusted, and one that is not counted hides its callers'
    isRootOffline && !empty(rootKeyVersions)
      ? 'Set rootThumbprints or rootKeyVersions, not both: a root key is either offline or in the vault'
      : ''
    signingKeySource == 'secret' == (length(signingKeyVersion) == 32)
      ? ''
      : 'Set signingKeyVersion, of 32 characters, together with signingKeySource secret: put the private key into the vault first'
    empty(operatorsApiClientId) || length(operatorsApiClientId) == 36
      ? ''
      : 'operatorsApiClientId must be a client id of 36 characters'
    empty(operatorsApiClientId) && !empty('${entraConsoleClient}${entraConsoleScope}')
      ? 'Set operatorsApiClientId too: without it there is no console'
      : ''
    zoneRedundant && !contains(storageRedundancy, 'ZRS')
      ? 'Choose Standard_ZRS or Standard_GZRS as storageRedundancy: zoneRedundant instances need storage in all zones'
      : ''
  ],
  problem => !empty(problem)
)

// Used by the first resource, on which all others depend.
var checkedLocation = empty(problems) ? location : fail(join(problems, '. '))

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: checkedLocation
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: names.workspace
    auditWorkspaceName: names.auditWorkspace
    insightsName: names.insights
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    retentionDays: telemetryRetentionDays
    auditRetentionDays: auditRetentionDays
    dailyQuotaGB: telemetryDailyQuotaGB
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    dailyQuotaGB: telemetryDailyQuotaGB
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.storage
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    redundancy: storageRedundancy
    isPrivate: privateEndpoints
    deleteLock: deleteLock
    auditWorkspaceId: monitoring.outputs.auditWorkspaceId
  }
}

// What the app may do with a key in a vault. Azure’s own narrowest role that can sign, Key Vault Crypto User, may also
// disable a key and take a backup of it.
resource signerRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, token, 'signer')
  properties: {
    roleName: 'Countersign signer ${token}'
    description: 'Reads the public half of a key in Azure Key Vault and signs with it, and nothing else.'
    type: 'CustomRole'
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: ['Microsoft.KeyVault/vaults/keys/read', 'Microsoft.KeyVault/vaults/keys/sign/action']
        notDataActions: []
      }
    ]
    assignableScopes: [subscription().id]
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    name: names.vault
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    signerRoleName: signerRole.name
    auditWorkspaceId: monitoring.outputs.auditWorkspaceId
    recover: recoverVaults
    deleteLock: deleteLock
    isPrivate: privateEndpoints
    firstChallengeSecrets: 'k1:${replace(challengeSeed, '-', '')}${replace(challengeSeed2, '-', '')}'
    signingKeySource: signingKeySource
  }
}

module challengeSecrets 'modules/newestSecret.bicep' = {
  scope: group
  params: {
    vaultName: names.vault
    secretName: vaultContents.challenges
  }
  dependsOn: [vault]
}

module rootVault 'modules/rootVault.bicep' = if (!isRootOffline) {
  scope: group
  params: {
    name: names.rootVault
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    signerRoleName: signerRole.name
    auditWorkspaceId: monitoring.outputs.auditWorkspaceId
    recover: recoverVaults
    deleteLock: deleteLock
    isPrivate: privateEndpoints
  }
}

var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
}

module network 'modules/network.bicep' = if (privateEndpoints) {
  scope: group
  params: {
    name: names.network
    location: location
    tags: tags
    addressSpace: networkAddressSpace
    zoneNames: map(items(zoneNames), zone => zone.value)
  }
}

var storageParts = ['blob', 'table']

module storageEndpoints 'modules/privateEndpoint.bicep' = [
  for part in storageParts: if (privateEndpoints) {
    scope: group
    params: {
      name: 'pe-${part}-${token}'
      location: location
      tags: tags
      subnetId: network!.outputs.endpointSubnetId
      targetId: storage.outputs.id
      part: part
      zoneName: zoneNames[part]
    }
  }
]

module vaultEndpoint 'modules/privateEndpoint.bicep' = if (privateEndpoints) {
  scope: group
  params: {
    name: 'pe-vault-${token}'
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
    targetId: vault.outputs.id
    part: 'vault'
    zoneName: zoneNames.vault
  }
}

module rootVaultEndpoint 'modules/privateEndpoint.bicep' = if (privateEndpoints && !isRootOffline) {
  scope: group
  params: {
    name: 'pe-rootvault-${token}'
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
    targetId: rootVault!.outputs.id
    part: 'vault'
    zoneName: zoneNames.vault
  }
}

var rootKeyUrl = 'https://${names.rootVault}${environment().suffixes.keyvaultDns}/keys/${vaultContents.rootKey}'
var rootKeyUrls = empty(rootKeyVersions)
  ? [rootKeyUrl]
  : map(split(rootKeyVersions, ','), version => '${rootKeyUrl}/${version}')

var tablesEndpoint = 'https://${names.storage}.table.${environment().suffixes.storage}'

var signingKeySecret = 'https://${names.vault}${environment().suffixes.keyvaultDns}/secrets/${vaultContents.signingKeyAsSecret}'

// What the service reads; src/app/config.ts judges it. The platform resolves the references to the vault. They name a
// version: another one changes the settings, which restarts all instances together.
var serviceSettings = {
  ISSUER: issuer
  ACCEPTED_CLOUDS: acceptedClouds
  NONCE_STYLE: nonceStyle
  TRUSTED_PROXIES: string(trustedProxies)
  RATE_LIMIT_PER_SECOND: string(rateLimitPerSecond)
  LICENCE_LIFE_SECONDS: string(licenceLifeSeconds)
  ...(hashLogIds ? { LOG_IDS: 'hashed' } : {})
  ...(empty(formerSigningKeys) ? {} : { FORMER_SIGNING_KEYS: base64ToString(formerSigningKeys) })
  ...(empty(addressLimits) ? {} : { ADDRESS_LIMITS: addressLimits })
  TABLES_ENDPOINT: tablesEndpoint
  AZURE_CLIENT_ID: identity.outputs.clientId
  ...(empty(operatorsApiClientId)
    ? {}
    : {
        ENTRA_TENANT: tenant().tenantId
        ENTRA_AUDIENCE: operatorsApiClientId
      })
  ...(empty(entraConsoleClient) ? {} : { ENTRA_CONSOLE_CLIENT: entraConsoleClient })
  ...(empty(entraConsoleScope) ? {} : { ENTRA_CONSOLE_SCOPE: entraConsoleScope })
  ...(isRootOffline ? { ROOT_THUMBPRINTS: rootThumbprints } : { ROOT_KEY_URL: join(rootKeyUrls, ',') })
  CHALLENGE_SECRETS: '@Microsoft.KeyVault(SecretUri=${challengeSecrets.outputs.uriWithVersion})'
  ...(signingKeySource == 'vaultKey'
    ? {
        SIGNING_KEY_URL: 'https://${names.vault}${environment().suffixes.keyvaultDns}/keys/${vaultContents.signingKey}'
      }
    : { SIGNING_KEY: '@Microsoft.KeyVault(SecretUri=${signingKeySecret}/${signingKeyVersion})' })
}

module app 'modules/functionApp.bicep' = {
  scope: group
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    insightsConnectionString: monitoring.outputs.connectionString
    serviceSettings: serviceSettings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    perInstanceConcurrency: perInstanceConcurrency
    alwaysReadyInstances: alwaysReadyInstances
    frontDoorId: frontDoorId
    proxyRanges: empty(proxyRanges) ? [] : split(proxyRanges, ',')
    deployerRanges: empty(deployerRanges) ? [] : split(deployerRanges, ',')
    zoneRedundant: zoneRedundant
    uniqueHostName: uniqueHostName
    subnetId: network.?outputs.appSubnetId ?? ''
  }
  dependsOn: [rootVault, storageEndpoints, vaultEndpoint, rootVaultEndpoint]
}

@description('Azure region of every resource.')
output AZURE_LOCATION string = location

@description('The directory (tenant) of the deployment.')
output AZURE_TENANT_ID string = tenant().tenantId

@description('The resource group that holds everything.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output SERVICE_API_NAME string = names.app

@description('The app’s own host name: what the issuer’s CNAME record or proxy points to.')
output SERVICE_API_HOST string = app.outputs.hostName

@description('Value of the TXT record `asuid.<issuer’s name>` that proves the name to Azure.')
output DOMAIN_VERIFICATION_ID string = app.outputs.domainVerificationId

@description('Name of the Key Vault that holds the root key. Empty where that is kept offline.')
output ROOT_KEY_VAULT_NAME string = isRootOffline ? '' : names.rootVault

@description('Name of the Key Vault.')
output KEY_VAULT_NAME string = names.vault
