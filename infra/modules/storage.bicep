// One account for the Functions host, the deployment package and the licence store. It has no working key and nothing public.

import { StorageRedundancy } from 'parameterTypes.bicep'

@description('Name of the storage account.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region.')
@minLength(4)
@maxLength(40)
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Object id of the managed identity that the app runs as.')
@minLength(36)
@maxLength(36)
param principalId string

@description('How many copies Azure keeps, and where.')
param redundancy StorageRedundancy

@description('Whether the account answers in its private endpoints alone.')
param isPrivate bool

@description('Whether a lock keeps the account from being deleted.')
param deleteLock bool

@description('Resource id of the workspace for audit logs.')
@minLength(20)
@maxLength(400)
param auditWorkspaceId string

var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

var tableNames = [
  'offers'
  'licences'
  'holders'
  'names'
  'activations'
  'decisions'
  'once'
  'bySubscription'
  'byVm'
  'views'
  'statistics'
  'pools'
  'search'
  'licencesBy'
  'changes'
  'trust'
  'issuers'
  'requests'
  'keysets'
  'restores'
]

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'None', defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource deployments 'containers' = {
      name: 'deployments'
      properties: { publicAccess: 'None' }
    }
  }

  resource tableService 'tableServices' = {
    name: 'default'
  }
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2026-06-01' = [
  for tableName in tableNames: {
    parent: account::tableService
    name: tableName
  }
]

// The Functions host keeps its locks and secrets in containers that it makes itself, and the platform reads the package:
// the host’s own documentation asks for Owner, and for the whole account.
resource ownsBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, storageBlobDataOwner)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Table by table: the app can neither make a table nor drop or read another one.
resource writesTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (tableName, index) in tableNames: {
    name: guid(tables[index].id, principalId, storageTableDataContributor)
    scope: tables[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: account
  properties: { level: 'CanNotDelete', notes: 'It holds every licence.' }
}

// Who replaced a package. Rows are read and written with every licence, so that of them the log has the deletions alone.
#disable-next-line use-recent-api-versions // The newest version without `preview` has no category groups.
resource auditsBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::blobs
  properties: {
    workspaceId: auditWorkspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

#disable-next-line use-recent-api-versions // The newest version without `preview` has no category groups.
resource auditsTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::tableService
  properties: {
    workspaceId: auditWorkspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('Where its blobs are.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('The container that deployment packages are put into.')
output deploymentContainerUrl string = '${account.properties.primaryEndpoints.blob}${account::blobs::deployments.name}'
