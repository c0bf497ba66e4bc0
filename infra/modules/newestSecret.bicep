// Reads which version of a secret is the newest. In a module of its own, so that it reads after the secret was made.

@description('Name of the Key Vault.')
@minLength(3)
@maxLength(24)
param vaultName string

@description('Name of the secret.')
@minLength(1)
@maxLength(127)
param secretName string

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' existing = {
  name: vaultName

  resource secret 'secrets' existing = {
    name: secretName
  }
}

@description('URI of the secret’s newest version.')
output uriWithVersion string = vault::secret.properties.secretUriWithVersion
