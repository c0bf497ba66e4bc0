import * as z from 'zod';
import { AZURE_CLOUDS } from '../../contract/clouds.ts';
import { FAULT_NAMES } from '../faults/faults.ts';
import { loadBalancer } from './loadBalancer.ts';
import { managedIdentities } from './managedIdentities.ts';
import { scheduledEvent } from './scheduledEvents.ts';
import { describeUnknown } from '../input/suggest.ts';
import { API_VERSIONS } from '../protocol/versions.ts';
import { createVm, isFleetName, type Metadata } from './vms.ts';

/* The file with a vendor's own VMs: the one schema of it, which is also published as JSON Schema. */

/** An object without other members; one that is misspelt is told with the one that was meant. */
function strict<Shape extends z.ZodRawShape>(shape: Shape, hint = '') {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? describeUnknown(issue.keys, Object.keys(shape)) + hint : undefined,
  });
}

const EXTRA_HINT = ' A field that the emulator does not know goes into "extra".';

const text = z.string().max(4096);
const metadata: z.ZodType<Metadata> = z
  .lazy(() => z.union([text, z.array(metadata), z.record(text, metadata)]))
  .meta({ id: 'metadata', description: 'Every leaf is text, as in IMDS.' });

/** Part of a tree like the given one: no member has to be there, and no other may. */
function partOf(example: Metadata): z.ZodType<Metadata> {
  if (typeof example === 'string') return text;
  if (isList(example)) return z.array(example[0] === undefined ? metadata : partOf(example[0]));
  const members = Object.entries(example).map(([name, value]) => [name, partOf(value).optional()] as const);
  return strict(Object.fromEntries(members), EXTRA_HINT) as unknown as z.ZodType<Metadata>;
}

function isList(tree: Metadata): tree is readonly Metadata[] {
  return Array.isArray(tree);
}

const EXAMPLE = createVm({ name: 'example', vmId: '', subscriptionId: '' });

/** Characters: Azure takes 64 KB, and this is its base64. */
const MAX_USER_DATA = 87_384;
const userData = z
  .base64('base64, as IMDS answers with it: base64 -w0 FILE')
  .max(MAX_USER_DATA, `at most 64 KB before it is encoded, ${MAX_USER_DATA} characters of base64`);

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dots, underscores and hyphens, 64 at most')
  .refine((value) => !isFleetName(value), 'fleet-<n> is made up by the emulator; take another name');

const cloudNames = Object.keys(AZURE_CLOUDS) as (keyof typeof AZURE_CLOUDS)[];

const tree = z.record(text, metadata);

export const vmSchema = strict(
  {
    name: name.describe('The last part of the base URL /vms/<name>'),
    vmId: z.uuid(),
    subscriptionId: z.uuid(),
    cloud: z.enum(cloudNames).optional().describe('azEnvironment, and the location where none is stated'),
    location: text.optional().describe('The region, which signs in its own name'),
    plan: strict({ publisher: text, product: text, name: text })
      .optional()
      .describe('Publisher, offer, sku and the image reference follow from it'),
    sku: text.optional(),
    licenseType: text.optional(),
    userData: userData.optional(),
    tags: z.record(text, text).optional(),
    compute: partOf(EXAMPLE.compute).optional().describe('Compute fields, merged deeply over the defaults'),
    network: partOf(EXAMPLE.network).optional().describe('Network metadata, merged deeply over the defaults'),
    extra: strict({ compute: tree.optional(), network: tree.optional() })
      .or(tree)
      .optional()
      .describe('Fields that the emulator does not know: of compute, or of "compute" and "network" by name'),
    instance: strict({ compute: tree, network: tree.optional() })
      .optional()
      .describe('A saved answer of /metadata/instance, over the defaults'),
    classic: z.boolean().optional(),
    newestVersion: z.enum(API_VERSIONS).optional().describe('The newest api-version that its host serves'),
    identities: managedIdentities.optional().describe('Managed identities; one of its own where none is stated'),
    loadBalancer: loadBalancer.optional().describe('The load balancer in front of it; none where it is absent'),
    scheduledEvents: z.array(scheduledEvent).optional(),
    faults: z.array(z.enum(FAULT_NAMES)).optional(),
  },
  EXTRA_HINT,
);

export type VmEntry = z.output<typeof vmSchema>;

export const vmFileSchema = strict({
  $schema: z.string().optional(),
  vms: z.array(vmSchema).min(1).max(1000),
}).superRefine(({ vms }, context) => {
  const names = vms.map((each) => each.name);
  names.forEach((each, index) => {
    if (names.indexOf(each) === index) return;
    context.addIssue({ code: 'custom', path: ['vms', index, 'name'], message: `${each} is there twice` });
  });
});

/** For editors (JSON Schema 2020-12). */
export function createVmFileJsonSchema(): object {
  return z.toJSONSchema(vmFileSchema, { io: 'input' });
}
