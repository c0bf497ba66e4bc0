import { FOREIGN_PLAN } from '../faults/contentFaults.ts';
import type { LoadBalancer } from './loadBalancer.ts';
import { createStorageProfile, createVm } from './vms.ts';
import type { Vm } from './vms.ts';

const EXAMPLE = createVm({
  name: 'examplevmname',
  vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
  subscriptionId: '8d10da13-8125-4ba9-a717-bf7490507b3d',
  tags: { baz: 'bash', foo: 'bar' },
  compute: {
    azEnvironment: 'AZUREPUBLICCLOUD',
    isHostCompatibilityLayerVm: 'true',
    location: 'westus',
    offer: 'Windows',
    osType: 'linux',
    placementGroupId: 'f67c14ab-e92c-408c-ae2d-da15866ec79a',
    plan: { name: 'planName', product: 'planProduct', publisher: 'planPublisher' },
    platformFaultDomain: '36',
    platformUpdateDomain: '42',
    publicKeys: [
      { keyData: 'ssh-rsa 0', path: '/home/user/.ssh/authorized_keys0' },
      { keyData: 'ssh-rsa 1', path: '/home/user/.ssh/authorized_keys1' },
    ],
    publisher: 'RDFE-Test-Microsoft-Windows-Server-Group',
    resourceGroupName: 'macikgo-test-may-23',
    securityProfile: {
      encryptionAtHost: 'false',
      secureBootEnabled: 'true',
      securityType: '',
      virtualTpmEnabled: 'false',
    },
    sku: 'Windows-Server-2012-R2-Datacenter',
    version: '15.05.22',
    vmScaleSetName: 'crpteste9vflji9',
    vmSize: 'Standard_A3',
  },
});

/** The article's tables have these fields of disks, and none of its examples. */
const DISK_FIELDS = [
  ...['diffDiskSettings', 'encryptionSettings', 'osType'].map((field) => `dataDisks.${field}`),
  'osDisk.lun',
].map((path) => `compute.storageProfile.${path}`);

/** The first VM as the article's first example has it, to the letter. */
const ARTICLE: Vm = {
  ...EXAMPLE,
  name: 'article',
  unlisted: ['compute.customData', 'compute.provider', 'compute.tagsList', ...DISK_FIELDS],
};

// The article writes x for the digits of this subscription.
const NEGASONIC_SUBSCRIPTION = '5f3a1c52-8e0d-4b7a-9c61-2d4e8f0a7b13';

const NEGASONIC = createVm({
  name: 'negasonic',
  vmId: '13f56399-bd52-4150-9748-7190aae1ff21',
  subscriptionId: NEGASONIC_SUBSCRIPTION,
  tags: { Department: 'IT', Environment: 'Test', Role: 'WebRole' },
  compute: {
    location: 'centralus',
    offer: 'lampstack',
    plan: { name: '5-6', product: 'lampstack', publisher: 'bitnami' },
    publisher: 'bitnami',
    resourceGroupName: 'myrg',
    sku: '5-6',
    storageProfile: createStorageProfile(NEGASONIC_SUBSCRIPTION, 'macikgo-test-may-23'),
    version: '7.1.1902271506',
    zone: '1',
  },
  unlisted: DISK_FIELDS,
});

/** The VM whose vmId the article's first sample asks for; nothing else is said of it. */
const TRACKED = createVm({
  name: 'tracked',
  vmId: '5c08b38e-4d57-4c23-ac45-aca61037f084',
  subscriptionId: NEGASONIC_SUBSCRIPTION,
});

/** Two subscriptions of one customer, for vendors who try licences over several. */
const CUSTOMER_PRODUCTION = '3e9d2b74-6f15-4c8a-b0d7-91a4c5e8f206';
const CUSTOMER_TEST = 'a17c4f90-2b6d-4e83-9f5a-c08d7b3e6142';

/** The first VM's plan, so that one offer covers it and the customer. */
const VENDOR_IMAGE = {
  plan: { name: 'planName', product: 'planProduct', publisher: 'planPublisher' },
  ...{ publisher: 'planPublisher', offer: 'planProduct', sku: 'planName', version: '1.4.0' },
};

const LOAD_BALANCER: LoadBalancer = {
  publicIpAddresses: [{ frontendIpAddress: '203.0.113.7', privateIpAddress: '10.1.0.4' }],
  inboundRules: [
    {
      ...{ frontendIpAddress: '203.0.113.7', protocol: 'tcp', frontendPort: 443 },
      ...{ backendPort: 8443, privateIpAddress: '10.1.0.4' },
    },
  ],
  outboundRules: [{ frontendIpAddress: '203.0.113.8', privateIpAddress: '10.1.0.4' }],
};

const CUSTOMER_VMS = [
  createVm({
    name: 'customer-production',
    vmId: 'c2b7e1d4-58a3-4f69-8e0b-7d1f3a9c4b52',
    subscriptionId: CUSTOMER_PRODUCTION,
    tags: { stage: 'production' },
    compute: { ...VENDOR_IMAGE, location: 'westeurope', resourceGroupName: 'production' },
    loadBalancer: LOAD_BALANCER,
  }),
  createVm({
    name: 'customer-test',
    vmId: '6f08d3a5-91c4-4b7e-a2d6-e5b40c7f1938',
    subscriptionId: CUSTOMER_TEST,
    tags: { stage: 'test' },
    compute: { ...VENDOR_IMAGE, location: 'northeurope', resourceGroupName: 'test' },
  }),
  createVm({
    name: 'foreign-plan',
    vmId: '94e6a0b8-3d72-4c15-b8f9-1a5d60e2c7b3',
    subscriptionId: CUSTOMER_PRODUCTION,
    compute: {
      location: 'westeurope',
      plan: FOREIGN_PLAN,
      ...{ publisher: FOREIGN_PLAN.publisher, offer: FOREIGN_PLAN.product, sku: FOREIGN_PLAN.name, version: '24.4.7' },
      resourceGroupName: 'production',
    },
  }),
  /** A platform image, which has a publisher and no plan. */
  createVm({
    name: 'without-plan',
    vmId: 'd85b2c61-07fe-4a94-93ad-4c6e9f1b80a7',
    subscriptionId: CUSTOMER_TEST,
    compute: {
      location: 'northeurope',
      ...{ publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: '24.04.202609010' },
      resourceGroupName: 'test',
    },
  }),
];

/** The VMs of the article, then a customer's. The first has a full Marketplace plan, and is the one that the root answers for. */
export const BUILT_IN_VMS: readonly [Vm, ...Vm[]] = [EXAMPLE, NEGASONIC, TRACKED, ...CUSTOMER_VMS, ARTICLE];
