import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { SNAPSHOT } from './bicep.ts';

const resourceSchema = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  sku: z.record(z.string(), z.string()).optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
});

const snapshotSchema = z.object({
  predictedResources: z.array(resourceSchema),
  outputs: z.record(z.string(), z.unknown()),
});

export type Resource = z.infer<typeof resourceSchema>;
export type Snapshot = z.infer<typeof snapshotSchema>;

const siteSchema = z.object({
  siteConfig: z.looseObject({ appSettings: z.array(z.object({ name: z.string(), value: z.string() })) }),
});

const roleSchema = z.object({ roleDefinitionId: z.string(), principalId: z.string(), principalType: z.string() });

/** What a role assignment gives: the built-in role's name, on what (its last names), and to whom. */
export interface Grant {
  readonly role: string;
  readonly on: string;
  readonly to: string;
}

/** Built-in roles have the same ids in every tenant. */
const BUILT_IN_ROLES: Readonly<Record<string, string>> = {
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
};

/** As the template passes it on: an output of the module that makes the app's identity. */
const OBJECT_ID_OF_THE_APP =
  "[reference(resourceId('00000000-0000-0000-0000-000000000001', 'rg-production', 'Microsoft.Resources/deployments', format('identity-{0}', uniqueString('identity', deployment().name))), '2025-04-01').outputs.principalId.value]";

export function parseSnapshot(text: string): Snapshot {
  return snapshotSchema.parse(JSON.parse(text));
}

export function readSnapshot(): Snapshot {
  return parseSnapshot(readFileSync(SNAPSHOT, 'utf8'));
}

export function resourcesOf({ predictedResources }: Snapshot, type: string): Resource[] {
  return predictedResources.filter((resource) => resource.type === type);
}

/**
 * @param name how the resource’s name, or that of what it is in, begins
 * @throws Error unless there is exactly one of that type and name
 */
export function resourceOf(snapshot: Snapshot, type: string, name = ''): Resource {
  const [resource, ...others] = resourcesOf(snapshot, type).filter((one) => one.name.startsWith(name));
  if (resource === undefined || others.length > 0) throw new Error(`Not exactly one ${type} ${name} in the snapshot.`);
  return resource;
}

/** The app's settings. What Azure works out at deployment stands there as an expression in brackets. */
export function settingsOf(snapshot: Snapshot): Readonly<Record<string, string>> {
  const { siteConfig } = siteSchema.parse(resourceOf(snapshot, 'Microsoft.Web/sites').properties);
  return Object.fromEntries(siteConfig.appSettings.map(({ name, value }) => [name, value]));
}

const customRoleSchema = z.object({ roleName: z.string() });

/** The roles that the deployment itself makes, by their ids. */
function customRolesOf(snapshot: Snapshot): Readonly<Record<string, string>> {
  const roles = resourcesOf(snapshot, 'Microsoft.Authorization/roleDefinitions');
  return Object.fromEntries(roles.map(({ id, properties }) => [id, customRoleSchema.parse(properties).roleName]));
}

export function grantsOf(snapshot: Snapshot): Grant[] {
  const customRoles = customRolesOf(snapshot);
  return resourcesOf(snapshot, 'Microsoft.Authorization/roleAssignments').map(({ id, properties }) => {
    const { roleDefinitionId, principalId, principalType } = roleSchema.parse(properties);
    const [, scope = ''] =
      /^\[extensionResourceId\('([^']+)', 'Microsoft.Authorization\/roleAssignments'/.exec(id) ?? [];
    const isTheApp = principalType === 'ServicePrincipal' && principalId === OBJECT_ID_OF_THE_APP;
    return {
      role: BUILT_IN_ROLES[roleDefinitionId.slice(-36)] ?? customRoles[roleDefinitionId] ?? roleDefinitionId,
      on: shorten(scope.slice(scope.lastIndexOf('/providers/') + '/providers/'.length)),
      to: isTheApp ? 'the app' : `${principalType} ${principalId}`,
    };
  });
}

/** `Microsoft.Storage/storageAccounts/stxyz/tableServices/default/tables/offers` becomes `storageAccounts/tables/offers`. */
function shorten(scope: string): string {
  const [, kind = '', , ...rest] = scope.split('/');
  return [kind, ...rest.slice(-2)].join('/');
}
