/**
 * Every api-version, oldest first. They are dates, so their text sorts as they do. 2017-03-01 has the fields of 2017-04-02.
 */
export const API_VERSIONS = [
  '2017-03-01',
  '2017-04-02',
  '2017-08-01',
  '2017-10-01',
  '2017-12-01',
  '2018-02-01',
  '2018-04-02',
  '2018-10-01',
  '2019-02-01',
  '2019-03-11',
  '2019-04-30',
  '2019-06-01',
  '2019-06-04',
  '2019-08-01',
  '2019-08-15',
  '2019-11-01',
  '2020-06-01',
  '2020-07-15',
  '2020-09-01',
  '2020-10-01',
  '2020-12-01',
  '2021-01-01',
  '2021-02-01',
  '2021-03-01',
  '2021-05-01',
  '2021-08-01',
  '2021-10-01',
  '2021-11-01',
  '2021-11-15',
  '2021-12-13',
  '2023-07-01',
  '2023-11-15',
  '2024-03-15',
  '2024-07-17',
  '2025-04-07',
] as const;

export type ApiVersion = (typeof API_VERSIONS)[number];

export function isApiVersion(text: string): text is ApiVersion {
  return (API_VERSIONS as readonly string[]).includes(text);
}

export function isEventVersion(text: string): text is EventVersion {
  return (EVENT_VERSIONS as readonly string[]).includes(text);
}

/** The newest that a VM serves: on a host that was not updated it is not the newest of all. */
export function versionsUntil(newest: ApiVersion): readonly ApiVersion[] {
  return API_VERSIONS.filter((version) => version <= newest);
}

export const NEWEST_VERSION: ApiVersion = '2025-04-07';

/** The api-version that each endpoint came in with. `/metadata/versions` needs none. */
export const ENDPOINTS_SINCE = {
  instance: '2017-03-01',
  attested: '2018-10-01',
  identity: '2018-02-01',
  loadbalancer: '2020-10-01',
  scheduledevents: '2017-08-01',
} as const satisfies Record<string, ApiVersion>;

/**
 * Scheduled events count their versions on their own; these are known there only (Scheduled Events, "Version and region
 * availability").
 */
const EVENT_VERSIONS = ['2017-11-01', '2019-01-01', '2019-04-01', '2020-07-01'] as const;

/** Of fields that real answers have and no documentation dates: the emulator has them in the newest version alone. */
const UNDATED = NEWEST_VERSION;

/**
 * The api-version that each field came in with: one table for `/metadata/instance`, the attested document and scheduled
 * events. Indexes of lists are left out of a path. A path that is not named here came with what it lies in.
 */
const FIELDS_SINCE = {
  'compute.additionalCapabilities': '2021-11-01',
  'compute.azEnvironment': '2018-10-01',
  'compute.customData': '2019-02-01',
  'compute.evictionPolicy': '2020-12-01',
  'compute.extendedLocation': '2021-03-01',
  'compute.host': '2021-11-15',
  'compute.hostGroup': '2021-11-15',
  'compute.isHostCompatibilityLayerVm': '2020-06-01',
  'compute.isVmInStandbyPool': UNDATED,
  'compute.licenseType': '2020-09-01',
  'compute.osProfile': '2020-07-15',
  'compute.osProfile.disablePasswordAuthentication': '2020-10-01',
  'compute.physicalZone': '2023-11-15',
  'compute.placementGroupId': '2017-08-01',
  'compute.plan': '2018-04-02',
  'compute.platformSubFaultDomain': '2021-10-01',
  'compute.priority': '2020-12-01',
  'compute.provider': '2018-10-01',
  'compute.publicKeys': '2018-04-02',
  'compute.resourceGroupName': '2017-08-01',
  'compute.resourceId': '2019-03-11',
  'compute.securityProfile': '2020-06-01',
  'compute.securityProfile.encryptionAtHost': '2021-11-01',
  'compute.securityProfile.securityType': '2021-12-13',
  'compute.storageProfile': '2019-06-01',
  'compute.storageProfile.dataDisks.bytesPerSecondThrottle': '2021-05-01',
  'compute.storageProfile.dataDisks.diskCapacityBytes': '2021-05-01',
  'compute.storageProfile.dataDisks.encryptionSettings.diskEncryptionKey': '2021-11-01',
  'compute.storageProfile.dataDisks.encryptionSettings.keyEncryptionKey': '2021-11-01',
  'compute.storageProfile.dataDisks.isSharedDisk': '2021-05-01',
  'compute.storageProfile.dataDisks.isUltraDisk': '2021-05-01',
  'compute.storageProfile.dataDisks.opsPerSecondThrottle': '2021-05-01',
  'compute.storageProfile.imageReference.communityGalleryImageId': '2023-07-01',
  'compute.storageProfile.imageReference.exactVersion': '2023-07-01',
  'compute.storageProfile.imageReference.sharedGalleryImageId': '2023-07-01',
  'compute.storageProfile.osDisk.encryptionSettings.diskEncryptionKey': '2021-11-01',
  'compute.storageProfile.osDisk.encryptionSettings.keyEncryptionKey': '2021-11-01',
  'compute.storageProfile.resourceDisk': '2021-02-01',
  'compute.subscriptionId': '2017-08-01',
  'compute.systemFaultDomain': UNDATED,
  'compute.tags': '2017-08-01',
  'compute.tagsList': '2019-06-04',
  'compute.userData': '2021-01-01',
  'compute.virtualMachineScaleSet': '2021-03-01',
  'compute.vmScaleSetName': '2017-12-01',
  'compute.zone': '2017-12-01',
  'document.licenseType': '2020-09-01',
  'document.sku': '2019-11-01',
  'document.subscriptionId': '2019-04-30',
  'network.interface.ipv4.ipAddressBlock': UNDATED,
  'event.Description': '2019-04-01',
  'event.DurationInSeconds': '2020-07-01',
  'event.EventSource': '2019-08-01',
  'event.Preempt': '2017-11-01',
  'event.Terminate': '2019-01-01',
} as const satisfies Record<string, ApiVersion | EventVersion>;

export type EventVersion = (typeof EVENT_VERSIONS)[number];

/** Whether an answer of that api-version has the field; `path` as in {@link FIELDS_SINCE}. */
export function hasField(path: string, version: ApiVersion | EventVersion): boolean {
  const since = (FIELDS_SINCE as Readonly<Record<string, string>>)[path];
  return since === undefined || since <= version;
}
