import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import * as z from 'zod';
import { createProgram } from '../../src/cli/program.ts';
import { OPERATOR_ROUTES } from '../../src/operators/routes.ts';
import { readNodeRoots } from '../../src/trust/nodeRoots.ts';
import { writePem } from '../../src/trust/pem.ts';
import { backupFile } from '../support/backups.ts';
import { recordIo } from './recordIo.ts';

/* A service whose answers have the right shape and whatever texts a test wants, and a call of every command that asks it. */

/** The text of a member, by its name. */
export type TextOf = (name: string) => string;

type Schema = z.core.JSONSchema.BaseSchema;

interface Sampling {
  readonly root: Schema;
  readonly text: TextOf;
}

/** A value of a schema with the test's text wherever text is free. */
function sample(schema: Schema, name: string, { root, text }: Sampling): unknown {
  const within = { root, text };
  const { $ref, anyOf, oneOf, allOf } = schema;
  if ($ref !== undefined) return sample(resolve($ref, root), name, within);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [first] = allOf ?? oneOf ?? anyOf ?? [];
  if (first !== undefined) return sample(first, name, within);
  if (schema.type === 'object') return sampleObject(schema, within);
  if (schema.type === 'array') return [sample((schema.items ?? {}) as Schema, name, within)];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'null') return null;
  return schema.type === 'string' ? text(name) : 1;
}

function sampleObject({ properties = {}, additionalProperties }: Schema, within: Sampling): unknown {
  // Commands send the name of an offer back, and look at it before they do.
  const read = (name: string, member: Schema) =>
    name === 'offer' && member.type === 'string' ? OFFER : sample(member, name, within);
  const members = Object.entries(properties).map(([name, member]) => [name, read(name, member as Schema)]);
  const isOpen = typeof additionalProperties === 'object';
  const own = within.text('own');
  return { ...Object.fromEntries(members), ...(isOpen && { [own]: own }), continuation: null };
}

function resolve(ref: string, root: Schema): Schema {
  return ref
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .reduce((value, part) => (value as Record<string, Schema>)[part] ?? {}, root);
}

export function answerWith(text: TextOf, { method = '', url: target = '' }: IncomingMessage): string {
  const { pathname, searchParams } = new URL(target, 'http://x');
  const route = OPERATOR_ROUTES.find(
    ({ endpoint }) =>
      endpoint.method === method &&
      new RegExp(`^${endpoint.path.replace('{pool}/{vm}', '[^?]+').replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
  if (route === undefined) throw new Error(`no route for ${method} ${target}`);
  if (route.answer.mediaType === 'text/csv') return text('csv');
  if (searchParams.get('dryRun') === 'true' && !/catalogue|imports|restore$/.test(pathname))
    return JSON.stringify(reportWith(text));
  const schema = z.toJSONSchema(route.answer.schema, { io: 'input', unrepresentable: 'any' });
  return JSON.stringify(sample(schema, '', { root: schema, text }));
}

function reportWith(text: TextOf) {
  const [note, own, licence] = [text('note'), text('own'), text('licence')];
  return {
    ...{ dryRun: true, old: { note, [own]: 1 }, new: { note: `${note}!` } },
    effect: { vms: 1, licences: [licence], text: note },
  };
}

export const VM = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';
const SUBSCRIPTION = ['--subscription', VM] as const;
export const OFFER = 'a/b/c';
/** A call of each, in the folder of {@link createFiles}. */
export const SERVICE_COMMANDS: readonly (readonly string[])[] = [
  ['trust', 'status'],
  ['trust', 'add', 'ca.pem', '--cloud', 'AzurePublicCloud'],
  ['trust', 'remove', 'ab12', '--cloud', 'AzurePublicCloud', '--yes'],
  ['trust', 'distrust', 'ab12', '--yes'],
  ['trust', 'undistrust', 'ab12'],
  ['trust', 'issuers'],
  ['apply', 'none.json', '--yes'],
  ['offers', 'list'],
  ['offers', 'show', OFFER],
  ['offers', 'set', OFFER, '--seats', '5', '--yes'],
  ['offers', 'override', 'set', OFFER, ...SUBSCRIPTION, '--seats', '5', '--yes'],
  ['offers', 'override', 'show', OFFER, ...SUBSCRIPTION],
  ['offers', 'override', 'remove', OFFER, ...SUBSCRIPTION, '--yes'],
  ['offers', 'suspend', OFFER, '--yes'],
  ['offers', 'resume', OFFER],
  ['offers', 'delete', OFFER, '--yes'],
  ['licences', 'list'],
  ['licences', 'show', 'x'],
  ['licences', 'grant', 'x', ...SUBSCRIPTION, '--offer', OFFER, '--seats', '5'],
  ['licences', 'set', 'x', '--skus', 'a', '--seats', '5', '--yes'],
  ['licences', 'suspend', 'x', '--yes'],
  ['licences', 'suspend', 'x', '--dry-run'],
  ['licences', 'suspend', '--filter', 'query=x', '--yes'],
  ['licences', 'revoke', '--filter', 'query=x', '--dry-run'],
  ['licences', 'resume', 'x'],
  ['licences', 'revoke', 'x', '--yes'],
  ['licences', 'delete', 'x', '--yes'],
  ['licences', 'import', 'licences.json', '--yes'],
  ['licences', 'export', '--out', 'out.csv'],
  ['claims', 'create', '--licence', 'x', '--uses', '1', '--until', '2027-01-01T00:00:00Z'],
  ['claims', 'list'],
  ['claims', 'revoke', 'x', '--yes'],
  ['activations', 'list', '--vm', VM],
  ['activations', 'show', VM, '--licence', 'x'],
  ['activations', 'seats', '--licence', 'x'],
  ['activations', 'block', VM, '--licence', 'x', '--yes'],
  ['activations', 'unblock', VM, '--licence', 'x'],
  ['activations', 'release', VM, '--licence', 'x', '--yes'],
  ['activations', 'release-key', VM, '--licence', 'x'],
  ['activate', 'request.json'],
  ['changes', 'list'],
  ['status'],
  ['search', 'fabrikam'],
  ['pools', 'list'],
  ['pools', 'history', 'licence:x'],
  ['decisions', 'list'],
  ['decisions', 'tail', '--until', '2026-06-01T00:00:00Z'],
  ['decisions', 'show', 'x'],
  ['decisions', 'explain', 'x'],
  ['decisions', 'stats'],
  ['decisions', 'stats', '--issues'],
  ['decisions', 'timeline', '--vm', VM],
  ['usage', 'export', '--from', '2026-11-01', '--to', '2026-11-02', '--out', 'out.csv'],
  ['privacy', 'export', ...SUBSCRIPTION, '--out', 'out.json'],
  ['privacy', 'erase', ...SUBSCRIPTION, '--yes'],
  ['keys', 'status', '--out', 'keys.json'],
  ['keys', 'upload', 'set.jwt'],
  ['backup', '--out', 'out.backup'],
  ['restore', 'some.backup', '--yes'],
  ['restore', 'some.backup', '--dry-run'],
  ['restore', 'confirm', '--yes'],
];

/** The files that the commands read, and where they write. */
export function createFiles(request: string): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-sample-'));
  writeFileSync(join(folder, 'ca.pem'), writePem(readNodeRoots()[0] ?? Buffer.alloc(0)));
  writeFileSync(join(folder, 'set.jwt'), 'x');
  writeFileSync(join(folder, 'request.json'), request);
  writeFileSync(join(folder, 'none.json'), '{"offers":[],"licences":[]}');
  writeFileSync(join(folder, 'licences.json'), '{"licences":[]}');
  writeFileSync(join(folder, 'some.backup'), backupFile('x.y.z', ['']));
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

function listCommands(command: CommandUnknownOpts, path: string): readonly string[] {
  const own = command.options.some(({ long }) => long === '--service') ? [path] : [];
  return [...own, ...command.commands.flatMap((child) => listCommands(child, `${path} ${child.name()}`))];
}

/** The paths of the commands that ask a service. */
export async function listServiceCommands(): Promise<readonly string[]> {
  const session = { ...recordIo(), exitCode: 0 as const };
  const names = (await createProgram([], session)).commands.map((command) => command.name());
  const programs = await Promise.all(names.map((name) => createProgram([name], session)));
  return programs.flatMap(({ commands }, index) => {
    const command = commands[index];
    return command === undefined ? [] : listCommands(command, command.name());
  });
}
