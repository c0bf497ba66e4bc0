import * as z from 'zod';

const RESOURCE_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[^/]+$/i;

const userAssigned = z.strictObject({
  resourceId: z
    .string()
    .max(1024)
    .regex(RESOURCE_ID, 'the id of a resource Microsoft.ManagedIdentity/userAssignedIdentities'),
  clientId: z.uuid().optional(),
  objectId: z.uuid().optional(),
});

/** The managed identities of a VM, as files state them. */
export const managedIdentities = z.strictObject({
  system: z.boolean().default(true).describe('Whether it has an identity of its own'),
  user: z
    .array(userAssigned)
    .max(100)
    .default([])
    .describe('User-assigned ones; ids that are absent follow from the resource'),
});

export type ManagedIdentities = Readonly<z.output<typeof managedIdentities>>;
