// Telemetry. Both sides refuse keys: what is written and what is read needs an Entra identity.

@description('Name of the Log Analytics workspace.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Name of the Log Analytics workspace for audit logs.')
@minLength(4)
@maxLength(63)
param auditWorkspaceName string

@description('Name of the Application Insights component.')
@minLength(1)
@maxLength(260)
param insightsName string

@description('Azure region.')
@minLength(4)
@maxLength(40)
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Object id of the managed identity that writes telemetry.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Days that audit logs are kept.')
@minValue(30)
@maxValue(730)
param auditRetentionDays int

@description('Gigabytes a day, beyond which no more is taken that day.')
@minValue(1)
@maxValue(100)
param dailyQuotaGB int

var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    workspaceCapping: { dailyQuotaGb: dailyQuotaGB }
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

// A workspace of its own, without a cap: a flood of telemetry must not end the record of who used a key.
resource auditWorkspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: auditWorkspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: auditRetentionDays
    workspaceCapping: { dailyQuotaGb: -1 }
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

resource publishesTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, monitoringMetricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

@description('Where telemetry is sent. No secret: with local authentication off it opens nothing.')
output connectionString string = insights.properties.ConnectionString

@description('Resource id of the workspace that has the service’s log.')
output workspaceId string = workspace.id

@description('Resource id of the workspace for audit logs.')
output auditWorkspaceId string = auditWorkspace.id
