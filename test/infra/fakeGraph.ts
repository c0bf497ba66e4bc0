import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * An `az` with a directory behind it, as far as the script that registers applications needs one: `node fakeGraph.ts FOLDER
 * ARGUMENTS…`. The directory is FOLDER/directory.json. It refuses what Microsoft Graph refuses: a pre-authorisation for a
 * scope that is not there, another identifier URI than the application's own, a role that goes while it is enabled, a
 * principal of an application that is not there, and a role that somebody has already.
 */

interface Scope {
  readonly id: string;
}

interface Application {
  readonly id: string;
  readonly appId: string;
  readonly uniqueName: string;
  readonly identifierUris?: readonly string[];
  readonly appRoles?: readonly { readonly id: string; readonly isEnabled: boolean }[];
  readonly api?: {
    readonly oauth2PermissionScopes?: readonly Scope[];
    readonly preAuthorizedApplications?: readonly { readonly delegatedPermissionIds: readonly string[] }[];
  };
}

interface Principal {
  readonly id: string;
  readonly appId: string;
}

interface Assignment {
  readonly principalId: string;
  readonly appRoleId: string;
}

export interface Directory {
  applications: Application[];
  principals: Principal[];
  assignments: Assignment[];
}

const [folder = '', ...args] = process.argv.slice(2);
const file = join(folder, 'directory.json');
const directory: Directory = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as Directory)
  : { applications: [], principals: [], assignments: [] };

const option = (name: string) => args[args.indexOf(name) + 1] ?? '';

class Refusal extends Error {}

function checkApplication(before: Application | undefined, after: Application): void {
  const scopes = (before?.api?.oauth2PermissionScopes ?? []).map(({ id }) => id);
  const wanted = (after.api?.preAuthorizedApplications ?? []).flatMap((one) => one.delegatedPermissionIds);
  if (wanted.some((id) => !scopes.includes(id)))
    throw new Refusal('Permission of a pre-authorized application is invalid');
  if ((after.identifierUris ?? []).some((uri) => uri !== `api://${after.appId}`))
    throw new Refusal('Identifier is invalid');
  const kept = new Set((after.appRoles ?? []).map(({ id }) => id));
  if ((before?.appRoles ?? []).some(({ id, isEnabled }) => isEnabled && !kept.has(id)))
    throw new Refusal('Permission cannot be deleted or updated unless disabled first');
}

function upsertApplication(uniqueName: string, body: object): void {
  const before = directory.applications.find((one) => one.uniqueName === uniqueName);
  const after = { ...(before ?? { id: randomUUID(), appId: randomUUID(), uniqueName }), ...body };
  checkApplication(before, after);
  directory.applications = [...directory.applications.filter((one) => one !== before), after];
}

function upsertPrincipal(appId: string, body: object): void {
  if (!directory.applications.some((one) => one.appId === appId)) throw new Refusal('The application does not exist');
  const before = directory.principals.find((one) => one.appId === appId);
  const after = { ...(before ?? { id: randomUUID(), appId }), ...body };
  directory.principals = [...directory.principals.filter((one) => one !== before), after];
}

function assign(given: Assignment): void {
  const has = ({ principalId, appRoleId }: Assignment) =>
    principalId === given.principalId && appRoleId === given.appRoleId;
  if (directory.assignments.some(has)) throw new Refusal('Permission being assigned already exists on the object');
  directory.assignments.push(given);
}

function answer(method: string, url: string, body: object): unknown {
  const path = url.replace('https://graph.example/v1.0', '').replace(/\?.*$/, '');
  const [, uniqueName] = /^\/applications\(uniqueName='([\w-]+)'\)$/.exec(path) ?? [];
  const [, appId] = /^\/servicePrincipals\(appId='([\w-]+)'\)$/.exec(path) ?? [];
  const known = directory.applications.find((one) => one.uniqueName === uniqueName);
  if (uniqueName !== undefined && method === 'get' && known === undefined) throw new Refusal('Resource not found');
  if (uniqueName !== undefined && method === 'get') return known;
  if (appId !== undefined && method === 'get') return directory.principals.find((one) => one.appId === appId);
  if (uniqueName !== undefined) upsertApplication(uniqueName, body);
  else if (appId !== undefined) upsertPrincipal(appId, body);
  else if (!path.endsWith('/appRoleAssignedTo')) throw new Refusal(`Resource ${method} ${path} not supported`);
  else if (method === 'get') return { value: directory.assignments };
  else assign(body as Assignment);
  return null;
}

const ENDPOINTS = { microsoftGraphResourceId: 'https://graph.example/', activeDirectory: 'https://login.example' };

function run(): unknown {
  if (args[0] === 'cloud') return { endpoints: ENDPOINTS };
  if (args[0] === 'account') return { tenantId: '72f988bf-0000-4000-8000-000000000001' };
  const given = option('--body').replace(/^@/, '');
  const body = args.includes('--body') ? (JSON.parse(readFileSync(given, 'utf8')) as object) : {};
  return answer(option('--method'), option('--url'), body);
}

appendFileSync(join(folder, 'calls'), `az ${args.join(' ')}\n`);
try {
  const found = args[0] === 'ad' ? readFileSync(join(folder, 'me'), 'utf8') : run();
  writeFileSync(file, JSON.stringify(directory));
  process.stdout.write(typeof found === 'string' ? found : JSON.stringify(found ?? {}));
} catch (error) {
  process.stderr.write(`ERROR: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
