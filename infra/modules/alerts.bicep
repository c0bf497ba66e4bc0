// What wakes somebody. The queries are files of their own, which tests run on lines that the service really wrote.

@description('Azure region.')
@minLength(4)
@maxLength(40)
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Part of every alert’s name that tells deployments apart.')
@minLength(4)
@maxLength(20)
param token string

@description('Resource id of the workspace that has the service’s log.')
@minLength(20)
@maxLength(400)
param workspaceId string

@description('Where alerts are sent. Empty: they are seen in the portal alone.')
@maxLength(200)
param email string

@description('Gigabytes a day, beyond which the workspace takes no more that day.')
@minValue(1)
@maxValue(100)
param dailyQuotaGB int

// A line of the log takes about 1,250 octets there, and the record of its request 1,200: so many lines are 80 % of a GB.
var linesNearOneGB = 326500

type Alert = {
  name: string
  title: string
  @description('0 critical, 1 error, 2 warning, 3 informational.')
  severity: int
  query: string
  @description('How often the query runs, and over what time.')
  every: string
  window: string
  @description('What the sum of the rows’ counts is compared with. Without it the number of rows is: more than none, unless `whenNone`.')
  moreThan: int?
  whenNone: bool?
}

var alerts Alert[] = [
  {
    name: 'unknown-issuer'
    title: 'A VM came with a certificate of a CA that is not pinned'
    severity: 1
    query: loadTextContent('../alerts/unknown-issuer.kql')
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'missing-issuer-certificate'
    title: 'The package has no certificate of a pinned CA'
    severity: 1
    query: loadTextContent('../alerts/missing-issuer-certificate.kql')
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'readings-differ'
    title: 'Two readers understand a document differently'
    severity: 1
    query: loadTextContent('../alerts/readings-differ.kql')
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'ending-trust'
    title: 'A pin, or the best path of a cloud, ends within 60 days'
    severity: 2
    query: loadTextContent('../alerts/ending-trust.kql')
    every: 'PT1H'
    window: 'PT2H'
  }
  {
    name: 'failed-requests'
    title: 'The service answers 5xx'
    severity: 1
    query: loadTextContent('../alerts/failed-requests.kql')
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'not-ready'
    title: 'The service is not ready, or degraded'
    severity: 1
    query: loadTextContent('../alerts/not-ready.kql')
    every: 'PT5M'
    window: 'PT30M'
  }
  {
    name: 'signing-errors'
    title: 'A signing key or root key does not sign'
    severity: 1
    query: loadTextContent('../alerts/signing-errors.kql')
    every: 'PT5M'
    window: 'PT30M'
  }
  {
    name: 'seats-exhausted'
    title: 'A customer’s VM was refused because all seats are taken'
    severity: 3
    query: loadTextContent('../alerts/seats-exhausted.kql')
    every: 'PT15M'
    window: 'PT1H'
  }
  {
    name: 'cleaning-missed'
    title: 'The store was not cleaned for a day, or timers do not run'
    severity: 2
    query: loadTextContent('../alerts/cleaning-missed.kql')
    every: 'PT1H'
    window: 'PT1H'
    whenNone: true
  }
  {
    name: 'cap-near'
    title: 'Telemetry is near its daily cap, beyond which no alert works'
    severity: 2
    query: loadTextContent('../alerts/cap-near.kql')
    every: 'PT1H'
    window: 'P1D'
    moreThan: linesNearOneGB * dailyQuotaGB
  }
]

resource actions 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${token}'
  location: 'Global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'countersign'
    emailReceivers: empty(email) ? [] : [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: '${alert.name}-${token}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.title
      enabled: true
      severity: alert.severity
      scopes: [workspaceId]
      evaluationFrequency: alert.every
      windowSize: alert.window
      autoMitigate: true
      // The table has no rows, and perhaps no columns, before the first line.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            ...(alert.?moreThan == null
              ? { timeAggregation: 'Count' }
              : { timeAggregation: 'Total', metricMeasureColumn: 'count_' })
            operator: alert.?whenNone == true ? 'LessThan' : 'GreaterThan'
            threshold: alert.?whenNone == true ? 1 : (alert.?moreThan ?? 0)
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actions.id] }
    }
  }
]
