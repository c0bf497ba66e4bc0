import { expect, test } from 'vitest';
import { parseVmFile } from '../../../src/emulator/vms/vmFile.ts';
import { get, getJson, withEmulator } from '../running.ts';

const ID = '0d4f0d5c-7c0f-4f0e-9b9e-6d2b2d6a9e11';
const PATH = '/metadata/loadbalancer?api-version=';
const BALANCER = {
  publicIpAddresses: [{ frontendIpAddress: '203.0.113.7', privateIpAddress: '10.1.0.4' }],
  inboundRules: [
    {
      ...{ frontendIpAddress: '203.0.113.7', protocol: 'tcp', frontendPort: 80 },
      ...{ backendPort: 8080, privateIpAddress: '10.1.0.4' },
    },
  ],
  outboundRules: [{ frontendIpAddress: '203.0.113.8', privateIpAddress: '10.1.0.4' }],
};

function vmsWith(loadBalancer: unknown) {
  const file = { vms: [{ name: 'vm', vmId: ID, subscriptionId: ID, loadBalancer }] };
  return parseVmFile(JSON.stringify(file), 'vms.json');
}

test('a VM behind a load balancer has its addresses and rules, from 2020-10-01 on', async () => {
  await withEmulator({ vms: vmsWith(BALANCER) }, async (emulator) => {
    expect(await getJson(emulator, `${PATH}2020-10-01`)).toEqual({ loadbalancer: BALANCER });
    expect((await get(emulator, `${PATH}2020-09-01`)).status).toBe(404);
    expect((await get(emulator, `${PATH}2020-10-01&format=text`)).status).toBe(400);
    expect((await get(emulator, PATH.replace('r?', 'r/inboundRules?') + '2020-10-01')).status).toBe(404);
  });
});

test('what is not stated of a load balancer is empty', async () => {
  await withEmulator({ vms: vmsWith({}) }, async (emulator) => {
    const nothing = { publicIpAddresses: [], inboundRules: [], outboundRules: [] };
    expect(await getJson(emulator, `${PATH}2025-04-07`)).toEqual({ loadbalancer: nothing });
  });
});

test('a VM without a load balancer is told so', async () => {
  await withEmulator({}, async (emulator) => {
    const { status, text } = await get(emulator, `${PATH}2020-10-01`);
    expect({ status, text }).toEqual({
      status: 404,
      text: expect.stringContaining('No load balancer metadata is found') as string,
    });
    expect((await get(emulator, `/vms/customer-production${PATH}2020-10-01`)).status).toBe(200);
  });
});

test('a misspelt member and a port that is none are refused', () => {
  expect(() => vmsWith({ inboundRule: [] })).toThrow('inboundRule');
  expect(() => vmsWith({ inboundRules: [{ ...BALANCER.inboundRules[0], backendPort: 70_000 }] })).toThrow(
    'backendPort',
  );
});
