// The whole service in a resource group of its own: one Flex Consumption app, its storage, its vault, its telemetry.
// No key, connection string or password connects them: the app's one managed identity does, with the roles listed in each module.
targetScope = 'subscription'

import { AzureCloud, NonceStyle, SigningKeySource, StorageRedundancy } from 'modules/parameterTypes.bicep'
import { vaultContents } from 'modules/vaultContents.bicep'

@description('Name of this deployment, for instance `production`. Part of the resource group’s name and of the names derived from it.')
@minLength(2)
@maxLength(40)
param environmentName string

@description('Azure region of every resource. It must offer Flex Consumption.')
@minLength(4)
@maxLength(40)
param location string

@description('The service’s public base URL, a name of the vendor’s own: https, no trailing slash. It lives in VM images for years.')
@minLength(12)
@maxLength(200)
param issuer string

@description('The clouds whose attested documents count.')
@minLength(1)
@maxLength(4)
param acceptedClouds AzureCloud[] = ['AzurePublicCloud']

@description('The form of the nonce: 32 characters of base32, or ten digits as Microsoft’s article has it.')
param nonceStyle NonceStyle = 'base32'

@description('How many proxies of the vendor’s own stand between callers and the app. Above 0, name them in frontDoorId or proxyRanges, and nobody else reaches the app.')
@minValue(0)
@maxValue(10)
param trustedProxies int = 0

@description('Id of the Azure Front Door profile in front of the app (a GUID). Empty: none.')
@maxLength(36)
param frontDoorId string = ''

@description('Addresses of other proxies in front of the app, in CIDR form. Empty: none.')
@maxLength(50)
param proxyRanges string[] = []

@description('Requests a second that one client address may make of one instance.')
@minValue(1)
@maxValue(100000)
param rateLimitPerSecond int = 20

@description('Other limits for the addresses of known networks, each `CIDR=REQUESTS_PER_SECOND`; the longest prefix counts. Empty: none.')
@maxLength(100)
param addressLimits string[] = []

@description('The most seconds from the issue of a licence to the end of its grace. Offers with a longer lifetime and grace are refused.')
@minValue(300)
@maxValue(69120000)
param licenceLifeSeconds int = 2592000

@description('RFC 7638 thumbprints of one or two root keys that are kept offline. Empty: the root key is made in a vault of its own.')
@maxLength(2)
param rootThumbprints string[] = []

@description('Versions of the root key in its vault that are in use, while one replaces the other; the first one signs what is asked for without a thumbprint. Empty: the oldest version.')
@maxLength(2)
param rootKeyVersions string[] = []

@description('Secrets that sign challenges: one or two KID:SECRET, comma-separated, each secret at least 32 random octets in base64url. Needed the first time; empty keeps what the vault holds.')
@secure()
@maxLength(500)
param challengeSecrets string = ''

@description('Where the key lies that signs licences: `secret`, a private key that the app reads from the vault at its start; or `vaultKey`, a key that never leaves the vault.')
param signingKeySource SigningKeySource = 'secret'

@description('The private key for signingKeySource `secret`: an unencrypted PKCS#8 PEM or private JWK on P-256. Needed the first time; empty keeps what the vault holds.')
@secure()
@maxLength(4000)
param signingKey string = ''

@description('Application (client) id of the operators’ API, registered in this tenant. Empty: its routes do not exist.')
@maxLength(36)
param operatorsApiClientId string = ''

@description('Memory of one instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

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

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param telemetryRetentionDays int = 90

@description('Gigabytes of telemetry a day, beyond which no more is taken that day.')
@minValue(1)
@maxValue(100)
param telemetryDailyQuotaGB int = 5

var tags = { 'azd-env-name': environmentName }
var token = uniqueString(subscription().id, environmentName, location)
var names = {
  identity: 'id-${token}'
  workspace: 'log-${token}'
  insights: 'appi-${token}'
  storage: 'st${token}'
  vault: 'kv-${token}'
  rootVault: 'kvr-${token}'
  plan: 'plan-${token}'
  app: 'func-${token}'
}

var isProxied = !empty(frontDoorId) || !empty(proxyRanges)

// A caller’s address is read from what proxies wrote down: whoever could pass them by would write it himself.
var checkedProxies = trustedProxies > 0 == isProxied
  ? trustedProxies
  : fail('Set trustedProxies together with frontDoorId or proxyRanges: a proxy that can be passed by must not be trusted, and one that is not counted hides its callers')

var checkedIssuer = startsWith(issuer, 'https://') && !endsWith(issuer, '/')
  ? issuer
  : fail('issuer must be an https URL without a trailing slash')

var isRootOffline = !empty(rootThumbprints)

var checkedThumbprints = isRootOffline && !empty(rootKeyVersions)
  ? fail('Set rootThumbprints or rootKeyVersions, not both: a root key is either offline or in the vault')
  : rootThumbprints

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
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
    insightsName: names.insights
    location: location
    tags: tags
    identityName: names.identity
    retentionDays: telemetryRetentionDays
    dailyQuotaGB: telemetryDailyQuotaGB
  }
  dependsOn: [identity]
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.storage
    location: location
    tags: tags
    identityName: names.identity
    redundancy: storageRedundancy
  }
  dependsOn: [identity]
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
    identityName: names.identity
    signerRoleName: signerRole.name
    workspaceName: names.workspace
    challengeSecrets: challengeSecrets
    signingKeySource: signingKeySource
    signingKey: signingKey
  }
  dependsOn: [identity, monitoring]
}

module rootVault 'modules/rootVault.bicep' = if (!isRootOffline) {
  scope: group
  params: {
    name: names.rootVault
    location: location
    tags: tags
    identityName: names.identity
    signerRoleName: signerRole.name
    workspaceName: names.workspace
  }
  dependsOn: [identity, monitoring]
}

var rootKeyUrl = 'https://${names.rootVault}${environment().suffixes.keyvaultDns}/keys/${vaultContents.rootKey}'
var rootKeyUrls = empty(rootKeyVersions) ? [rootKeyUrl] : map(rootKeyVersions, version => '${rootKeyUrl}/${version}')

var tablesEndpoint = 'https://${names.storage}.table.${environment().suffixes.storage}'

// What the service reads; src/service/config.ts judges it. The platform resolves the references to the vault.
var serviceSettings = {
  ISSUER: checkedIssuer
  ACCEPTED_CLOUDS: join(acceptedClouds, ',')
  NONCE_STYLE: nonceStyle
  TRUSTED_PROXIES: string(checkedProxies)
  RATE_LIMIT_PER_SECOND: string(rateLimitPerSecond)
  LICENCE_LIFE_SECONDS: string(licenceLifeSeconds)
  ...(empty(addressLimits) ? {} : { ADDRESS_LIMITS: join(addressLimits, ',') })
  TABLES_ENDPOINT: tablesEndpoint
  AZURE_CLIENT_ID: identity.outputs.clientId
  ...(empty(operatorsApiClientId)
    ? {}
    : {
        ENTRA_TENANT: tenant().tenantId
        ENTRA_AUDIENCE: operatorsApiClientId
      })
  ...(isRootOffline ? { ROOT_THUMBPRINTS: join(checkedThumbprints, ',') } : { ROOT_KEY_URL: join(rootKeyUrls, ',') })
  CHALLENGE_SECRETS: '@Microsoft.KeyVault(VaultName=${names.vault};SecretName=${vaultContents.challenges})'
  ...(signingKeySource == 'vaultKey'
    ? {
        SIGNING_KEY_URL: 'https://${names.vault}${environment().suffixes.keyvaultDns}/keys/${vaultContents.signingKey}'
      }
    : { SIGNING_KEY: '@Microsoft.KeyVault(VaultName=${names.vault};SecretName=${vaultContents.signingKeyAsSecret})' })
}

module app 'modules/functionApp.bicep' = {
  scope: group
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: tags
    identityName: names.identity
    storageAccountName: names.storage
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    insightsConnectionString: monitoring.outputs.connectionString
    serviceSettings: serviceSettings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    perInstanceConcurrency: perInstanceConcurrency
    alwaysReadyInstances: alwaysReadyInstances
    frontDoorId: frontDoorId
    proxyRanges: proxyRanges
  }
  dependsOn: [vault, rootVault]
}

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
