import { refuse, type Reply } from './reply.ts';
import { hasField, type ApiVersion } from './versions.ts';
import type { Metadata, Vm } from './vms.ts';

interface InstanceRequest {
  /** What follows `/metadata/instance`; lists are entered by index. */
  readonly path: readonly string[];
  readonly version: ApiVersion;
  readonly format: 'json' | 'text';
}

/** Answers `/metadata/instance` and every path below it. Throws a refusal where there is no such item. */
export function readInstance(vm: Vm, { path, version, format }: InstanceRequest): Reply {
  const found = follow(ofVersion(instanceTree(vm, version, path), '', version), path);
  if (found === undefined) throw refuse(404, 'Not found');
  if (format === 'text') return { status: 200, body: typeof found === 'string' ? found : listKeys(found) };
  if (typeof found === 'string') throw refuse(400, 'Bad request. A leaf has no JSON form: ask for it with format=text');
  return { status: 200, body: found };
}

/** The article's first example, of 2020-06-01, leaves out fields that its own table and samples have. */
const UNLISTED_UNTIL: ApiVersion = '2020-06-01';

function instanceTree(vm: Vm, version: ApiVersion, path: readonly string[]): Metadata {
  if (vm.classic) return { network: vm.network };
  const unlisted = version <= UNLISTED_UNTIL ? (vm.unlisted ?? []) : [];
  const fields = Object.entries(vm.compute).filter(([field]) => !unlisted.includes(field) || field === path[1]);
  return { compute: Object.fromEntries(fields), network: vm.network };
}

/** The tree without what came later than the version, its fields in alphabetical order. */
function ofVersion(tree: Metadata, path: string, version: ApiVersion): Metadata {
  if (typeof tree === 'string') return tree;
  if (isList(tree)) return tree.map((item) => ofVersion(item, path, version));
  const fields = Object.entries(tree)
    .map(([name, value]) => ({ name, value, at: path === '' ? name : `${path}.${name}` }))
    .filter(({ at }) => hasField(at, version))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return Object.fromEntries(fields.map(({ name, value, at }) => [name, ofVersion(value, at, version)]));
}

function follow(tree: Metadata, path: readonly string[]): Metadata | undefined {
  let found: Metadata | undefined = tree;
  for (const part of path) {
    if (found === undefined || typeof found === 'string') return undefined;
    if (isList(found)) found = /^(?:0|[1-9]\d*)$/.test(part) ? found[Number(part)] : undefined;
    else found = Object.hasOwn(found, part) ? found[part] : undefined;
  }
  return found;
}

function listKeys(tree: Exclude<Metadata, string>): string {
  return Object.entries(tree)
    .map(([name, value]) => (typeof value === 'string' ? name : `${name}/`))
    .join('\n');
}

function isList(tree: Metadata): tree is readonly Metadata[] {
  return Array.isArray(tree);
}
