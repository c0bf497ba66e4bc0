import type { Metadata } from './vms.ts';

/** An inner node that is no list. */
export type Tree = Readonly<Record<string, Metadata>>;

/** Objects are merged member by member and lists element by element; a text replaces what was there. */
export function mergeMetadata(base: Metadata | undefined, over: Metadata): Metadata {
  if (base === undefined || typeof base === 'string' || typeof over === 'string') return over;
  if (isList(base) || isList(over)) {
    return isList(base) && isList(over) ? over.map((item, index) => mergeMetadata(base[index], item)) : over;
  }
  const merged = Object.entries(over).map(([name, value]) => [name, mergeMetadata(ownMember(base, name), value)]);
  return { ...base, ...(Object.fromEntries(merged) as Tree) };
}

function ownMember(tree: Tree, name: string): Metadata | undefined {
  return Object.hasOwn(tree, name) ? tree[name] : undefined;
}

function isList(tree: Metadata): tree is readonly Metadata[] {
  return Array.isArray(tree);
}
