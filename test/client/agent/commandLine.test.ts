import { expect, test } from 'vitest';
import { COMMANDS } from '../../../src/client/agent/commands.ts';
import { runAgent } from '../../../src/client/agent/runAgent.ts';
import type { World } from '../../../src/client/agent/world.ts';
import { VERSION } from '../../../src/client/version.ts';

/** A command line that must not reach the network or the disk. */
async function run(...args: string[]) {
  const written = { out: '', complaints: '' };
  const world: World = {
    ...{ env: {}, isWatched: false, ask: null },
    out: (text) => void (written.out += text),
    complain: (text) => void (written.complaints += text),
  };
  return { code: await runAgent(args, world), ...written };
}

test.each([
  [[], 'There is no command.'],
  [['chek'], 'There is no command "chek". Did you mean "check"?'],
  [['statsu'], 'There is no command "statsu". Did you mean "status"?'],
  [['WIPE'], 'There is no command "WIPE". Did you mean "wipe"?'],
  [['frobnicate'], 'There is no command "frobnicate".'],
  [['--json', 'check'], '"--json" stands before the command.'],
  [['check', '--jason'], '"check" has no option "--jason". Did you mean "--json"?'],
  [['check', '--verbose'], '"check" has no option "--verbose".'],
  [['check', '--__proto__'], '"check" has no option "--__proto__".'],
  [['run', '--json'], '"run" has no option "--json".'],
  [['check', '-j'], '"check" has no option "-j".'],
  [['check', '--json=yes'], 'The option "--json" takes no value.'],
  [['check', '--wait'], 'The option "--wait" needs a value: TIME.'],
  [['check', '--wait='], 'The option "--wait" needs a value: TIME.'],
  [['check', '--wait', 'soon'], 'The option "--wait" needs a time with its unit: 90s, 5m or 1h.'],
  [['check', '--wait', '-1s'], 'The option "--wait" needs a time with its unit: 90s, 5m or 1h.'],
  [['check', '--wait', '--json'], 'The option "--wait" needs a time with its unit: 90s, 5m or 1h.'],
  [['check', 'now'], '"now" is one word too many after "check".'],
  [['help', 'check', 'run'], '"run" is one word too many after "help".'],
  [['help', 'chekc'], 'There is no command "chekc". Did you mean "check"?'],
  [['\u001b[31m'], 'There is no command "\\u001b[31m".'],
])('%j is wrong usage', async (args, complaint) => {
  const { code, out, complaints } = await run(...args);
  expect(complaints).toBe(`${complaint} Run "countersign-agent help" to see what there is.\n`);
  expect({ code, out }).toEqual({ code: 64, out: '' });
});

test.each([[['version']], [['--version']], [['-V']]])('%j prints the version', async (args) => {
  expect(await run(...args)).toEqual({ code: 0, out: `countersign-agent ${VERSION}\n`, complaints: '' });
});

test.each([[['help']], [['--help']], [['-h']]])('%j lists every command', async (args) => {
  const { code, out } = await run(...args);
  expect(code).toBe(0);
  for (const { name, summary } of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${name}\\b.* ${summary}$`, 'm'));
  for (const exit of [0, 10, 11, 12, 13, 14, 64, 70]) expect(out).toMatch(new RegExp(`^ {2}${exit} `, 'm'));
});

test.each(COMMANDS.map(({ name }) => name))('help %s has a usage, as --help after it', async (name) => {
  const { code, out } = await run('help', name);
  expect(out).toMatch(new RegExp(`^Usage: countersign-agent ${name}\\b`));
  expect(code).toBe(0);
  expect(await run(name, '--help')).toEqual({ code, out, complaints: '' });
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
});
