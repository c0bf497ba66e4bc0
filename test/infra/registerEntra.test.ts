import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OPERATOR_ROLES } from '../../src/operators/access/roles.ts';
import type { Directory } from './fakeGraph.ts';
import { StandIns } from './standIns.ts';

const PERSON = '33333333-0000-4000-8000-000000000001';
const SETTINGS = { ISSUER: 'https://licences.vendor.example' };

function openDirectory(person: string | null = PERSON) {
  const standIns = new StandIns({ azd: { exit: 0 } });
  standIns.addProgram('az', 'test/infra/fakeGraph.ts');
  if (person !== null) writeFileSync(join(standIns.folder, 'me'), `${person}\n`);
  const read = () => JSON.parse(readFileSync(join(standIns.folder, 'directory.json'), 'utf8')) as Directory;
  return { standIns, read, register: () => standIns.runHook('registerEntra', SETTINGS) };
}

test('one run registers the API and the console, as the service needs them', async () => {
  const { standIns, read, register } = openDirectory();
  const { status, stdout, stderr } = await register();
  expect([status, stderr]).toEqual([0, '']);
  const { applications, principals, assignments } = read();
  const [application = expect.fail('no application')] = applications;
  expect(application).toMatchObject({
    uniqueName: 'countersign-licences-vendor-example',
    signInAudience: 'AzureADMyOrg',
    identifierUris: [`api://${application.appId}`],
    spa: { redirectUris: ['https://licences.vendor.example/console/'] },
    appRoles: OPERATOR_ROLES.map((value) => ({ value, isEnabled: true, allowedMemberTypes: ['User', 'Application'] })),
    api: {
      requestedAccessTokenVersion: 2,
      oauth2PermissionScopes: [{ type: 'User', isEnabled: true }],
      preAuthorizedApplications: [{ appId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46' }],
    },
  });
  expect(principals).toMatchObject([{ appId: application.appId, appRoleAssignmentRequired: true }]);
  const admin = (application.appRoles ?? []).at(OPERATOR_ROLES.indexOf('Admin'));
  expect(assignments).toMatchObject([{ principalId: PERSON, resourceId: principals[0]?.id, appRoleId: admin?.id }]);
  expect(standIns.calls()).toContain(`azd env set OPERATORS_API_CLIENT_ID ${application.appId}`);
  expect(stdout).toContain(`adminconsent?client_id=${application.appId}`);
});

test('a second run changes nothing', async () => {
  const { read, register } = openDirectory();
  const first = await register();
  const registered = read();
  expect(await register()).toEqual(first);
  expect(read()).toEqual(registered);
});

test('a pipeline registers too, and makes nobody Admin', async () => {
  const { read, register } = openDirectory(null);
  const { status, stdout } = await register();
  expect([status, read().assignments]).toEqual([0, []]);
  expect(stdout).toContain('no person is signed in');
});

test('a refusal of the directory is told in its own words', async () => {
  const cloud = { stdout: JSON.stringify({ endpoints: { microsoftGraphResourceId: 'https://graph.example/' } }) };
  const refusal = { exit: 1, stderr: 'ERROR: Forbidden({"error":{"code":"Authorization_RequestDenied"}})' };
  const standIns = new StandIns({
    az: [
      { on: 'cloud show', answers: [cloud] },
      { on: 'rest', answers: [refusal] },
    ],
  });
  const { status, stderr } = await standIns.runHook('registerEntra', SETTINGS);
  expect([status, stderr]).toEqual([1, expect.stringContaining('Authorization_RequestDenied')]);
  expect(standIns.calls()).toHaveLength(3);
});

test('without an issuer nothing is registered', async () => {
  const { status, stderr } = await new StandIns({ azd: { exit: 1 } }).runHook('registerEntra', {});
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^ISSUER is not set/)]);
});
