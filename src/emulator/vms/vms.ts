import { createHash } from 'node:crypto';
import type { AttestedVm } from '../documents/documentContent.ts';
import type { FaultName } from '../faults/faults.ts';
import type { LoadBalancer } from './loadBalancer.ts';
import type { ManagedIdentities } from './managedIdentities.ts';
import type { ScheduledEvent } from './scheduledEvents.ts';
import type { ApiVersion } from '../protocol/versions.ts';

/** Instance metadata: every leaf is text. */
export type Metadata = string | readonly Metadata[] | { readonly [field: string]: Metadata };

/** The compute metadata of a VM in its newest form; the table of versions takes away what an answer is too old for. */
interface Compute extends AttestedVm {
  readonly [field: string]: Metadata;
  readonly name: string;
  readonly location: string;
}

export interface Vm {
  /** The last part of its base URL, `/vms/<name>`. */
  readonly name: string;
  readonly compute: Compute;
  readonly network: Metadata;
  /** A VM of the classic deployment model: no compute metadata, and only the vmId is attested. */
  readonly classic?: boolean;
  readonly scheduledEvents?: readonly ScheduledEvent[];
  /** One of its own, and no other, by default. */
  readonly identities?: ManagedIdentities;
  /** None by default. */
  readonly loadBalancer?: LoadBalancer;
  /** Faults of this VM alone. */
  readonly faults?: readonly FaultName[];
  /** The newest api-version that its host serves; the newest of all by default. */
  readonly newestVersion?: ApiVersion;
  /**
   * Fields that answers up to 2020-06-01 have under their own path only, as in an example of the article; paths are written
   * as in the table of versions.
   */
  readonly unlisted?: readonly string[];
}

/** What tells one VM from the next; all else has a default. */
export interface VmDescription extends Omit<Vm, 'compute' | 'network'> {
  readonly vmId: string;
  readonly subscriptionId: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** More compute fields, over the defaults. */
  readonly compute?: Readonly<Record<string, Metadata>>;
  readonly network?: Metadata;
}

const NETWORK = {
  interface: [
    {
      ipv4: {
        ipAddress: [{ privateIpAddress: '10.1.0.4', publicIpAddress: '203.0.113.4' }],
        subnet: [{ address: '10.1.0.0', prefix: '24' }],
        ipAddressBlock: [],
      },
      ipv6: { ipAddress: [] },
      macAddress: '000D3AF806EC',
    },
  ],
} as const;

/** A VM from what is stated of it. IMDS leaves no field out: what does not apply is `""`. */
export function createVm(description: VmDescription): Vm {
  const { name, vmId, subscriptionId, tags = {}, compute = {}, network = NETWORK, ...rest } = description;
  const tagsList = Object.entries(tags).map(([key, value]) => ({ name: key, value }));
  const group = typeof compute['resourceGroupName'] === 'string' ? compute['resourceGroupName'] : 'countersign';
  const stated = { name, vmId, subscriptionId, resourceGroupName: group, tagsList };
  const resourceId = `${groupPath(subscriptionId, group)}/providers/Microsoft.Compute/virtualMachines/${name}`;
  const text = tagsList.map((tag) => `${tag.name}:${tag.value}`).join(';');
  const own = { ...DEFAULTS, osProfile: osProfile(name), ...stated, resourceId, tags: text };
  const storageProfile = compute['storageProfile'] ?? createStorageProfile(subscriptionId, group);
  return { name, compute: { ...own, ...compute, storageProfile }, network, ...rest };
}

const DEFAULTS = {
  additionalCapabilities: { hibernationEnabled: 'false' },
  azEnvironment: 'AzurePublicCloud',
  customData: '',
  evictionPolicy: '',
  extendedLocation: { name: '', type: '' },
  host: { id: '' },
  hostGroup: { id: '' },
  isHostCompatibilityLayerVm: 'false',
  isVmInStandbyPool: 'false',
  licenseType: '',
  location: 'eastus',
  offer: '',
  osType: 'Linux',
  physicalZone: '',
  placementGroupId: '',
  plan: { name: '', product: '', publisher: '' },
  platformFaultDomain: '0',
  platformSubFaultDomain: '',
  platformUpdateDomain: '0',
  priority: '',
  provider: 'Microsoft.Compute',
  publicKeys: [],
  publisher: '',
  securityProfile: {
    encryptionAtHost: 'false',
    secureBootEnabled: 'false',
    securityType: '',
    virtualTpmEnabled: 'false',
  },
  sku: '',
  systemFaultDomain: '0',
  userData: '',
  version: '',
  virtualMachineScaleSet: { id: '' },
  vmScaleSetName: '',
  vmSize: 'Standard_A1_v2',
  zone: '',
} as const satisfies Record<string, Metadata>;

function osProfile(computerName: string) {
  return { adminUsername: 'admin', computerName, disablePasswordAuthentication: 'true' };
}

function groupPath(subscriptionId: string, group: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}`;
}

/** Azure's newest form of it, with every field that the article's tables have too. */
export function createStorageProfile(subscriptionId: string, group: string): Metadata {
  const disks = `${groupPath(subscriptionId, group)}/providers/Microsoft.Compute/disks`;
  const managed = (name: string) => ({
    name,
    managedDisk: { id: `${disks}/${name}`, storageAccountType: 'Standard_LRS' },
  });
  return {
    dataDisks: [{ ...DISK, ...DATA_DISK, ...managed('exampledatadiskname') }],
    imageReference: IMAGE_REFERENCE,
    osDisk: { ...DISK, ...OS_DISK, ...managed('exampleosdiskname') },
    resourceDisk: { size: '0' },
  };
}

const DISK = {
  encryptionSettings: {
    diskEncryptionKey: { secretUrl: '', sourceVault: { id: '' } },
    enabled: 'false',
    keyEncryptionKey: { keyUrl: '', sourceVault: { id: '' } },
  },
  image: { uri: '' },
  vhd: { uri: '' },
  writeAcceleratorEnabled: 'false',
};

const DATA_DISK = {
  ...{ bytesPerSecondThrottle: '0', caching: 'None', createOption: 'Empty', diffDiskSettings: { option: '' } },
  ...{ diskCapacityBytes: '1099511627776', diskSizeGB: '1024', isSharedDisk: 'false', isUltraDisk: 'false', lun: '0' },
  ...{ opsPerSecondThrottle: '0', osType: '' },
};

const OS_DISK = {
  ...{ caching: 'ReadWrite', createOption: 'FromImage', diffDiskSettings: { option: 'Local' }, diskSizeGB: '30' },
  ...{ lun: '', osType: 'Linux' },
};

const IMAGE_REFERENCE = {
  ...{ communityGalleryImageId: '', exactVersion: '', id: '', offer: 'UbuntuServer', publisher: 'Canonical' },
  ...{ sharedGalleryImageId: '', sku: '16.04.0-LTS', version: 'latest' },
};

const FLEET_NAME = /^fleet-(?:0|[1-9]\d{0,5})$/;

/** Whether the name is one of a fleet's, which are made up on demand and cannot be given to other VMs. */
export function isFleetName(name: string): boolean {
  return FLEET_NAME.test(name);
}

/** The VM of that name; one of a fleet is like the first VM but for its name and vmId. */
export function findVm(vms: readonly [Vm, ...Vm[]], name: string): Vm | undefined {
  return isFleetName(name) ? fleetVm(vms[0], name) : vms.find((vm) => vm.name === name);
}

/** The VMs with that one before the others: the root answers for it. @throws an Error that names those that are there */
export function withFirst(vms: readonly [Vm, ...Vm[]], name: string | undefined): readonly [Vm, ...Vm[]] {
  if (name === undefined) return vms;
  const first = findVm(vms, name);
  if (!first) throw new Error(`There is no VM ${name}: choose one of ${vms.map((vm) => vm.name).join(', ')}`);
  return [first, ...vms.filter((vm) => vm !== first)];
}

function fleetVm(first: Vm, name: string): Vm {
  const vmId = uuidOf(name);
  const { resourceId } = first.compute;
  const renamed = typeof resourceId === 'string' ? resourceId.replace(/[^/]*$/, name) : '';
  return { ...first, name, compute: { ...first.compute, name, vmId, resourceId: renamed, osProfile: osProfile(name) } };
}

/** A UUID that belongs to the text (RFC 9562 version 8, of its SHA-256). */
export function uuidOf(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex');
  const variant = '89ab'.charAt(parseInt(digest.charAt(16), 16) % 4);
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`];
  return [...parts, `${variant}${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-');
}
