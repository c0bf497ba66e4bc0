import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';

const SECOND = 1_000;
const STANDARD_OUTPUT = 1;

/**
 * Ends this process soon after the reader of standard output has gone (`countersign decisions tail | head -1`), also while
 * there is nothing to write. Otherwise only the next write finds out.
 */
export function watchReader(stdout: NodeJS.WriteStream): void {
  const output = fstatSync(STANDARD_OUTPUT);
  // A write of nothing fails on a socket that nobody reads. On a pipe it succeeds.
  if (output.isSocket()) setInterval(() => stdout.write(''), SECOND).unref();
  if (output.isFIFO() && process.platform === 'linux') watchPipe();
}

/**
 * Node cannot ask a pipe whether it has a reader. The tail of GNU asks each second, and ends with SIGPIPE when there is none.
 * Another tail (BusyBox) refuses the options and ends at once: then the next write finds out, as everywhere but on Linux.
 */
function watchPipe(): void {
  const args = ['--follow', `--pid=${process.pid}`, '/dev/null'];
  const watcher = spawn('tail', args, { stdio: ['ignore', 'inherit', 'ignore'] });
  watcher.on('error', () => undefined);
  watcher.on('exit', (_, signal) => {
    if (signal === 'SIGPIPE') process.exit();
  });
  watcher.unref();
  // It keeps the pipe open, and whoever reads would wait for its end.
  process.on('exit', () => watcher.kill());
}
