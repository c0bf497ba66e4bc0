import { createInterface } from 'node:readline/promises';

/** What a command has of its process. */
export interface World {
  readonly env: NodeJS.ProcessEnv;
  /** Writes to standard output. */
  readonly out: (text: string) => void;
  /** Writes to standard error. */
  readonly complain: (text: string) => void;
  /** Whether a person reads standard error. */
  readonly isWatched: boolean;
  /** Asks a person; null where there is none. An empty answer where they gave none. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

export function createWorld(): World {
  const { stdin, stdout, stderr, env } = process;
  // Whoever reads may have ended. The result is the exit code all the same.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  return {
    env,
    out: (text) => void stdout.write(text),
    complain: (text) => void stderr.write(text),
    isWatched: stderr.isTTY,
    ask: stdin.isTTY && stderr.isTTY ? askPerson : null,
  };
}

/** On standard error, because standard output may be read by a program. */
async function askPerson(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = new Promise<string>((resolve) => {
      reader.once('close', () => {
        resolve('');
      });
    });
    return await Promise.race([reader.question(question).catch(() => ''), closed]);
  } finally {
    reader.close();
  }
}
