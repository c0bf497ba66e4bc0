import {
  API_VERSION,
  BIG_NUMBER,
  BOOLEAN,
  CACHING,
  CLOUD,
  CREATE_OPTION,
  DISK_OPTION,
  ENCODING,
  EVICTION,
  LICENCE_TYPE,
  OS_TYPE,
  PRIORITY,
  PROVIDER,
  PUBLISHER,
  REFUSAL,
  REGION,
  SECURITY_TYPE,
  SMALL_NUMBER,
  STORAGE,
  VERSION,
  VM_SIZE,
} from './harmless.ts';

/**
 * Which values of an answer may stay, by their path without the indexes of lists. A value that does not match, and every
 * value of another path, is replaced.
 */
export const KEPT_VALUES: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    apiVersions: API_VERSION,
    'newest-versions': API_VERSION,
    error: REFUSAL,
    encoding: ENCODING,
    'compute.additionalCapabilities.hibernationEnabled': BOOLEAN,
    'compute.azEnvironment': CLOUD,
    'compute.evictionPolicy': EVICTION,
    'compute.isHostCompatibilityLayerVm': BOOLEAN,
    'compute.isVmInStandbyPool': BOOLEAN,
    'compute.licenseType': LICENCE_TYPE,
    'compute.location': REGION,
    'compute.osProfile.disablePasswordAuthentication': BOOLEAN,
    'compute.osType': OS_TYPE,
    'compute.plan.publisher': PUBLISHER,
    'compute.platformFaultDomain': SMALL_NUMBER,
    'compute.platformSubFaultDomain': SMALL_NUMBER,
    'compute.platformUpdateDomain': SMALL_NUMBER,
    'compute.priority': PRIORITY,
    'compute.provider': PROVIDER,
    'compute.publisher': PUBLISHER,
    'compute.securityProfile.encryptionAtHost': BOOLEAN,
    'compute.securityProfile.secureBootEnabled': BOOLEAN,
    'compute.securityProfile.securityType': SECURITY_TYPE,
    'compute.securityProfile.virtualTpmEnabled': BOOLEAN,
    ...storageRules('dataDisks'),
    ...storageRules('osDisk'),
    'compute.storageProfile.imageReference.publisher': PUBLISHER,
    'compute.storageProfile.imageReference.version': VERSION,
    'compute.storageProfile.imageReference.exactVersion': VERSION,
    'compute.storageProfile.resourceDisk.size': BIG_NUMBER,
    'compute.systemFaultDomain': SMALL_NUMBER,
    'compute.version': VERSION,
    'compute.vmSize': VM_SIZE,
    'compute.zone': SMALL_NUMBER,
    'network.interface.ipv4.subnet.prefix': SMALL_NUMBER,
    'network.interface.ipv6.subnet.prefix': SMALL_NUMBER,
    // The signed content.
    licenseType: LICENCE_TYPE,
    'plan.publisher': PUBLISHER,
  }),
);

function storageRules(disks: string): Readonly<Record<string, RegExp>> {
  const path = `compute.storageProfile.${disks}`;
  return {
    [`${path}.bytesPerSecondThrottle`]: BIG_NUMBER,
    [`${path}.caching`]: CACHING,
    [`${path}.createOption`]: CREATE_OPTION,
    [`${path}.diffDiskSettings.option`]: DISK_OPTION,
    [`${path}.diskCapacityBytes`]: BIG_NUMBER,
    [`${path}.diskSizeGB`]: SMALL_NUMBER,
    [`${path}.encryptionSettings.enabled`]: BOOLEAN,
    [`${path}.isSharedDisk`]: BOOLEAN,
    [`${path}.isUltraDisk`]: BOOLEAN,
    [`${path}.lun`]: SMALL_NUMBER,
    [`${path}.managedDisk.storageAccountType`]: STORAGE,
    [`${path}.opsPerSecondThrottle`]: BIG_NUMBER,
    [`${path}.osType`]: OS_TYPE,
    [`${path}.writeAcceleratorEnabled`]: BOOLEAN,
  };
}

/** Names of members that Azure documents. Others are replaced as values are: a map can have ids for names. */
const NAMES =
  'additionalCapabilities address adminUsername apiVersions azEnvironment bytesPerSecondThrottle caching communityGalleryImageId compute ' +
  'computerName createOption createdOn customData dataDisks diffDiskSettings disablePasswordAuthentication diskCapacityBytes ' +
  'diskEncryptionKey diskSizeGB enabled encoding encryptionAtHost encryptionSettings error evictionPolicy exactVersion expiresOn ' +
  'extendedLocation hibernationEnabled host hostGroup id image imageReference interface ipAddress ipAddressBlock ipv4 ipv6 ' +
  'isHostCompatibilityLayerVm isSharedDisk isUltraDisk isVmInStandbyPool keyData keyEncryptionKey keyUrl licenseType location lun ' +
  'macAddress managedDisk name network newest-versions nonce offer opsPerSecondThrottle option osDisk osProfile osType path ' +
  'physicalZone placementGroupId plan platformFaultDomain platformSubFaultDomain platformUpdateDomain prefix priority ' +
  'privateIpAddress product provider publicIpAddress publicKeys publisher resourceDisk resourceGroupName resourceId secretUrl ' +
  'secureBootEnabled securityProfile securityType sharedGalleryImageId signature size sku sourceVault storageAccountType ' +
  'storageProfile subnet subscriptionId systemFaultDomain tags tagsList timeStamp type uri userData value version vhd ' +
  'virtualMachineScaleSet virtualTpmEnabled vmId vmScaleSetName vmSize writeAcceleratorEnabled zone';

export const KEPT_NAMES: ReadonlySet<string> = new Set(NAMES.split(' '));
