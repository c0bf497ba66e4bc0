// The signing key and the challenge secrets. Roles are given on the one key and the one secret, not on the vault.

import { SigningKeySource } from 'parameterTypes.bicep'
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

@description('Object id of the managed identity that signs and reads the secrets.')
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

@description('The challenge secrets, KID:SECRET. They count in the first deployment alone: what the vault holds is kept.')
@secure()
@minLength(3)
@maxLength(500)
param firstChallengeSecrets string

@description('Where the key lies that signs licences.')
param signingKeySource SigningKeySource

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

var readableSecretNames = signingKeySource == 'secret'
  ? [vaultContents.challenges, vaultContents.signingKeyAsSecret]
  : [vaultContents.challenges]

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

resource key 'Microsoft.KeyVault/vaults/keys@2026-05-15' = {
  parent: vault
  name: vaultContents.signingKey
  properties: {
    kty: 'EC'
    curveName: 'P-256'
    keyOps: ['sign', 'verify']
    attributes: { enabled: true, exportable: false }
  }
}

// Each deployment comes with a new value, of which the first one stays: another one would refuse all open challenges.
@onlyIfNotExists()
resource challengeSecrets 'Microsoft.KeyVault/vaults/secrets@2026-05-15' = {
  parent: vault
  name: vaultContents.challenges
  properties: { value: firstChallengeSecrets, contentType: 'KID:SECRET, comma-separated' }
}

resource readableSecrets 'Microsoft.KeyVault/vaults/secrets@2026-05-15' existing = [
  for secretName in readableSecretNames: {
    parent: vault
    name: secretName
  }
]

resource signs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(key.id, principalId, signerRoleName)
  scope: key
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', signerRoleName)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (secretName, index) in readableSecretNames: {
    name: guid(readableSecrets[index].id, principalId, keyVaultSecretsUser)
    scope: readableSecrets[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
    dependsOn: [challengeSecrets]
  }
]

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: vault
  properties: { level: 'CanNotDelete', notes: 'Licences live under the key in it.' }
}

// Who used the key, read a secret or tried to.
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
