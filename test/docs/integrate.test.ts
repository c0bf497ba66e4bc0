import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { outputPattern, readPageSteps } from './support/pageSteps.ts';
import type { CommandStep } from './support/pageSteps.ts';
import { Reader } from './support/reader.ts';
import type { Terminal } from './support/terminal.ts';

/**
 * docs/integrate.md, followed from an empty folder: its commands are typed and its files written as they stand there, in
 * their order, and what it says of outputs is compared with what is printed. Only the ports are others. What is for Azure
 * is run as far as it can be without Azure: against the service on this machine, or as far as the command's help.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/integrate.md'), 'utf8');
const steps = readPageSteps(PAGE);

function imageFile(name: string): string {
  const file = steps.find((step) => step.kind === 'imageFile' && step.name === name);
  return file?.text ?? '';
}

/** What a reader of `npm start`'s output can type as an operator. */
function operatorSettings({ background: [start] }: Reader): Promise<RegExpExecArray> | undefined {
  return start?.says('export COUNTERSIGN_URL=\\S+ COUNTERSIGN_TOKEN="[^"]+"');
}

/** Asks for the help of the command of this line, and looks whether it knows its subcommands and options. */
async function checkHelp(terminal: Terminal, line: string): Promise<void> {
  const [program = '', ...words] = line.replace(/^sudo |^npx /, '').split(' ');
  const commands = words.slice(0, words.findIndex((word) => /^-|\./.test(word)) >>> 0).join(' ');
  const asked = program === 'countersign' ? `npx countersign ${commands} --help` : `${AGENT} help ${commands}`;
  const help = await terminal.run(asked);
  expect(help.startsWith(`Usage: ${program} ${commands}`), `${line}\n${help}`).toBe(true);
  for (const option of words.filter((word) => word.startsWith('--'))) expect(help).toMatch(new RegExp(`${option}\\b`));
}

/** Where the page says what comes out, the commands run against the service on this machine. */
async function checkImageStep(terminal: Terminal, { text, output }: CommandStep): Promise<void> {
  const ours = text.trim().split('\n');
  for (const line of ours.filter((each) => !each.startsWith('sudo systemctl '))) await checkHelp(terminal, line);
  if (output !== undefined) expect(await terminal.run(text)).toMatch(new RegExp(`^${outputPattern(output)}$`, 'm'));
}

const AGENT = 'node countersign-agent.mjs';

test('from an empty folder to a licensed hello world, then what changes for the image', async () => {
  const reader = new Reader('hello');
  const { terminal, folder } = reader;
  for (const step of steps) await reader.follow(step);

  expect(await terminal.run('cp hello.mjs hello.mts; node hello.mts')).toMatch(/^Hello, licensed world /);
  const types = '--noEmit --strict --module nodenext --target es2023 --types node';
  const roots = '--typeRoots ~/countersign/node_modules/@types';
  expect(await terminal.run(`~/countersign/node_modules/.bin/tsc ${types} ${roots} hello.mts`)).toBe('');

  await terminal.run((await operatorSettings(reader))?.[0] ?? '');
  for (const step of steps) if (step.kind === 'image') await checkImageStep(terminal, step);

  writeFileSync(join(folder, 'agent.json'), imageFile('agent.json'));
  const status = await terminal.run(`COUNTERSIGN_CONFIG=$PWD/agent.json ${AGENT} status --json || true`);
  expect(JSON.parse(status)).toMatchObject({
    code: 'nothing_kept',
    issuer: 'https://licences.contoso.com',
    trust: 'rootKeys',
  });
  await reader.leave();
});

test('the unit of the page stands and falls with the licence', () => {
  const unit = imageFile('hello.service');
  for (const key of ['BindsTo', 'After', 'WantedBy'])
    expect(unit).toMatch(new RegExp(`^${key}=countersign-licensed.target$`, 'm'));
});
