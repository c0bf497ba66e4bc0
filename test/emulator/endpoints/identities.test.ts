import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { parseVmFile } from '../../../src/emulator/vms/vmFile.ts';
import { PassingTimer, get, getJson, withEmulator } from '../running.ts';

const ID = '0d4f0d5c-7c0f-4f0e-9b9e-6d2b2d6a9e11';
const TOKEN = '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net';

const group = `/subscriptions/${ID}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const FIRST = { resourceId: `${group}/first`, clientId: ID.replace('0d', '11'), objectId: ID.replace('0d', '12') };
const SECOND = { resourceId: `${group}/second`, clientId: ID.replace('0d', '21'), objectId: ID.replace('0d', '22') };

function vmsWith(identities?: object) {
  const vm = { name: 'vm', vmId: ID, subscriptionId: ID, ...(identities && { identities }) };
  return parseVmFile(JSON.stringify({ vms: [vm] }), 'vms.json');
}

async function ask(identities: object | undefined, query = '') {
  let found: unknown;
  await withEmulator({ vms: vmsWith(identities) }, async (emulator) => {
    const { status, text } = await get(emulator, TOKEN + query);
    const body = JSON.parse(text) as Record<string, string>;
    found = { status, ...body, ...(body['access_token'] && { claims: decodeJwt(body['access_token']) }) };
  });
  return found;
}

const both = { system: true, user: [FIRST, SECOND] };
const isOf = ({ clientId, objectId, resourceId }: typeof FIRST) => ({
  ...{ status: 200, client_id: clientId },
  claims: { appid: clientId, oid: objectId, sub: objectId, xms_mirid: resourceId },
});

test('without a selector the system’s own identity answers, or the only one', async () => {
  const own = { xms_mirid: expect.stringContaining('/virtualMachines/vm') as string };
  expect(await ask(undefined)).toMatchObject({ status: 200, claims: own });
  expect(await ask(both)).toMatchObject({ status: 200, claims: own });
  expect(await ask({ system: false, user: [SECOND] })).toMatchObject(isOf(SECOND));
});

test.each([
  ['client_id', SECOND.clientId],
  ['client_id', SECOND.clientId.toUpperCase()],
  ['object_id', SECOND.objectId],
  ['msi_res_id', SECOND.resourceId],
  ['mi_res_id', SECOND.resourceId],
])('an identity is selected by %s %s', async (selector, value) => {
  expect(await ask(both, `&${selector}=${encodeURIComponent(value)}`)).toMatchObject(isOf(SECOND));
});

const refused = (description: string) => ({
  ...{ status: 400, error: 'invalid_request', error_description: description },
});
const MULTIPLE =
  'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request';

test('an identity that the VM does not have is not found', async () => {
  const none = { system: false, user: [] };
  expect(await ask(none)).toEqual(refused('Identity not found'));
  expect(await ask(none, `&client_id=${FIRST.clientId}`)).toEqual(refused('Identity not found'));
  expect(await ask({ user: [FIRST] }, `&object_id=${SECOND.objectId}`)).toEqual(refused('Identity not found'));
  expect(await ask({ system: false, user: [FIRST, SECOND] })).toEqual(refused(MULTIPLE));
});

test('two selectors at once are refused', async () => {
  const query = `&client_id=${FIRST.clientId}&msi_res_id=${encodeURIComponent(FIRST.resourceId)}`;
  const { clientId, resourceId } = FIRST;
  expect([clientId, resourceId].every((value) => value !== '')).toBe(true);
  expect(await ask(both, query)).toEqual(
    refused('Only one of client_id, object_id and msi_res_id may be in the request'),
  );
});

test('ids that the file does not state belong to the resource', async () => {
  const [vm] = vmsWith({ user: [{ resourceId: FIRST.resourceId }] });
  await withEmulator({ vms: [vm] }, async (emulator) => {
    const query = `&msi_res_id=${encodeURIComponent(FIRST.resourceId)}`;
    const bodies = [await getJson(emulator, TOKEN + query), await getJson(emulator, TOKEN + query)] as {
      client_id: string;
    }[];
    expect(bodies[0]?.client_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(bodies[1]?.client_id).toBe(bodies[0]?.client_id);
  });
});

test('a token says how long it lasts in a longer outage, too', async () => {
  expect(await ask(undefined)).toMatchObject({ expires_in: '86400', ext_expires_in: '86400' });
});

test('the identity’s tenant is told', async () => {
  await withEmulator({}, async (emulator) => {
    const { access_token: token } = (await getJson(emulator, TOKEN)) as { access_token: string };
    const info = await getJson(emulator, '/metadata/identity/info?api-version=2018-02-01');
    expect(info).toEqual({ tenantId: decodeJwt(token)['tid'] });
  });
});

test('tokens have a limit of their own, 20 a second', async () => {
  const timer = new PassingTimer();
  await withEmulator({ rateLimit: 5, timer }, async (emulator) => {
    const statuses: number[] = [];
    for (let index = 0; index < 21; index++) statuses.push((await get(emulator, TOKEN)).status);
    expect(statuses).toEqual([...Array<number>(20).fill(200), 429]);
    expect((await get(emulator, '/metadata/instance?api-version=2021-02-01')).status).toBe(200);
    timer.pass(1000);
    expect((await get(emulator, TOKEN)).status).toBe(200);
  });
});
