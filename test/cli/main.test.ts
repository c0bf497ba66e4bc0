import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { Session } from '../../src/cli/command.ts';
import { createProgram } from '../../src/cli/program.ts';
import { spawnCli } from './cliProcess.ts';
import { AT, TRUST, useDocumentFiles } from './documentFiles.ts';
import { recordIo } from './recordIo.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const files = useDocumentFiles();

const run = (...args: string[]) => files().run(args);

const COMMANDS = (await createProgram([], { ...recordIo(), exitCode: 0 })).commands.map((command) => command.name());

/** Every command and every group, as words. */
async function listCommands(): Promise<readonly (readonly string[])[]> {
  const session: Session = { ...recordIo(), exitCode: 0 };
  const found: (readonly string[])[] = [];
  const visit = (command: CommandUnknownOpts, words: readonly string[]): void => {
    found.push(words);
    for (const child of command.commands) visit(child, [...words, child.name()]);
  };
  for (const name of COMMANDS) {
    const program = await createProgram([name], session);
    const command = program.commands.find((child) => child.name() === name);
    if (command !== undefined) visit(command, [name]);
  }
  return found;
}

const ALL = await listCommands();
const GROUPS = ALL.filter((words) =>
  ALL.some((other) => other.length > words.length && words.every((word, index) => other[index] === word)),
);
const LEAVES = ALL.filter((words) => !GROUPS.includes(words));

test.each([['help'], ['--help'], ['-h']])('%s lists the commands and the exit codes', async (word) => {
  const { code, out, complaints } = await run(word);
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${command} +\\S`, 'm'));
  expect(out).toContain(
    'Exit codes: 0 done or accepted, 2 rejected or refused by a check, 1 wrong usage or a system error.',
  );
});

test.each(['--version', '-V'])('%s is the version of the package', async (flag) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await run(flag)).toEqual({ code: 0, out: `${version}\n`, complaints: '' });
});

test('without a command the list is a complaint', async () => {
  const { code, out, complaints } = await run();
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain('Usage: countersign [options] [command]');
  expect(complaints).toContain('countersign: name a command: verify, explain, trust');
});

test.each([
  ['verfy', ' (Did you mean verify?)'],
  ['licenses', ' (Did you mean licences?)'],
  ['Verify', ' (Did you mean verify?)'],
  ['conformance', `. The commands are ${COMMANDS.join(', ')}`],
  ['constructor', `. The commands are ${COMMANDS.join(', ')}`],
  ['__proto__', `. The commands are ${COMMANDS.join(', ')}`],
])('"%s" is no command, and the nearest one is named, or all where none is near', async (name, hint) => {
  const refused = {
    code: 1,
    out: '',
    complaints: `countersign: unknown command '${name}'${hint}\nSee: countersign --help\n`,
  };
  expect(await run(name, 'document.json')).toEqual(refused);
  expect(await run(name, '--help')).toEqual(refused);
  expect(await run('help', name)).toEqual(refused);
});

test.each(
  ALL.flatMap((words) => [
    [...words, '--help'],
    ...(GROUPS.includes(words) ? [] : [[...words, 'document.json', '--no-such', '-h']]),
  ]),
)('%s %s %s shows its help, with examples, whatever else is there', async (...args) => {
  const words = args.filter((arg) => !arg.startsWith('-') && arg !== 'document.json');
  const { code, out, complaints } = await run(...args);
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(out).toMatch(new RegExp(`^Usage: countersign ${words.join(' ')}\\b`));
  expect(out).toMatch(/\nExamples:\n {2}(countersign|curl) /);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
});

test.each(ALL.map((words) => [words]))('help %j shows the same help', async (words) => {
  const [asked, flagged] = [await run('help', ...words), await run(...words, '--help')];
  expect(asked).toEqual(flagged);
});

test.each(LEAVES.map((words) => [words]))('%j takes --json', async (words) => {
  expect((await run(...words, '--help')).out).toMatch(/^ {2}--json /m);
});

test.each(LEAVES.map((words) => [words]))('%j refuses an unknown option and names the nearest', async (words) => {
  const { code, out, complaints } = await run(...words, '--jsn');
  const path = words.join(' ');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toBe(
    `countersign ${path}: unknown option '--jsn' (Did you mean --json?)\nSee: countersign ${path} --help\n`,
  );
});

// `restore` does something of its own, too.
test.each(GROUPS.filter(([name]) => name !== 'restore').map((words) => [words]))(
  '%j refuses an unknown command of its own, and none at all',
  async (words) => {
    const group = words.join(' ');
    for (const args of [
      [...words, 'shwo'],
      [...words, 'shwo', '-h'],
      ['help', ...words, 'shwo'],
    ]) {
      const unknown = await run(...args);
      expect(unknown).toMatchObject({ code: 1, out: '' });
      expect(unknown.complaints).toContain(`countersign ${group}: unknown command 'shwo'`);
    }
    const none = await run(...words);
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.complaints).toContain(`countersign ${group}: name a command: `);
  },
);

test.each([
  [['verify', '--json'], 'wrong_usage', 'name one FILE, or - for standard input'],
  [['verify', 'document.json', '--jsn', '--json'], 'wrong_usage', "unknown option '--jsn' (Did you mean --json?)"],
  [['offers', 'sell', '--json'], 'wrong_usage', "unknown command 'sell'"],
  [['offers', '--json'], 'wrong_usage', "unknown option '--json'"],
  [['offers', 'sell', '--json', '--help'], 'wrong_usage', "unknown command 'sell'"],
  [['offers', 'list', '--json'], 'wrong_usage', 'no service is named. Give --service URL, or set COUNTERSIGN_URL'],
  [['verify', 'gone.json', '--json', ...TRUST], 'file_unreadable', 'gone.json cannot be read: there is no such file'],
])('%j is an error as JSON, and for people too', async (args, code, message) => {
  const { code: exitCode, out, complaints } = await run(...args);
  expect(exitCode).toBe(1);
  const { error } = JSON.parse(out) as { error: Record<string, string> };
  expect(Object.keys(error)).toEqual(['code', 'message']);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string });
  expect(complaints).toContain(message);
});

const at = new Date(AT).toISOString();

test('as a process: verdict on standard output, exit code 0, 2 or 1', async () => {
  const { folder } = files();
  const [good, bad, wrong] = await Promise.all([
    spawnCli(['verify', 'document.json', '--at', at, ...TRUST, '--json'], folder).ended,
    spawnCli(['verify', 'document.json', '--at', at, '--nonce', '0', ...TRUST], folder).ended,
    spawnCli(['verify', 'gone.json', ...TRUST], folder).ended,
  ]);
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(good.stdout)).toMatchObject({ accepted: true, code: null });
  expect(bad).toMatchObject({ code: 2, stderr: '' });
  expect(bad.stdout).toContain('rejected: nonce_mismatch');
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toBe(
    'countersign verify: gone.json cannot be read: there is no such file or folder. Check the path\n',
  );
});

test('as a process: a document on standard input, and 10 MB of it', async () => {
  const { folder } = files();
  const der = await files().sign();
  const [good, large] = await Promise.all([
    spawnCli(['verify', '-', '--at', at, ...TRUST], folder, { stdin: der }).ended,
    spawnCli(['verify', '-', '--at', at, ...TRUST], folder, { stdin: 'A'.repeat(10_000_000) }).ended,
  ]);
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(large).toMatchObject({ code: 2, stderr: '' });
  expect(large.stdout).toContain('rejected: document_malformed');
});
