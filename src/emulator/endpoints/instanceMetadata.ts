import { refuse, type Reply } from '../protocol/reply.ts';
import { hasField, type ApiVersion } from '../protocol/versions.ts';
import type { Metadata, Vm } from '../vms/vms.ts';

interface InstanceRequest {
  /** What follows `/metadata/instance`; lists are entered by index. */
  readonly path: readonly string[];
  readonly version: ApiVersion;
  readonly format: 'json' | 'text';
}

/** Answers `/metadata/instance` and every path below it. Throws a refusal where there is no such item. */
export function readInstance(vm: Vm, { path, version, format }: InstanceRequest): Reply {
  const isThere = createFieldRule(vm, version, path);
  const found = follow(withFields(instanceTree(vm), '', isThere), path);
  if (found === undefined) throw refuse(404, 'Not found');
  if (format === 'text') return { status: 200, body: typeof found === 'string' ? found : listKeys(found) };
  if (typeof found === 'string') throw refuse(400, 'Bad request. A leaf has no JSON form: ask for it with format=text');
  return { status: 200, body: found };
}

/** The article's first example, of 2020-06-01, leaves out fields that its own table and samples have. */
const UNLISTED_UNTIL: ApiVersion = '2020-06-01';

function instanceTree({ classic, compute, network }: Vm): Metadata {
  return classic ? { network } : { compute, network };
}

/** Whether an answer has the field of that path, in which the indexes of lists are left out. */
type FieldRule = (path: string) => boolean;

function createFieldRule(vm: Vm, version: ApiVersion, asked: readonly string[]): FieldRule {
  const unlisted = version <= UNLISTED_UNTIL ? (vm.unlisted ?? []) : [];
  const askedPath = `${asked.filter((part) => !/^\d+$/.test(part)).join('.')}.`;
  const isHidden = (path: string) => unlisted.includes(path) && !askedPath.startsWith(`${path}.`);
  return (path) => hasField(path, version) && !isHidden(path);
}

/** The tree without the fields that the rule leaves out, the others in alphabetical order. */
function withFields(tree: Metadata, path: string, isThere: FieldRule): Metadata {
  if (typeof tree === 'string') return tree;
  if (isList(tree)) return tree.map((item) => withFields(item, path, isThere));
  const fields = Object.entries(tree)
    .map(([name, value]) => ({ name, value, at: path === '' ? name : `${path}.${name}` }))
    .filter(({ at }) => isThere(at))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return Object.fromEntries(fields.map(({ name, value, at }) => [name, withFields(value, at, isThere)]));
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
