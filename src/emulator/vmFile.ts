import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { decodeText } from '../contract/decodeText.ts';
import { parsePlainJson } from '../contract/plainJson.ts';
import { JsonError } from '../contract/strictJson.ts';
import { FAULT_NAMES } from './faults.ts';
import { createVm, isFleetName, type Metadata, type Vm } from './vms.ts';

const MAX_FILE = 1024 * 1024;

const text = z.string().max(4096);
const metadata: z.ZodType<Metadata> = z.lazy(() => z.union([text, z.array(metadata), z.record(text, metadata)]));

/** Characters: Azure takes 64 KB, and this is its base64. */
const MAX_USER_DATA = 87_384;
const userData = z
  .base64('base64, as IMDS answers with it: base64 -w0 FILE')
  .max(MAX_USER_DATA, `at most 64 KB before it is encoded, ${MAX_USER_DATA} characters of base64`);

const event = z.strictObject({
  EventId: text.min(1),
  EventType: z.enum(['Freeze', 'Reboot', 'Redeploy', 'Preempt', 'Terminate']),
  ResourceType: z.literal('VirtualMachine').default('VirtualMachine'),
  Resources: z.array(text).default([]),
  EventStatus: z.enum(['Scheduled', 'Started']).default('Scheduled'),
  NotBefore: text.default(''),
  Description: text.default(''),
  EventSource: z.enum(['Platform', 'User']).default('Platform'),
  DurationInSeconds: z.int().default(-1),
});

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dots, underscores and hyphens, 64 at most')
  .refine((value) => !isFleetName(value), 'fleet-<n> is made up by the emulator; take another name');

const vm = z.strictObject({
  name,
  vmId: z.uuid(),
  subscriptionId: z.uuid(),
  location: text.optional(),
  sku: text.optional(),
  licenseType: text.optional(),
  userData: userData.optional(),
  plan: z.strictObject({ publisher: text, product: text, name: text }).optional(),
  tags: z.record(text, text).optional(),
  compute: z.record(text, metadata).optional(),
  network: metadata.optional(),
  classic: z.boolean().optional(),
  scheduledEvents: z.array(event).optional(),
  faults: z.array(z.enum(FAULT_NAMES)).optional(),
});

const file = z.strictObject({ vms: z.array(vm).min(1).max(1000) }).superRefine(({ vms }, context) => {
  const names = vms.map((each) => each.name);
  names.forEach((each, index) => {
    if (names.indexOf(each) === index) return;
    context.addIssue({ code: 'custom', path: ['vms', index, 'name'], message: `${each} is there twice` });
  });
});

/**
 * Reads a vendor's own VMs.
 *
 * @throws an Error that names every problem with its place in the file
 */
export async function readVmFile(path: string): Promise<readonly [Vm, ...Vm[]]> {
  const { size } = await stat(path);
  if (size > MAX_FILE) throw new Error(`${path} is larger than ${MAX_FILE} octets: split it into several files`);
  const text = decodeText(await readFile(path));
  if (text === null) throw new Error(`${path} is neither UTF-8 nor UTF-16. Save it as UTF-8`);
  return parseVmFile(text, path);
}

/** As {@link readVmFile}, of the file's text; `source` names it in errors. */
export function parseVmFile(content: string, source: string): readonly [Vm, ...Vm[]] {
  const parsed = file.safeParse(parseJson(content, source));
  if (!parsed.success) throw new Error(`${source} does not describe VMs:\n${describe(parsed.error)}`);
  const [first, ...rest] = parsed.data.vms.map(toVm);
  if (!first) throw new Error(`${source} has no VM`);
  return [first, ...rest];
}

function parseJson(content: string, source: string): unknown {
  try {
    return parsePlainJson(content);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new Error(`${source} cannot be read as JSON: ${error.message}`);
  }
}

function describe({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `  ${path.map(String).join('.') || 'file'}: ${message}`).join('\n');
}

function toVm({ location, sku, licenseType, userData, plan, compute, ...rest }: z.output<typeof vm>): Vm {
  const stated = withoutUndefined({ location, sku, licenseType, userData, plan });
  return createVm({ ...withoutUndefined(rest), compute: { ...compute, ...stated } });
}

/** zod says `undefined` where the file says nothing; the defaults count absent members only. */
function withoutUndefined<T extends object>(value: T) {
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(given) as { [Member in keyof T]: Exclude<T[Member], undefined> };
}
