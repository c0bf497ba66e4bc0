/** One route: its method, and its path below the issuer, with `{name}` for parameters, `{*name}` for the whole rest. A GET answers HEAD as well. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
}

/**
 * What VMs call, and what anyone may read. A proof's `aud` is the issuer followed by the path that the proof is sent to.
 */
export const VM_ENDPOINTS = {
  issueChallenge: { method: 'POST', path: '/v1/challenges' },
  issueLicence: { method: 'POST', path: '/v1/licences' },
  releaseLicence: { method: 'POST', path: '/v1/releases' },
  readKeySet: { method: 'GET', path: '/.well-known/jwks.json' },
  readSignedKeySet: { method: 'GET', path: '/.well-known/jwks.jwt' },
  readDiscovery: { method: 'GET', path: '/.well-known/countersign' },
  readHealth: { method: 'GET', path: '/healthz' },
  readReadiness: { method: 'GET', path: '/readyz' },
  readProblemPage: { method: 'GET', path: '/problems/{code}' },
  readOpenApi: { method: 'GET', path: '/openapi.json' },
  readStartPage: { method: 'GET', path: '/' },
} as const satisfies Readonly<Record<string, Endpoint>>;

/**
 * The operators' console: files that anyone may read, because they hold nothing but the program. Functions are tried in
 * the alphabetical order of their names, so the name of the route that takes every file is the last one.
 */
export const CONSOLE_ENDPOINTS = {
  readConsoleConfig: { method: 'GET', path: '/console/config.json' },
  readConsoleFile: { method: 'GET', path: '/console/{*file}' },
} as const satisfies Readonly<Record<string, Endpoint>>;

/** What operators call, with an access token of their directory. */
export const OPERATOR_ENDPOINTS = {
  listOffers: { method: 'GET', path: '/operator/v1/offers' },
  readOffer: { method: 'GET', path: '/operator/v1/offers/{publisher}/{product}/{plan}' },
  putOffer: { method: 'PUT', path: '/operator/v1/offers/{publisher}/{product}/{plan}' },
  patchOffer: { method: 'PATCH', path: '/operator/v1/offers/{publisher}/{product}/{plan}' },
  deleteOffer: { method: 'DELETE', path: '/operator/v1/offers/{publisher}/{product}/{plan}' },
  readOverride: {
    method: 'GET',
    path: '/operator/v1/offers/{publisher}/{product}/{plan}/overrides/{cloud}/{subscription}',
  },
  putOverride: {
    method: 'PUT',
    path: '/operator/v1/offers/{publisher}/{product}/{plan}/overrides/{cloud}/{subscription}',
  },
  deleteOverride: {
    method: 'DELETE',
    path: '/operator/v1/offers/{publisher}/{product}/{plan}/overrides/{cloud}/{subscription}',
  },
  listClaims: { method: 'GET', path: '/operator/v1/claims' },
  createClaim: { method: 'POST', path: '/operator/v1/claims' },
  deleteClaim: { method: 'DELETE', path: '/operator/v1/claims/{id}' },
  listLicences: { method: 'GET', path: '/operator/v1/licences' },
  readLicence: { method: 'GET', path: '/operator/v1/licences/{id}' },
  putLicence: { method: 'PUT', path: '/operator/v1/licences/{id}' },
  patchLicence: { method: 'PATCH', path: '/operator/v1/licences/{id}' },
  deleteLicence: { method: 'DELETE', path: '/operator/v1/licences/{id}' },
  changeLicences: { method: 'POST', path: '/operator/v1/licences/changes' },
  readCatalogue: { method: 'GET', path: '/operator/v1/catalogue' },
  applyCatalogue: { method: 'POST', path: '/operator/v1/catalogue' },
  importLicences: { method: 'POST', path: '/operator/v1/imports/licences' },
  exportLicences: { method: 'GET', path: '/operator/v1/exports/licences' },
  exportPrivacy: { method: 'GET', path: '/operator/v1/privacy/{cloud}/{subscription}' },
  erasePrivacy: { method: 'DELETE', path: '/operator/v1/privacy/{cloud}/{subscription}' },
  readUsage: { method: 'GET', path: '/operator/v1/usage' },
  exportUsage: { method: 'GET', path: '/operator/v1/exports/usage' },
  listActivations: { method: 'GET', path: '/operator/v1/activations' },
  readActivation: { method: 'GET', path: '/operator/v1/activations/{pool}/{vm}' },
  blockActivation: { method: 'POST', path: '/operator/v1/activations/{pool}/{vm}/block' },
  unblockActivation: { method: 'POST', path: '/operator/v1/activations/{pool}/{vm}/unblock' },
  releaseSeat: { method: 'POST', path: '/operator/v1/activations/{pool}/{vm}/release' },
  releaseKey: { method: 'POST', path: '/operator/v1/activations/{pool}/{vm}/release-key' },
  activateOffline: { method: 'POST', path: '/operator/v1/offline-activations' },
  readSeats: { method: 'GET', path: '/operator/v1/seats' },
  blockVm: { method: 'POST', path: '/operator/v1/blocks' },
  listDecisions: { method: 'GET', path: '/operator/v1/decisions' },
  readDecision: { method: 'GET', path: '/operator/v1/decisions/{id}' },
  explainDecision: { method: 'GET', path: '/operator/v1/decisions/{id}/explanation' },
  readDecisionNow: { method: 'GET', path: '/operator/v1/decisions/{id}/now' },
  readTimeline: { method: 'GET', path: '/operator/v1/timeline' },
  readOverview: { method: 'GET', path: '/operator/v1/overview' },
  search: { method: 'GET', path: '/operator/v1/search' },
  listPools: { method: 'GET', path: '/operator/v1/pools' },
  readPoolHistory: { method: 'GET', path: '/operator/v1/pools/{pool}/history' },
  readStatistics: { method: 'GET', path: '/operator/v1/statistics/decisions' },
  listChanges: { method: 'GET', path: '/operator/v1/changes' },
  readTrust: { method: 'GET', path: '/operator/v1/trust' },
  listUnknownIssuers: { method: 'GET', path: '/operator/v1/trust/issuers' },
  addPin: { method: 'POST', path: '/operator/v1/trust/pins' },
  deletePin: { method: 'DELETE', path: '/operator/v1/trust/pins/{cloud}/{sha256}' },
  addDistrust: { method: 'POST', path: '/operator/v1/trust/distrusts' },
  deleteDistrust: { method: 'DELETE', path: '/operator/v1/trust/distrusts/{sha256}' },
  readKeys: { method: 'GET', path: '/operator/v1/keys' },
  putKeySet: { method: 'PUT', path: '/operator/v1/keys/sets' },
  readBackup: { method: 'GET', path: '/operator/v1/backup' },
  restoreBackup: { method: 'POST', path: '/operator/v1/restore' },
  confirmRestore: { method: 'POST', path: '/operator/v1/restore/confirm' },
} as const satisfies Readonly<Record<string, Endpoint>>;

export type VmEndpoint = keyof typeof VM_ENDPOINTS;
export type ConsoleEndpoint = keyof typeof CONSOLE_ENDPOINTS;
export type OperatorEndpoint = keyof typeof OPERATOR_ENDPOINTS;
