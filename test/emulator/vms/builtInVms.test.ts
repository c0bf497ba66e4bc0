import { expect, test } from 'vitest';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { getJson, withEmulator } from '../running.ts';

const COMPUTE = '/metadata/instance/compute?api-version=2021-01-01';
const VENDOR_PLAN = { publisher: 'planPublisher', product: 'planProduct', name: 'planName' };
const NO_PLAN = { publisher: '', product: '', name: '' };

/** One VM is the first, in another form. */
const OWN = BUILT_IN_VMS.filter(({ name }) => name !== 'article');

test('names and ids are each VM’s own', () => {
  for (const field of ['name', 'vmId', 'resourceId'] as const) {
    const values = OWN.map(({ compute }) => compute[field]);
    expect(new Set(values).size).toBe(OWN.length);
  }
});

test('one customer has the vendor’s image in two subscriptions, another publisher’s image, and one without a plan', async () => {
  await withEmulator({}, async (emulator) => {
    const read = async (name: string) => {
      const compute = (await getJson(emulator, `/vms/${name}${COMPUTE}`)) as Record<string, unknown>;
      const document = await getJson(emulator, `/vms/${name}/metadata/attested/document?api-version=2020-09-01`);
      const { signature } = document as { signature: string };
      const octets = Buffer.from(signature, 'base64').toString('latin1');
      const attested = /\{"licenseType".*"vmId":"[^"]*"\}/.exec(octets)?.[0] ?? '';
      return { compute, attested: JSON.parse(attested) as Record<string, unknown> };
    };
    const production = await read('customer-production');
    const testing = await read('customer-test');
    const foreign = await read('foreign-plan');
    const without = await read('without-plan');
    expect(production.attested['plan']).toEqual(VENDOR_PLAN);
    expect(testing.attested['plan']).toEqual(VENDOR_PLAN);
    expect(foreign.attested['plan']).toMatchObject({ publisher: 'fabrikam' });
    expect(without.attested['plan']).toEqual(NO_PLAN);
    expect(testing.compute['subscriptionId']).not.toBe(production.compute['subscriptionId']);
    expect(foreign.compute['subscriptionId']).toBe(production.compute['subscriptionId']);
    expect(without.compute['subscriptionId']).toBe(testing.compute['subscriptionId']);
  });
});
