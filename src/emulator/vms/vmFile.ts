import { readFile, stat } from 'node:fs/promises';
import type { AZURE_CLOUDS } from '../../contract/clouds.ts';
import { decodeText } from '../../contract/decodeText.ts';
import { parsePlainJson } from '../../contract/plainJson.ts';
import { JsonError } from '../../contract/strictJson.ts';
import { describeProblems } from '../input/describeProblems.ts';
import { mergeMetadata, type Tree } from './mergeMetadata.ts';
import { vmFileSchema, type VmEntry } from './vmSchema.ts';
import { createVm, type Metadata, type Vm, type VmDescription } from './vms.ts';

const MAX_FILE = 1024 * 1024;

/**
 * Reads a vendor's own VMs: `{ "vms": [...] }`, or a saved answer of `/metadata/instance`.
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
  const parsed = vmFileSchema.safeParse(takeSavedAnswers(parseJson(content, source)));
  if (!parsed.success) throw new Error(`${source} does not describe VMs:\n${describeProblems(parsed.error)}`);
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

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A saved answer names its VM itself. */
function takeSavedAnswers(value: unknown): unknown {
  if (!isMembers(value)) return value;
  if (!('vms' in value) && isMembers(value['compute'])) return { vms: [nameSaved({ instance: value })] };
  return Array.isArray(value['vms']) ? { ...value, vms: value['vms'].map(nameSaved) } : value;
}

function nameSaved(entry: unknown): unknown {
  const instance = isMembers(entry) ? entry['instance'] : undefined;
  if (!isMembers(entry) || !isMembers(instance) || !isMembers(instance['compute'])) return entry;
  const { name, vmId, subscriptionId } = instance['compute'];
  const usable = typeof name === 'string' ? name.replaceAll(/[^A-Za-z0-9._-]/g, '-') : name;
  return { name: usable, vmId, subscriptionId, ...entry, instance: asText(instance) };
}

/** Some of its leaves may be no text: null is what does not apply. */
function asText(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(asText);
  if (isMembers(tree)) return Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, asText(value)]));
  if (typeof tree === 'number' || typeof tree === 'boolean') return String(tree);
  return tree ?? '';
}

/** Where a VM of that cloud is when nothing is said. */
const LOCATIONS: Readonly<Record<keyof typeof AZURE_CLOUDS, string>> = {
  AzurePublicCloud: 'eastus',
  AzureUSGovernmentCloud: 'usgovvirginia',
  AzureChinaCloud: 'chinaeast2',
  AzureGermanCloud: 'germanycentral',
};

function toVm(entry: VmEntry): Vm {
  const { name, vmId, subscriptionId, tags, instance, extra, network } = entry;
  const given = merged(
    fromPlan(entry),
    fromCloud(entry),
    instance?.compute,
    entry.compute,
    computeOf(extra),
    stated(entry),
  );
  const vm = createVm({ name, vmId, subscriptionId, ...(tags && { tags }), compute: textsOf(given) });
  return {
    ...vm,
    compute: mergeMetadata(vm.compute, given) as Vm['compute'],
    network: merged(vm.network, instance?.network, network, networkOf(extra)),
    ...withoutUndefined(optionsOf(entry)),
  };
}

function merged(...trees: readonly (Metadata | undefined)[]): Tree {
  return trees.reduce<Metadata>((base, tree) => (tree === undefined ? base : mergeMetadata(base, tree)), {}) as Tree;
}

/** What the image of a plan says of itself. */
function fromPlan({ plan }: VmEntry): Tree | undefined {
  if (!plan) return undefined;
  const image = { publisher: plan.publisher, offer: plan.product, sku: plan.name };
  return { ...image, storageProfile: { imageReference: { ...image, version: 'latest' } } };
}

function fromCloud({ cloud }: VmEntry): Tree | undefined {
  return cloud && { azEnvironment: cloud, location: LOCATIONS[cloud] };
}

function stated({ location, sku, licenseType, userData, plan }: VmEntry): Tree {
  return withoutUndefined({ location, sku, licenseType, userData, plan });
}

/** What other fields follow from, such as the resource group. */
function textsOf(tree: Tree): Required<VmDescription>['compute'] {
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => typeof value === 'string'));
}

function computeOf(extra: VmEntry['extra']): Tree | undefined {
  if (!extra) return undefined;
  const flat = Object.entries(extra as Tree).filter(([name]) => name !== 'compute' && name !== 'network');
  return merged(Object.fromEntries(flat), (extra as Tree)['compute']);
}

function networkOf(extra: VmEntry['extra']): Metadata | undefined {
  return (extra as Tree | undefined)?.['network'];
}

function optionsOf({ classic, newestVersion, scheduledEvents, identities, loadBalancer, faults }: VmEntry) {
  return { classic, newestVersion, scheduledEvents, identities, loadBalancer, faults };
}

/** zod says `undefined` where the file says nothing; the defaults count absent members only. */
function withoutUndefined<T extends object>(value: T) {
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(given) as { [Member in keyof T]: Exclude<T[Member], undefined> };
}
