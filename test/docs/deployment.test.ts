import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { StandIns } from '../infra/standIns.ts';
import { expectKnownCalls } from './support/knownCalls.ts';
import { outputPattern } from './support/pageSteps.ts';

/** docs/deployment.md, typed by somebody without a subscription: what runs on this machine really runs. */

const ROOT = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/deployment.md'), 'utf8');

interface Fence {
  readonly info: string;
  readonly text: string;
}

const fences: readonly Fence[] = Array.from(
  page.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm),
  ([, info = '', text = '']) => {
    return { info, text };
  },
);
const shell = fences.filter(({ info }) => info === 'sh');

test('the first step makes a root key, and prints what the page says', async () => {
  const [{ text } = expect.fail('no step')] = shell;
  const [output] = fences.filter(({ info }) => info === 'text output');
  const standIns = new StandIns({});
  const file = join(standIns.folder, 'root.pem');
  const { status, stdout, stderr } = await standIns.runShell(text.replace('root.pem', file));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [first = '', second = ''] = (output?.text ?? '').split('\n');
  expect(stdout).toMatch(new RegExp(`^${outputPattern(`${first}\n${second}`)}\n`));
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('every step is one that sh takes, of scripts, hooks and variables that are there', async () => {
  const calls = await expectKnownCalls(shell.map(({ text }) => text));
  for (const script of ['cli', 'deploy', 'package']) {
    expect(
      calls.some((call) => call.startsWith('npm run') && call.includes(script)),
      script,
    ).toBe(true);
  }
});

/** The programs that a step runs, as one line each, whatever the shell. */
const commandsOf = (text: string) =>
  text
    .replace(/ [\\`]\n\s*/g, ' ')
    .replaceAll("'--'", '--')
    .split('\n')
    .filter((line) => /^(az|azd|npm|npx|node|curl) /.test(line));

test('a step that PowerShell writes in another way stands there for PowerShell too, with the same commands', () => {
  const ofSh = /^export |\$\(| \\$/m;
  const pairs = fences.flatMap((fence, place) => (ofSh.test(fence.text) ? [[fence, fences[place + 1]] as const] : []));
  expect(pairs.length).toBeGreaterThan(2);
  for (const [{ text }, other] of pairs) {
    expect(other?.info).toBe('powershell');
    expect(commandsOf(other?.text ?? '')).toEqual(commandsOf(text));
  }
  expect(fences.filter(({ info }) => info === 'powershell')).toHaveLength(pairs.length);
});
