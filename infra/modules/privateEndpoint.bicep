// One address in the network for one part of a resource.

@description('Name of the private endpoint.')
@minLength(2)
@maxLength(64)
param name string

@description('Azure region.')
@minLength(4)
@maxLength(40)
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Resource id of the subnet.')
@minLength(20)
@maxLength(400)
param subnetId string

@description('Resource id of what is reached.')
@minLength(20)
@maxLength(400)
param targetId string

@description('The part of it: `blob`, `table` or `vault`.')
@minLength(4)
@maxLength(20)
param part string

@description('The DNS zone that its name is put into.')
@minLength(10)
@maxLength(100)
param zoneName string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = {
  name: zoneName
}

resource endpoint 'Microsoft.Network/privateEndpoints@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: part, properties: { privateLinkServiceId: targetId, groupIds: [part] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: part, properties: { privateDnsZoneId: zone.id } }] }
  }
}
