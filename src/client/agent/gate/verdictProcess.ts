import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { member, parseJsonObject, textMember } from '../../members.ts';
import type { Owner } from '../privileges.ts';
import type { World } from '../world.ts';
import { readVerdict } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/*
 * What lies in the run folder and in the configuration is read and verified by a process of the agent's user. Root hears a
 * line of it, and nothing else: what a forged file could do to its reader, it does to one that has no rights.
 */

/** Milliseconds: reading and verifying take some. */
const PATIENCE = 60_000;
const MAX_LINE = 4096;

/** Answers each line with a verdict. The other end of {@link VerdictProcess}. */
export async function answerVerdicts(questions: AsyncIterable<string>, { env, out }: World): Promise<void> {
  const lines = questions[Symbol.asyncIterator]();
  while ((await lines.next()).done !== true) out(`${JSON.stringify(await readVerdict(env))}\n`);
}

export class VerdictProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  /** @param user whose rights it has; undefined for this process's own */
  constructor(env: NodeJS.ProcessEnv, user: Owner | undefined) {
    const [program, ...args] = ownCommand();
    this.#child = spawn(program, [...args, 'gate', '--verdict'], {
      ...{ env, cwd: '/', ...user },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    // A process that could not be started, or has ended, answers no line.
    for (const end of [this.#child, this.#child.stdin]) end.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** A process that does not answer keeps the software from running. */
  async read(): Promise<Verdict> {
    this.#child.stdin.write('\n');
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, PATIENCE, undefined);
    });
    const line = await Promise.race([this.#lines.next(), silence]);
    clearTimeout(timer);
    return parseVerdict(line?.done === false ? line.value : '');
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill('SIGKILL');
  }
}

/** This program, as a single executable or as a file that Node runs. */
function ownCommand(): [string, ...string[]] {
  const [, file] = process.argv;
  const isExecutable = file === undefined || file === process.execPath;
  return isExecutable ? [process.execPath] : [process.execPath, ...process.execArgv, file];
}

function parseVerdict(line: string): Verdict {
  const object = line.length > MAX_LINE ? undefined : parseJsonObject(line);
  const reason = textMember(object ?? {}, 'reason', MAX_LINE, 0);
  if (object === undefined || reason === undefined) {
    return { isOpen: false, reason: 'The files could not be verified: the verification ended.', graceUntil: null };
  }
  const graceUntil = member(object, 'graceUntil');
  return {
    isOpen: member(object, 'isOpen') === true,
    reason: reason.replace(/[^\x20-\x7e]/g, '?'),
    graceUntil: typeof graceUntil === 'number' ? graceUntil : null,
  };
}
