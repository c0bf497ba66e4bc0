import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBaseUrl } from '../../src/contract/baseUrl.ts';
import { HookError, lastLine, readTool, readVariable, runHook, runTool, say, tryUntilDone } from './tools.ts';

// Registers the operators' API and the console in the directory of the Azure CLI: one application of one tenant. Every step
// says how it should be, so that a second run changes nothing.

/** The Azure CLI's own application, by which operators get their tokens. The same in every directory. */
const AZURE_CLI = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

const NAME = 'Countersign operators';

const ROLES = {
  Reader: 'Looks at offers, licences, VMs and decisions.',
  Operator: 'Also writes offers, licences and blocks.',
  Admin: 'Also pins and distrusts certificates, and uploads key sets.',
} as const;

interface Registration {
  readonly uniqueName: string;
  readonly issuer: string;
  /** Of Microsoft Graph, with its version. */
  readonly graph: string;
}

interface Application {
  readonly id: string;
  readonly appId: string;
}

/** A GUID that is always the same for the same application and name: ids of roles and scopes must not change. */
function idOf({ uniqueName }: Registration, name: string): string {
  const octets = createHash('sha256').update(`${uniqueName} ${name}`).digest().subarray(0, 16);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x80;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** @param application null while there is none: what refers to its own id and scope has to wait for them */
function describeApplication(registration: Registration, application: Application | null): object {
  const delegatedPermissionIds = [idOf(registration, 'scope')];
  return {
    displayName: NAME,
    signInAudience: 'AzureADMyOrg',
    ...(application !== null && { identifierUris: [`api://${application.appId}`] }),
    api: {
      requestedAccessTokenVersion: 2,
      oauth2PermissionScopes: [describeScope(registration)],
      ...(application !== null && { preAuthorizedApplications: [{ appId: AZURE_CLI, delegatedPermissionIds }] }),
    },
    appRoles: Object.entries(ROLES).map(([value, description]) => ({
      ...{ id: idOf(registration, value), value, displayName: value, description, isEnabled: true },
      allowedMemberTypes: ['User', 'Application'],
    })),
    spa: { redirectUris: [`${registration.issuer}/console/`] },
  };
}

function describeScope(registration: Registration): object {
  const [name, text] = ['Use Countersign', 'Lets operators use Countersign with the roles that they have.'];
  return {
    ...{ id: idOf(registration, 'scope'), value: 'operate', type: 'User', isEnabled: true },
    ...{ adminConsentDisplayName: name, adminConsentDescription: text },
    ...{ userConsentDisplayName: name, userConsentDescription: text },
  };
}

/** @throws HookError with Graph's own words, where it still refuses after a while: what was just made spreads slowly */
async function send(method: string, url: string, body: object): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-entra-'));
  try {
    const file = join(folder, 'body.json');
    writeFileSync(file, JSON.stringify(body));
    const headers = ['--headers', 'Content-Type=application/json', 'Prefer=create-if-missing'];
    const command = ['rest', '--method', method, '--url', url, ...headers, '--body', `@${file}`, '--output', 'none'];
    const { found } = await tryUntilDone(async () => {
      const ended = await runTool('az', command);
      return { done: ended.status === 0 || !/does not exist|not found/i.test(ended.stderr), found: ended };
    });
    if (found.status !== 0) throw new HookError(`Microsoft Graph refused ${method} ${url}: ${lastLine(found.stderr)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const read = (url: string) => readTool('az', ['rest', '--method', 'get', '--url', url, '--output', 'json']);

async function readGraph(): Promise<string> {
  const { endpoints } = (await readTool('az', ['cloud', 'show', '--output', 'json'])) as {
    readonly endpoints: { readonly microsoftGraphResourceId: string };
  };
  return `${endpoints.microsoftGraphResourceId.replace(/\/$/, '')}/v1.0`;
}

async function registerApplication(registration: Registration): Promise<Application> {
  const url = `${registration.graph}/applications(uniqueName='${registration.uniqueName}')`;
  const find = ['rest', '--method', 'get', '--url', url, '--output', 'none'];
  const isThere = (await runTool('az', find)).status === 0;
  if (!isThere) await send('patch', url, describeApplication(registration, null));
  const application = (await read(`${url}?$select=id,appId`)) as Application;
  await send('patch', url, describeApplication(registration, application));
  return application;
}

/** The application's face in the directory. Only who was given a role gets a token. */
async function registerPrincipal({ graph }: Registration, { appId }: Application): Promise<string> {
  const url = `${graph}/servicePrincipals(appId='${appId}')`;
  await send('patch', url, { displayName: NAME, appRoleAssignmentRequired: true });
  return ((await read(`${url}?$select=id`)) as { readonly id: string }).id;
}

/** Makes the person who runs this the first Admin. A pipeline is no person. */
async function assignAdmin(registration: Registration, resourceId: string): Promise<void> {
  const me = await runTool('az', ['ad', 'signed-in-user', 'show', '--query', 'id', '--output', 'tsv']);
  if (me.status !== 0) {
    say('Nobody was made Admin, because no person is signed in.');
    return;
  }
  const [principalId, appRoleId] = [me.stdout.trim(), idOf(registration, 'Admin')];
  const url = `${registration.graph}/servicePrincipals/${resourceId}/appRoleAssignedTo`;
  const { value } = (await read(url)) as { readonly value: readonly Record<string, unknown>[] };
  const has = value.some((given) => given['principalId'] === principalId && given['appRoleId'] === appRoleId);
  if (!has) await send('post', url, { principalId, resourceId, appRoleId });
  say(`You have the role Admin. Give others a role under Enterprise applications, ${NAME}.`);
}

async function keepClientId(appId: string): Promise<void> {
  const isKept = await runTool('azd', ['env', 'set', 'OPERATORS_API_CLIENT_ID', appId]).then(
    ({ status }) => status === 0,
    () => false,
  );
  say(`OPERATORS_API_CLIENT_ID is ${appId}${isKept ? ', and azd has it: run azd provision.' : '.'}`);
}

await runHook(async () => {
  const issuer = await readVariable('ISSUER');
  if (!isBaseUrl(issuer)) throw new HookError('ISSUER must be an https URL without a trailing slash.');
  const uniqueName = `countersign-${new URL(issuer).host.replaceAll(/[^a-z0-9-]/g, '-')}`;
  const registration = { uniqueName, issuer, graph: await readGraph() };
  const application = await registerApplication(registration);
  const principal = await registerPrincipal(registration, application);
  await assignAdmin(registration, principal);
  await keepClientId(application.appId);
  say(
    `If people are asked for an administrator's approval, one opens, once: ${await readConsentUrl(application.appId)}`,
  );
});

async function readConsentUrl(appId: string): Promise<string> {
  const cloud = (await readTool('az', ['cloud', 'show', '--output', 'json'])) as {
    readonly endpoints: { readonly activeDirectory: string };
  };
  const account = (await readTool('az', ['account', 'show', '--output', 'json'])) as { readonly tenantId: string };
  return `${cloud.endpoints.activeDirectory}/${account.tenantId}/adminconsent?client_id=${appId}`;
}
