@export()
@description('What the vaults hold, by name. Names in a vault never hold a secret, and are written into the audit log.')
var vaultContents = {
  challenges: 'challenge-secrets'
  signingKey: 'licence-signing'
  rootKey: 'key-set-root'
  signingKeyAsSecret: 'licence-signing-private'
}
