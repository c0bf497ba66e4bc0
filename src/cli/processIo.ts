import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Io, Terminal } from './command.ts';
import { escapeUnprintable } from './printable.ts';
import { watchReader } from './watchReader.ts';

/** The world of this process. A reader that closes the pipe (`countersign … | head`) ends it quietly. */
export function createProcessIo(): Io {
  endWithReader(process.stdout);
  endWithReader(process.stderr);
  const write = (stream: NodeJS.WriteStream) => (text: string) => {
    stream.write(stream.isTTY ? escapeUnprintable(text) : text);
  };
  return {
    out: write(process.stdout),
    complain: write(process.stderr),
    readStdin: () => process.stdin,
    env: process.env,
    directory: workingDirectory(),
    now: Date.now,
    sleep: (milliseconds) => sleep(milliseconds),
    endOnInterrupt: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
    },
    endSoonAfterReader: () => {
      watchReader(process.stdout);
    },
    terminal: describeTerminal(process.stdout),
    complaintColumns: process.stderr.isTTY ? process.stderr.columns : null,
    ask: process.stdin.isTTY && process.stderr.isTTY ? askPerson : null,
  };
}

/**
 * What a write gets when its reader has gone: `EPIPE` on a pipe. Between processes of Node a pipe is a socket, and one that
 * is closed during the write, before all was read, answers `ECONNRESET`.
 */
const READER_GONE: readonly unknown[] = ['EPIPE', 'ECONNRESET'];

function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (READER_GONE.includes(error.code)) process.exit();
    // Standard error may be the one that fails.
    if (stream === process.stdout) process.stderr.write(explainOutput(error));
    process.exit(1);
  });
}

function explainOutput({ code = 'unknown error' }: NodeJS.ErrnoException): string {
  const advice =
    code === 'ENOSPC' ? 'there is no space left. Free some space, or send it elsewhere' : `${code}. Send it elsewhere`;
  return `countersign: standard output cannot be written: ${advice}\n`;
}

/** https://no-color.org: any value but the empty one. */
function describeTerminal(stream: NodeJS.WriteStream): Terminal | null {
  if (!stream.isTTY) return null;
  const { NO_COLOR = '', TERM = '' } = process.env;
  return { columns: stream.columns, hasColour: NO_COLOR === '' && TERM !== 'dumb' };
}

/** On standard error, because standard output may be read by a program. */
async function askPerson(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-D, Ctrl-C and the end of the input close the reader: that is no answer.
    const closed = once(reader, 'close').then(() => '');
    return await Promise.race([reader.question(question).catch(() => ''), closed]);
  } finally {
    reader.close();
  }
}

/** npm runs scripts in the package's folder and sets INIT_CWD to the folder in which the user called it. */
function workingDirectory(): string {
  const { npm_lifecycle_event: script, INIT_CWD: started } = process.env;
  const isScript = script === 'cli' || script === 'conformance';
  return resolve(isScript && started !== undefined ? started : process.cwd());
}
