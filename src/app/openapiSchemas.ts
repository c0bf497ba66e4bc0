import * as z from 'zod';

/** A piece of JSON Schema, draft 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const PLACE = '#/components/schemas/';

/** Collects the schemas that have an id, each once, and hands out references to them. */
export class SchemaBook {
  readonly #components = new Map<string, JsonSchema>();

  get components(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#components].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  /** @param io what is sent has defaults and other forms than what is answered */
  write(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const whole = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: shorten });
    const moved = moveReferences(whole) as Record<string, unknown>;
    for (const [id, component] of Object.entries(moved['$defs'] ?? {})) this.#add(id, component as JsonSchema);
    return Object.fromEntries(Object.entries(moved).filter(([name]) => name !== '$defs' && name !== '$schema'));
  }

  #add(id: string, component: JsonSchema): void {
    const known = this.#components.get(id);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(component)) {
      throw new Error(`Two schemas have the id ${id}: rename one.`);
    }
    this.#components.set(id, component);
  }
}

/** `format` says it, and the pattern of a date is five lines of leap years. */
function shorten({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
}

function moveReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moveReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) =>
      name === '$ref' && typeof member === 'string'
        ? [name, member.replace('#/$defs/', PLACE)]
        : [name, moveReferences(member)],
    ),
  );
}
