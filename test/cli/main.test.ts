import { expect, test } from 'vitest';
import { spawnCli } from './cliProcess.ts';
import { AT, TRUST, useDocumentFiles } from './documentFiles.ts';

const files = useDocumentFiles();

const run = (...args: string[]) => files().run(args);

const SERVICE_COMMANDS = ['offers', 'licences', 'activations', 'decisions', 'keys'];
const COMMANDS = ['verify', 'explain', 'conformance', 'trust', 'apply', 'imds', ...SERVICE_COMMANDS];

test.each([['help'], ['--help'], ['-h']])('%s lists the commands and the exit codes', async (word) => {
  const { code, out, complaints } = await run(word);
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${command} +\\S`, 'm'));
  expect(out).toContain(
    'Exit codes: 0 done or accepted, 2 rejected or refused by a check, 1 wrong usage or a system error.',
  );
});

test('without a command the list is a complaint', async () => {
  const { code, out, complaints } = await run();
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain('countersign COMMAND [OPTIONS]');
});

test.each(['verfy', '', 'constructor', '__proto__', '--version', 'Verify'])('"%s" is no command', async (name) => {
  const { code, out, complaints } = await run(name, 'document.json');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(`There is no command "${name}".`);
  expect(complaints).toContain('countersign COMMAND [OPTIONS]');
});

test.each(
  COMMANDS.flatMap((command) => [
    [command, '--help'],
    [command, 'document.json', '-h'],
  ]),
)('%s %s shows its help, with examples, whatever else is there', async (command, ...args) => {
  const { code, out, complaints } = await run(command, ...args);
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  expect(out).toMatch(new RegExp(`^countersign ${command}\\b`));
  expect(out).toMatch(/\nExamples?:\n {2}(countersign|curl) /);
  expect(out).toContain('--json');
});

test.each(COMMANDS)('%s refuses an unknown option and says where its help is', async (command) => {
  const { code, out, complaints } = await run(command, '--no-such-option');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(`countersign ${command}: Unknown option '--no-such-option'`);
  expect(complaints).toContain(`See: countersign ${command} --help\n`);
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
  expect(wrong.stderr).toMatch(/^countersign verify: ENOENT.*gone\.json'\n$/);
});

test('as a process: a document on standard input, and 10 MB of it', async () => {
  const { folder } = files();
  const der = await files().sign();
  const [good, large] = await Promise.all([
    spawnCli(['verify', '-', '--at', at, ...TRUST], folder, der).ended,
    spawnCli(['verify', '-', '--at', at, ...TRUST], folder, 'A'.repeat(10_000_000)).ended,
  ]);
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(large).toMatchObject({ code: 2, stderr: '' });
  expect(large.stdout).toContain('rejected: document_malformed');
});
