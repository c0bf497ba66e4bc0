// The app’s one identity. It is made before the app, so that every role is there when the app starts for the first time.

@description('Name of the managed identity.')
@minLength(3)
@maxLength(128)
param name string

@description('Azure region.')
@minLength(4)
@maxLength(40)
param location string

@description('Tags of every resource.')
param tags { *: string }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Its resource id.')
output id string = identity.id

@description('Its client id, by which code asks for its tokens.')
output clientId string = identity.properties.clientId

@description('Its object id, to which roles are given.')
output principalId string = identity.properties.principalId
