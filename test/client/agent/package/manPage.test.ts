import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../../src/client/agent/commands.ts';
import { EXIT_CODES, optionsOf, usageOf } from '../../../../src/client/agent/commands/help.ts';
import { manPage } from '../../../../src/dev/agentPackage/manPage.ts';

const page = manPage(new Date(0));

/** As a terminal shows it, in one line. */
function render(program: string, ...args: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(program, args, { input: page, encoding: 'utf8' });
  return {
    status,
    stderr,
    text: stdout
      .replace(/.\u0008|\u001b\[\d*m/g, '')
      .replace(/‐\n\s*/g, '')
      .replace(/\s+/g, ' '),
  };
}

const hasGroff = spawnSync('groff', ['--version']).status === 0;

test.skipIf(!hasGroff)('the man page is sound, and says of each command what help says', () => {
  const { status, stderr, text } = render('groff', '-man', '-ww', '-Tutf8');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const flat = (line: string) => line.replace(/\s+/g, ' ');
  for (const command of COMMANDS) {
    expect(text).toContain(`${flat(usageOf(command))} ${flat(command.summary)}`);
    expect(text).toContain(flat(command.description));
    for (const [option, summary] of optionsOf(command)) expect(text).toContain(`${option} ${flat(summary)}`);
  }
  for (const [code, meaning] of EXIT_CODES) expect(text).toContain(`${code} ${meaning}`);
});

test('no text of the page is a request to the typesetter', () => {
  const requests = page
    .split('\n')
    .filter((line) => /^[.']/.test(line))
    .map((line) => line.split(' ')[0]);
  expect([...new Set(requests)].toSorted()).toEqual(['.B', '.BR', '.I', '.RE', '.RI', '.RS', '.SH', '.TH', '.TP']);
});
