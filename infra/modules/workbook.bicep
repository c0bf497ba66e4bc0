// What operators look at: a page of queries in the portal. docs/telemetry.md explains them.

@description('Azure region.')
@minLength(4)
@maxLength(40)
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Resource id of the workspace that has the service’s log.')
@minLength(20)
@maxLength(400)
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'countersign workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Countersign'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: string(union(loadJsonContent('../workbook.json'), { fallbackResourceIds: [workspaceId] }))
  }
}
