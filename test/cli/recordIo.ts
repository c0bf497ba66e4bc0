import type { Io } from '../../src/cli/command.ts';

export interface RecordedIo extends Io {
  /** All that went to standard output, and all complaints. */
  readonly written: { out: string; complaints: string };
}

/** An `Io` in memory: standard input comes in the chunks given, the clock stands still. */
export function recordIo(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array> = [],
  change: Partial<Io> = {},
): RecordedIo {
  const written = { out: '', complaints: '' };
  return {
    out: (text) => {
      written.out += text;
    },
    complain: (text) => {
      written.complaints += text;
    },
    async *readStdin() {
      yield* chunks;
    },
    env: {},
    directory: import.meta.dirname,
    now: () => Date.UTC(2026, 6, 1),
    sleep: () => Promise.reject(new Error('This test has no clock to wait for.')),
    endOnInterrupt: () => undefined,
    endSoonAfterReader: () => undefined,
    terminal: null,
    complaintColumns: null,
    ask: null,
    ...change,
    written,
  };
}

/** The lines of JSON on standard output. */
export function readOutput({ written }: RecordedIo): unknown[] {
  return written.out
    .split('\n')
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));
}
