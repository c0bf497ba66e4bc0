import { asObject } from '../members.ts';

/** How a field of IMDS is read. All its leaves are text: `""` stands for what does not apply, `"true"` for true. */
export type Shape = Leaf | readonly [Shape] | Fields;

type Leaf = 'text' | 'boolean' | 'number';

interface Fields {
  readonly [field: string]: Shape;
}

/** What a field is for programs. Every field can be missing, and fields that are not known here stay as they came. */
export type Typed<S> = S extends 'text'
  ? string
  : S extends 'boolean'
    ? boolean
    : S extends 'number'
      ? number
      : S extends readonly [infer Item]
        ? readonly Typed<Item>[]
        : { readonly [Field in keyof S]?: Typed<S[Field]> } & Readonly<Record<string, unknown>>;

/** @returns undefined where there is nothing, or something else than the shape says */
export function readTyped<const S extends Shape>(shape: S, value: unknown): Typed<S> | undefined {
  return read(shape, value) as Typed<S> | undefined;
}

function read(shape: Shape, value: unknown): unknown {
  if (typeof shape === 'string') return LEAVES[shape](value);
  if (isList(shape)) return readList(shape[0], value);
  const object = asObject(value);
  const fields = object === undefined ? [] : readFields(shape, object);
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

/** An item in which nothing applies stays, because the others are counted. */
function readList(shape: Shape, value: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item) => read(shape, item));
  return typeof shape === 'string' ? items.filter((item) => item !== undefined) : items.map((item) => item ?? {});
}

function readFields(shape: Fields, object: object): (readonly [string, unknown])[] {
  return Object.entries(object)
    .map(([name, value]: [string, unknown]) => {
      const known = Object.hasOwn(shape, name) ? shape[name] : undefined;
      return [name, known === undefined ? value : read(known, value)] as const;
    })
    .filter(([, value]) => value !== undefined);
}

const LEAVES: Readonly<Record<Leaf, (value: unknown) => unknown>> = {
  text: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  boolean: (value) => (/^(?:true|false)$/i.test(String(value)) ? String(value).toLowerCase() === 'true' : undefined),
  number: (value) => (/^-?\d{1,15}$/.test(String(value)) ? Number(value) : undefined),
};

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
