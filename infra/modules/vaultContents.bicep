@export()
@description('What the vault holds, by name. Names in a vault never hold a secret, and are written into the audit log.')
var vaultContents = {
  challenges: 'challenge-secrets'
  signingKey: 'licence-signing'
  signingKeyAsSecret: 'licence-signing-private'
}
