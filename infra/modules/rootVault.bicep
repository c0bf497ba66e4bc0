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

@description('Object id of the managed identity that signs.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Name (a GUID) of the role that may read a key’s public half and sign with it.')
@minLength(36)
@maxLength(36)
param signerRoleName string

@description('Resource id of the workspace for audit logs.')
@minLength(20)
@maxLength(400)
param auditWorkspaceId string

@description('Whether the vault, deleted before, is recovered with what it held.')
param recover bool

@description('Whether a lock keeps the vault from being deleted.')
param deleteLock bool

@description('Whether the vault answers in its private endpoint alone.')
param isPrivate bool

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    createMode: recover ? 'recover' : 'default'
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'None', defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }
}

// No rotation policy: a new version would be another root, which no image pins.
resource key 'Microsoft.KeyVault/vaults/keys@2026-05-15' = {
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
  name: guid(key.id, principalId, signerRoleName)
  scope: key
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', signerRoleName)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: vault
  properties: { level: 'CanNotDelete', notes: 'VM images pin the key in it.' }
}

// Who used the key or tried to.
#disable-next-line use-recent-api-versions // The newest version without `preview` has no category groups.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: auditWorkspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

@description('Resource id of the vault.')
output id string = vault.id
