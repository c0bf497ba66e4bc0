import { asObject, parseJsonObject } from '../members.ts';
import type { JsonObject } from '../members.ts';
import { readTags } from './tags.ts';
import { readTyped } from './typedFields.ts';
import type { Typed } from './typedFields.ts';

const COMPUTE = {
  additionalCapabilities: { hibernationEnabled: 'boolean' },
  /** `AzurePublicCloud`, `AzureUSGovernmentCloud`, `AzureChinaCloud`, … */
  azEnvironment: 'text',
  customData: 'text',
  evictionPolicy: 'text',
  extendedLocation: { name: 'text', type: 'text' },
  host: { id: 'text' },
  hostGroup: { id: 'text' },
  isHostCompatibilityLayerVm: 'boolean',
  isVmInStandbyPool: 'boolean',
  licenseType: 'text',
  location: 'text',
  name: 'text',
  /** Of the image. */
  offer: 'text',
  osProfile: { adminUsername: 'text', computerName: 'text', disablePasswordAuthentication: 'boolean' },
  osType: 'text',
  physicalZone: 'text',
  placementGroupId: 'text',
  /** Of an image from the Azure Marketplace. */
  plan: { name: 'text', product: 'text', publisher: 'text' },
  platformFaultDomain: 'number',
  platformSubFaultDomain: 'number',
  platformUpdateDomain: 'number',
  priority: 'text',
  provider: 'text',
  publicKeys: [{ keyData: 'text', path: 'text' }],
  /** Of the image. */
  publisher: 'text',
  resourceGroupName: 'text',
  resourceId: 'text',
  securityProfile: {
    encryptionAtHost: 'boolean',
    secureBootEnabled: 'boolean',
    securityType: 'text',
    virtualTpmEnabled: 'boolean',
  },
  /** Of the image. */
  sku: 'text',
  subscriptionId: 'text',
  systemFaultDomain: 'number',
  /** In base64. */
  userData: 'text',
  /** Of the image. */
  version: 'text',
  virtualMachineScaleSet: { id: 'text' },
  vmId: 'text',
  vmScaleSetName: 'text',
  vmSize: 'text',
  zone: 'text',
} as const;

const INTERFACE = {
  ipv4: {
    ipAddress: [{ privateIpAddress: 'text', publicIpAddress: 'text' }],
    subnet: [{ address: 'text', prefix: 'number' }],
  },
  ipv6: { ipAddress: [{ privateIpAddress: 'text' }] },
  /** Twelve hexadecimal digits. */
  macAddress: 'text',
} as const;

const DISK = {
  caching: 'text',
  createOption: 'text',
  diffDiskSettings: { option: 'text' },
  diskSizeGB: 'number',
  encryptionSettings: {
    diskEncryptionKey: { secretUrl: 'text', sourceVault: { id: 'text' } },
    enabled: 'boolean',
    keyEncryptionKey: { keyUrl: 'text', sourceVault: { id: 'text' } },
  },
  image: { uri: 'text' },
  lun: 'number',
  managedDisk: { id: 'text', storageAccountType: 'text' },
  name: 'text',
  osType: 'text',
  vhd: { uri: 'text' },
  writeAcceleratorEnabled: 'boolean',
} as const;

const STORAGE = {
  dataDisks: [
    {
      ...DISK,
      bytesPerSecondThrottle: 'number',
      diskCapacityBytes: 'number',
      isSharedDisk: 'boolean',
      isUltraDisk: 'boolean',
      opsPerSecondThrottle: 'number',
    },
  ],
  imageReference: {
    communityGalleryImageId: 'text',
    exactVersion: 'text',
    id: 'text',
    offer: 'text',
    publisher: 'text',
    sharedGalleryImageId: 'text',
    sku: 'text',
    version: 'text',
  },
  osDisk: DISK,
  /** The local disk, in KB. */
  resourceDisk: { size: 'number' },
} as const;

/** Compute metadata without `storageProfile` and tags, which stand beside it. */
export type Compute = Typed<typeof COMPUTE>;
export type NetworkInterface = Typed<typeof INTERFACE>;
export type StorageProfile = Typed<typeof STORAGE>;

/**
 * What IMDS says of this VM. Fields keep Azure's names. A field is absent where it does not apply (`""`) or IMDS is too old
 * for it; fields that this library does not know are there as IMDS answered with them.
 */
export interface Instance {
  /** Empty for VMs of the classic deployment model. */
  readonly compute: Compute;
  readonly network: { readonly interfaces: readonly NetworkInterface[]; readonly [field: string]: unknown };
  readonly storage: StorageProfile;
  readonly tags: ReadonlyMap<string, string>;
  readonly [field: string]: unknown;
}

/** @returns undefined where it is not an answer of `/metadata/instance` */
export function parseInstance(text: string): Instance | undefined {
  const { compute, network, ...others } = parseJsonObject(text) ?? {};
  const [ofCompute, ofNetwork] = [asObject(compute), asObject(network)];
  if (ofCompute === undefined && ofNetwork === undefined) return undefined;
  const { storageProfile, tags, tagsList, ...fields } = ofCompute ?? {};
  return {
    ...others,
    compute: readTyped(COMPUTE, fields) ?? {},
    network: readNetwork(ofNetwork ?? {}),
    storage: readTyped(STORAGE, storageProfile) ?? {},
    tags: readTags(tagsList, tags),
  };
}

function readNetwork({ interface: interfaces, ...others }: JsonObject): Instance['network'] {
  return { ...others, interfaces: readTyped([INTERFACE], interfaces) ?? [] };
}
