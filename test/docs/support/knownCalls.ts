import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import * as z from 'zod';
import { readParameterVariables } from '../../infra/azd.ts';
import { StandIns } from '../../infra/standIns.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const PROGRAMS = ['az', 'azd', 'npm', 'npx', 'node', 'curl'];

/**
 * Types steps that only Azure can do, with stand-ins for the programs: sh takes each, and the scripts, hooks and variables
 * that they name are there.
 *
 * @returns what the programs were asked, as one line each
 */
export async function expectKnownCalls(steps: readonly string[]): Promise<readonly string[]> {
  const standIns = new StandIns(Object.fromEntries(PROGRAMS.map((program) => [program, {}])));
  for (const text of steps) expect(await standIns.runShell(`set -e\n${text}`)).toMatchObject({ status: 0, stderr: '' });
  const calls = standIns.calls();
  const found = (pattern: RegExp) => calls.flatMap((call) => pattern.exec(call)?.[1] ?? []);
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  const asked = found(/^npm run (?:-s )?([\w:]+)/);
  expect(asked.filter((script) => !(script in scripts))).toEqual([]);
  expect(found(/^node (\S+)/).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  const hooks = found(/run\.mjs (\w+)/);
  expect(hooks.filter((hook) => !existsSync(join(ROOT, `infra/hooks/${hook}.ts`)))).toEqual([]);
  const known = [...readParameterVariables().values()];
  expect(found(/^azd env set (\w+)/).filter((variable) => !known.includes(variable))).toEqual([]);
  return calls;
}
