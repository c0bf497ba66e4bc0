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

@description('Name of the managed identity that signs and reads the secrets.')
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

@description('The challenge secrets. Empty keeps what the vault holds.')
@secure()
@maxLength(500)
param challengeSecrets string

@description('Where the key lies that signs licences.')
param signingKeySource SigningKeySource

@description('The private key for signingKeySource `secret`. Empty keeps what the vault holds.')
@secure()
@maxLength(4000)
param signingKey string

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

var readableSecretNames = signingKeySource == 'secret'
  ? [vaultContents.challenges, vaultContents.signingKeyAsSecret]
  : [vaultContents.challenges]

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

resource key 'Microsoft.KeyVault/vaults/keys@2024-11-01' = {
  parent: vault
  name: vaultContents.signingKey
  properties: {
    kty: 'EC'
    curveName: 'P-256'
    keyOps: ['sign', 'verify']
    attributes: { enabled: true, exportable: false }
  }
}

resource challengeSecretsValue 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(challengeSecrets)) {
  parent: vault
  name: vaultContents.challenges
  properties: { value: challengeSecrets, contentType: 'KID:SECRET, comma-separated' }
}

resource signingKeyValue 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(signingKey)) {
  parent: vault
  name: vaultContents.signingKeyAsSecret
  properties: { value: signingKey, contentType: 'private key on P-256' }
}

resource readableSecrets 'Microsoft.KeyVault/vaults/secrets@2024-11-01' existing = [
  for secretName in readableSecretNames: {
    parent: vault
    name: secretName
  }
]

resource signs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(key.id, identity.id, signerRoleName)
  scope: key
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', signerRoleName)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (secretName, index) in readableSecretNames: {
    name: guid(readableSecrets[index].id, identity.id, keyVaultSecretsUser)
    scope: readableSecrets[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
    }
    dependsOn: [challengeSecretsValue, signingKeyValue]
  }
]

// Who used the key, read a secret or tried to.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspace.id
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}
