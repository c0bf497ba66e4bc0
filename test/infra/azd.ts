import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ROOT } from './bicep.ts';

/**
 * What azd makes of `infra/main.parameters.json` (its `loadParameters` and `armParameterFileValue`): it puts variables of its
 * environment into each value, leaves out a parameter whose variable is not set, and reads numbers and booleans.
 */

const fileSchema = z.object({ parameters: z.record(z.string(), z.object({ value: z.string() })) });

/** A parameter of the compiled template, as far as azd looks at it. */
export interface TemplateParameter {
  readonly type: string;
  readonly defaultValue?: unknown;
}

const VARIABLE = /^\$\{(\w+)\}$/;

/** The variable of each parameter that the file names. */
export function readParameterVariables(): ReadonlyMap<string, string> {
  const { parameters } = fileSchema.parse(JSON.parse(readFileSync(join(ROOT, 'infra/main.parameters.json'), 'utf8')));
  return new Map(Object.entries(parameters).map(([name, { value }]) => [name, VARIABLE.exec(value)?.[1] ?? value]));
}

/** The parameters that azd sends to Azure, and those that it asks the person for. */
export function resolveParameters(
  template: Readonly<Record<string, TemplateParameter>>,
  environment: Readonly<Record<string, string>>,
): { readonly sent: Readonly<Record<string, unknown>>; readonly asked: readonly string[] } {
  const variables = readParameterVariables();
  const sent: Record<string, unknown> = {};
  for (const [name, { type }] of Object.entries(template)) {
    const value = environment[variables.get(name) ?? ''];
    if (value !== undefined) sent[name] = readValue(type, value);
  }
  const asked = Object.entries(template).filter(
    ([name, { defaultValue }]) => !(name in sent) && defaultValue === undefined,
  );
  return { sent, asked: asked.map(([name]) => name) };
}

/** @throws SyntaxError where azd stops: no number */
function readValue(type: string, value: string): unknown {
  if (type === 'int') return JSON.parse(value) as unknown;
  return type === 'bool' ? value.toLowerCase() === 'true' : value;
}
