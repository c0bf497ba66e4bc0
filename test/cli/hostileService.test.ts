import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src/cli/runCommandLine.ts';
import { recordIo } from './recordIo.ts';
import { SERVICE_COMMANDS, VM, answerWith, createFiles, listServiceCommands } from './sampleService.ts';

/** A service whose every text tries to steer the terminal, in answers and in refusals. */

const FORGED = 'FORGED';
/** Escape sequences, C1, direction, zero widths, line ends of every kind, half a pair, tags, private use, fillers. */
const HOSTILE = `x\u001b[31m\u001b]0;t\u0007\u009b2J\u0085\u202e\u2066\u200f\u061c\u200b\u00ad\ufeff\u2028\u2029\ud800\u{e0041}\ue000\u3164\u034f\u007f\r\n${FORGED}`;
const STEERING = /[[^\p{L}\p{M}\p{N}\p{P}\p{S} \n][\p{Default_Ignorable_Code_Point}--[\ufe0e\ufe0f]]]/v;

const REQUEST = JSON.stringify({ document: { signature: HOSTILE }, proof: HOSTILE, offer: HOSTILE }).replaceAll(
  '\\ud800',
  '',
);

const { folder, remove } = createFiles(REQUEST);
let url = '';
let refuses = false;
const server = createServer((request, response) => {
  request.resume();
  response.statusCode = refuses ? 409 : 200;
  response.end(refuses ? JSON.stringify(REFUSAL) : answerWith(() => HOSTILE, request));
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  refuses = false;
});
afterAll(() => {
  server.close();
  remove();
});

const REFUSAL = {
  ...{ code: HOSTILE, detail: HOSTILE, correlationId: HOSTILE },
  errors: [{ line: HOSTILE, field: HOSTILE, message: HOSTILE }],
};

async function run(args: readonly string[], columns: number | null) {
  const env = { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'x' };
  const terminal = columns === null ? null : { columns, hasColour: false };
  const io = recordIo([], { directory: folder, env, terminal });
  const code = await runCommandLine(args, io);
  return { code, ...io.written };
}

test('every command that asks a service is tried here', async () => {
  const tried = SERVICE_COMMANDS.map((args) => args.join(' '));
  const found = await listServiceCommands();
  expect(found.filter((path) => !tried.some((line) => `${line} `.startsWith(`${path} `)))).toEqual([]);
});

describe.each(SERVICE_COMMANDS.map((args) => ({ line: args.slice(0, 3).join(' '), args })))('$line', ({ args }) => {
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
