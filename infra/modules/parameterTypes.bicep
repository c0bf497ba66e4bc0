@export()
@description('The form of the nonce that a challenge gives.')
type NonceStyle = 'base32' | 'digits'

@export()
@description('Where the key lies that signs licences.')
type SigningKeySource = 'secret' | 'vaultKey'

@export()
@description('How a storage account keeps copies: in one data centre, in three zones, or in a second region as well.')
type StorageRedundancy = 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GRS' | 'Standard_GZRS'
