// The Flex Consumption plan and its one app. On this plan runtime, scale and package are properties, never app settings.

@description('Name of the function app.')
@minLength(2)
@maxLength(60)
param name string

@description('Name of the plan.')
@minLength(1)
@maxLength(60)
param planName string

@description('Azure region.')
@minLength(4)
@maxLength(40)
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Name of the managed identity that the app runs as.')
@minLength(3)
@maxLength(128)
param identityName string

@description('Name of the storage account of the Functions host.')
@minLength(3)
@maxLength(24)
param storageAccountName string

@description('The blob container that deployment packages are put into.')
@minLength(20)
@maxLength(200)
param deploymentContainerUrl string

@description('Application Insights’ connection string.')
@minLength(1)
@maxLength(2000)
param insightsConnectionString string

@description('The settings that the service itself reads.')
param serviceSettings { *: string }

@description('Memory of one instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('The most instances that the app scales out to.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Requests that one instance works on at a time.')
@minValue(1)
@maxValue(1000)
param perInstanceConcurrency int

@description('Instances that are always up for HTTP.')
@minValue(0)
@maxValue(100)
param alwaysReadyInstances int

@description('Id of the Azure Front Door profile in front of the app. Empty: none.')
@maxLength(36)
param frontDoorId string

@description('Addresses of other proxies in front of the app, in CIDR form.')
@maxLength(50)
param proxyRanges string[]

var hostSettings = {
  AzureWebJobsStorage__accountName: storageAccountName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  AzureWebJobsDisableHomepage: 'true'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
}

var frontDoorRules = empty(frontDoorId)
  ? []
  : [
      {
        name: 'Front Door'
        action: 'Allow'
        priority: 100
        tag: 'ServiceTag'
        ipAddress: 'AzureFrontDoor.Backend'
        headers: { 'x-azure-fdid': [frontDoorId] }
      }
    ]

var proxyRules = [
  for (range, index) in proxyRanges: {
    name: 'Proxy ${index + 1}'
    action: 'Allow'
    priority: 200 + index
    ipAddress: range
  }
]

var accessRules = concat(frontDoorRules, proxyRules)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identity.id
    functionAppConfig: {
      runtime: { name: 'node', version: '24' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        triggers: { http: { perInstanceConcurrency: perInstanceConcurrency } }
        alwaysReady: alwaysReadyInstances == 0 ? [] : [{ name: 'http', instanceCount: alwaysReadyInstances }]
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
      ipSecurityRestrictionsDefaultAction: empty(accessRules) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: accessRules
      appSettings: map(items(union(hostSettings, serviceSettings)), setting => {
        name: setting.key
        value: setting.value
      })
    }
  }
}

// Deployments sign in with Entra; passwords for them do not work.
resource ftpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource scmPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

@description('The app’s own host name.')
output hostName string = app.properties.defaultHostName

@description('Value of the TXT record that proves a custom name to Azure.')
output domainVerificationId string = app.properties.customDomainVerificationId
