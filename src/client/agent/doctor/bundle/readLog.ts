import { runProgram } from '../gather/runProgram.ts';

const MAX_LINES = 200;
/** Characters. */
const MAX_LINE = 500;
const ARGUMENTS = ['--unit=countersign', `--lines=${MAX_LINES}`, '--output=short-iso', '--no-hostname', '--no-pager'];

/** The last lines of the agent's log in the journal, which only root and some groups may read; null where there are none. */
export async function readLog(): Promise<readonly string[] | null> {
  const written = process.platform === 'linux' ? await runProgram('journalctl', '--quiet', ...ARGUMENTS) : undefined;
  const lines = (written ?? '').split('\n').filter((line) => line !== '');
  return lines.length === 0 ? null : lines.slice(-MAX_LINES).map((line) => line.slice(0, MAX_LINE));
}
