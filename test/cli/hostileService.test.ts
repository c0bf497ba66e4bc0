import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import * as z from 'zod';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { runCommandLine } from '../../src/cli/runCommandLine.ts';
import { OPERATOR_ROUTES } from '../../src/operators/routes.ts';
import { readNodeRoots } from '../../src/trust/nodeRoots.ts';
import { writePem } from '../../src/trust/pem.ts';
import { recordIo } from './recordIo.ts';

/** A service whose every text tries to steer the terminal, in answers and in refusals. */

const folder = mkdtempSync(join(tmpdir(), 'countersign-hostile-'));
const VM = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';
const FORGED = 'FORGED';
/** Escape sequences, C1, direction, zero widths, line ends of every kind, half a pair, tags, private use, fillers. */
const HOSTILE = `x\u001b[31m\u001b]0;t\u0007\u009b2J\u0085\u202e\u2066\u200f\u061c\u200b\u00ad\ufeff\u2028\u2029\ud800\u{e0041}\ue000\u3164\u034f\u007f\r\n${FORGED}`;
const STEERING = /[[^\p{L}\p{M}\p{N}\p{P}\p{S} \n][\p{Default_Ignorable_Code_Point}--[\ufe0e\ufe0f]]]/v;

type Schema = z.core.JSONSchema.BaseSchema;

/** A value of a schema with hostile text wherever text is free. */
function sample(schema: Schema, root: Schema): unknown {
  const { $ref, anyOf, oneOf, allOf } = schema;
  if ($ref !== undefined) return sample(resolve($ref, root), root);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [first] = allOf ?? oneOf ?? anyOf ?? [];
  if (first !== undefined) return sample(first, root);
  if (schema.type === 'object') return sampleObject(schema, root);
  if (schema.type === 'array') return [sample((schema.items ?? {}) as Schema, root)];
  if (schema.type === 'boolean') return true;
  if (schema.type === 'null') return null;
  return schema.type === 'string' ? HOSTILE : 1;
}

function sampleObject({ properties = {}, additionalProperties }: Schema, root: Schema): unknown {
  // Commands send the name of an offer back, and look at it before they do.
  const read = (name: string, member: Schema) =>
    name === 'offer' && member.type === 'string' ? OFFER : sample(member, root);
  const members = Object.entries(properties).map(([name, member]) => [name, read(name, member as Schema)]);
  const isOpen = typeof additionalProperties === 'object';
  return { ...Object.fromEntries(members), ...(isOpen && { [HOSTILE]: HOSTILE }), continuation: null };
}

function resolve(ref: string, root: Schema): Schema {
  return ref
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .reduce((value, part) => (value as Record<string, Schema>)[part] ?? {}, root);
}

let url = '';
let refuses = false;
const server = createServer((request, response) => {
  request.resume();
  response.statusCode = refuses ? 409 : 200;
  response.end(refuses ? JSON.stringify(REFUSAL) : answer(request));
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(folder, 'ca.pem'), writePem(readNodeRoots()[0] ?? Buffer.alloc(0)));
  writeFileSync(join(folder, 'set.jwt'), 'x');
  writeFileSync(join(folder, 'request.json'), REQUEST);
  writeFileSync(join(folder, 'none.json'), '{"offers":[],"licences":[]}');
  writeFileSync(join(folder, 'licences.json'), '{"licences":[]}');
});
afterEach(() => {
  refuses = false;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const REQUEST = JSON.stringify({ document: { signature: HOSTILE }, proof: HOSTILE, offer: HOSTILE }).replaceAll(
  '\\ud800',
  '',
);

const REFUSAL = {
  ...{ code: HOSTILE, detail: HOSTILE, correlationId: HOSTILE },
  errors: [{ line: HOSTILE, field: HOSTILE, message: HOSTILE }],
};

function answer({ method = '', url: target = '' }: IncomingMessage): string {
  const { pathname, searchParams } = new URL(target, 'http://x');
  const route = OPERATOR_ROUTES.find(
    ({ endpoint }) =>
      endpoint.method === method &&
      new RegExp(`^${endpoint.path.replace('{pool}/{vm}', '[^?]+').replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
  if (route === undefined) throw new Error(`no route for ${method} ${target}`);
  if (route.answer.mediaType === 'text/csv') return HOSTILE;
  if (searchParams.get('dryRun') === 'true' && !/catalogue|imports/.test(pathname)) return JSON.stringify(REPORT);
  const schema = z.toJSONSchema(route.answer.schema, { io: 'input', unrepresentable: 'any' });
  return JSON.stringify(sample(schema, schema));
}

const REPORT = {
  ...{ dryRun: true, old: { note: HOSTILE, [HOSTILE]: 1 }, new: { note: `${HOSTILE}!` } },
  effect: { vms: 1, licences: [HOSTILE], text: HOSTILE },
};

const SUBSCRIPTION = ['--subscription', VM] as const;
const OFFER = 'a/b/c';
const COMMANDS: readonly (readonly string[])[] = [
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
];

async function run(args: readonly string[], columns: number | null) {
  const env = { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'x' };
  const terminal = columns === null ? null : { columns, hasColour: false };
  const io = recordIo([], { directory: folder, env, terminal });
  const code = await runCommandLine(args, io);
  return { code, ...io.written };
}

function listCommands(command: CommandUnknownOpts, path: string): readonly string[] {
  if (command.commands.length > 0)
    return command.commands.flatMap((child) => listCommands(child, `${path} ${child.name()}`));
  return command.options.some(({ long }) => long === '--service') ? [path] : [];
}

test('every command that asks a service is tried here', async () => {
  const session = { ...recordIo(), exitCode: 0 as const };
  const names = (await createProgram([], session)).commands.map((command) => command.name());
  const programs = await Promise.all(names.map((name) => createProgram([name], session)));
  const commands = programs.map((program, index) => program.commands[index]).filter((one) => one !== undefined);
  const found = commands.flatMap((command) => listCommands(command, command.name()));
  const tried = COMMANDS.map((args) => args.join(' '));
  expect(found.filter((path) => !tried.some((line) => `${line} `.startsWith(`${path} `)))).toEqual([]);
});

describe.each(COMMANDS.map((args) => ({ line: args.slice(0, 3).join(' '), args })))('$line', ({ args }) => {
  test.each([null, 60, 500])('nothing that it writes steers a terminal of %j columns', async (columns) => {
    for (const refused of [false, true]) {
      refuses = refused;
      const { code, out, complaints } = await run(args, columns);
      expect(code, complaints).toEqual(refused ? 2 : expect.any(Number));
      expect(complaints).not.toContain('system_error');
      for (const text of [out, complaints]) {
        expect(STEERING.exec(text)).toBeNull();
        expect(text).not.toMatch(new RegExp(`^${FORGED}`, 'm'));
      }
    }
  });

  test('with --json it writes the same value, escaped', async () => {
    for (const refused of [false, true]) {
      refuses = refused;
      const { code, out } = await run([...args, '--json'], null);
      expect(STEERING.exec(out)).toBeNull();
      const value: unknown = JSON.parse(out);
      if (refused) expect(value).toMatchObject({ error: { message: expect.stringContaining(FORGED) as string } });
      else if (out.includes(FORGED) && code !== 1)
        expect(JSON.stringify(value)).toContain(JSON.stringify(HOSTILE).slice(1, -1));
    }
  });
});

/** What a file brings, and its own name, is text of others too. */
const HOSTILE_FILES: readonly (readonly [readonly string[], unknown])[] = [
  [['apply'], { [HOSTILE]: 1 }],
  [
    ['apply'],
    { licences: [{ [HOSTILE]: HOSTILE, id: HOSTILE, features: { [HOSTILE]: [HOSTILE] }, skus: [HOSTILE, HOSTILE] }] },
  ],
  [['apply'], { offers: [{ offer: HOSTILE, [HOSTILE]: HOSTILE, features: { [HOSTILE]: [HOSTILE] } }] }],
  [['apply'], `{"${HOSTILE.replace(/[\u0000-\u001f]/g, '')}":1,"${HOSTILE.replace(/[\u0000-\u001f]/g, '')}":2}`],
  [['licences', 'import'], { [HOSTILE]: 1 }],
  [['licences', 'import'], `${HOSTILE.replaceAll('\n', '')},id\n"${HOSTILE}",${HOSTILE}\n`],
  [
    ['imds', '--port', '0', '--vm', HOSTILE, '--vms'],
    { vms: [{ [HOSTILE]: HOSTILE, name: HOSTILE, tags: { [HOSTILE]: 1 } }] },
  ],
  [
    ['imds', '--port', '0', '--vms'],
    { vms: [{ name: 'a', vmId: VM, subscriptionId: VM, faults: [HOSTILE], plan: { [HOSTILE]: 1 } }] },
  ],
  [['verify'], { encoding: HOSTILE, signature: HOSTILE }],
  [['explain'], { encoding: 'pkcs7', signature: HOSTILE }],
  [['trust', 'add', '--cloud', HOSTILE], HOSTILE],
  [['keys', 'upload'], HOSTILE],
  [['activate'], { [HOSTILE]: HOSTILE }],
  [['activate'], { document: { signature: HOSTILE }, proof: HOSTILE, offer: HOSTILE }],
  [['keys', 'sign-set', '--issuer', 'https://a.b', '--keys', 'none.json', '--out', 'x', '--yes', '--root'], HOSTILE],
];

test.each(HOSTILE_FILES)('%j tells of a file without being steered by it', async (args, content) => {
  const name = `${HOSTILE.replaceAll('\ud800', '')}.txt`;
  refuses = true;
  for (const file of [name, 'missing' + HOSTILE]) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    for (const json of [[], ['--json']]) {
      const { code, out, complaints } = await run([...args, file, ...json], null);
      expect(code).toBeGreaterThan(0);
      for (const text of [out, complaints]) {
        expect(STEERING.exec(text)).toBeNull();
        expect(text).not.toMatch(new RegExp(`^\\W*${FORGED}`, 'm'));
      }
    }
  }
});

test('arguments that are no good are told without being obeyed', async () => {
  for (const args of [
    [HOSTILE],
    ['verify', `--${HOSTILE}`],
    ['licences', HOSTILE],
    ['offers', 'show', HOSTILE],
    ['verify', 'x', '--at', HOSTILE],
  ]) {
    const { code, complaints } = await run(args, null);
    expect(code).toBe(1);
    expect(STEERING.exec(complaints)).toBeNull();
  }
});
