/**
 * `@countersign/client`: obtains a licence for the Azure VM that it runs on, by Azure's attestation, and keeps it.
 */
export { checkLicence, createLicenceClient } from './client.ts';
export { CLIENT_CODES, ClientError } from './clientError.ts';
export { createOfflineRequest, importOfflineLicence } from './offline/offline.ts';
export { LICENCE_STATES } from './states.ts';

export type { Adapters, KeyPair, KeyStore } from './adapters.ts';
export type { Answer, Licence } from './answer.ts';
export type { InstanceMetadata, ReadRequest, ScheduledEvents } from './check/metadata.ts';
export type { Release } from './check/release.ts';
export type { CheckRequest, LicenceClient, Status, WatchRequest } from './client.ts';
export type { ClientCode } from './clientError.ts';
export type { Compute, NetworkInterface, StorageProfile } from './imds/instance.ts';
export type { ScheduledEvent } from './imds/scheduledEvents.ts';
export type { ClientOptions, TrustOption } from './options.ts';
export type { ImportedLicence, WrittenRequest } from './offline/offline.ts';
export type { Progress, ReportProgress } from './progress.ts';
export type { LicenceState } from './states.ts';
export type { JwkSet } from './trust/keySet.ts';
export type { Features } from '../contract/claims.ts';
export type { OfflineRequest } from '../contract/wire.ts';
export type { ProblemCode } from '../contract/codes.ts';
