// The root key, which signs key sets and nothing else, in a vault of its own: whoever is given a role on the other vault has
// none here. VM images pin the key for years, so that the vault cannot be purged for 90 days after it was deleted.

import { vaultContents } from 'vaultContents.bicep'

@description('Name of the Key Vault.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region.')
@minLength(4)
@maxLength(40)
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Name of the managed identity that signs.')
@minLength(3)
@maxLength(128)
param identityName string

@description('Name (a GUID) of the role that may read a key’s public half and sign with it.')
@minLength(36)
@maxLength(36)
param signerRoleName string

@description('Name of the Log Analytics workspace that the vault’s audit log goes to.')
@minLength(4)
@maxLength(63)
param workspaceName string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    networkAcls: { bypass: 'None', defaultAction: 'Allow' }
  }
}

// No rotation policy: a new version would be another root, which no image pins.
resource key 'Microsoft.KeyVault/vaults/keys@2024-11-01' = {
  parent: vault
  name: vaultContents.rootKey
  properties: {
    kty: 'EC'
    curveName: 'P-256'
    keyOps: ['sign', 'verify']
    attributes: { enabled: true, exportable: false }
  }
}

resource signs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(key.id, identity.id, signerRoleName)
  scope: key
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', signerRoleName)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Who used the key or tried to.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}
