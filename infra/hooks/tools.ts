import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** What the hooks share. They use Node alone, so that they run where `npm ci` has not, and beside a pipeline's credentials. */

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why a hook ends the deployment: what happened, then what to do. */
export class HookError extends Error {
  override readonly name = 'HookError';
}

const IS_WINDOWS = process.platform === 'win32';

/**
 * Runs a program that is found on PATH and waits for its end.
 *
 * @param follow whether what it writes is shown as it comes
 * @throws HookError where there is no such program
 */
export async function runTool(program: string, args: readonly string[], follow = false): Promise<Ended> {
  // On Windows az is a batch file, which only a shell runs. No argument of the hooks has quotes.
  const given = IS_WINDOWS ? args.map((arg) => `"${arg}"`) : args;
  const child = spawn(program, given, { shell: IS_WINDOWS, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error]: [string[], string[]] = [[], []];
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => error.push(text));
  if (follow) child.stdout.pipe(process.stdout);
  if (follow) child.stderr.pipe(process.stderr);
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', () => {
      reject(new HookError(`${program} was not found. Install it, and open a new terminal.`));
    });
    child.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
  return { status, stdout: out.join(''), stderr: error.join('') };
}

/**
 * What a program prints, as JSON.
 *
 * @throws HookError with its last line where it fails or prints something else
 */
export async function readTool(program: string, args: readonly string[]): Promise<unknown> {
  const { status, stdout, stderr } = await runTool(program, args);
  if (status !== 0) throw new HookError(`${program} ${args.join(' ')} failed: ${lastLine(stderr)}`);
  try {
    return stdout.trim() === '' ? null : (JSON.parse(stdout) as unknown);
  } catch {
    throw new HookError(`${program} ${args.join(' ')} printed no JSON.`);
  }
}

export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/**
 * A variable that azd puts into the environment of its hooks; for a person who runs one by hand, azd is asked.
 *
 * @throws HookError where it is not set
 */
export async function readVariable(name: string): Promise<string> {
  const value = valueOf(name) || (await readFromAzd(name));
  if (value === '') throw new HookError(`${name} is not set. Run: azd env set ${name} VALUE, or set it in the shell.`);
  return value;
}

/** A variable that need not be set; empty where it is not. */
export function valueOf(name: string): string {
  return process.env[name] ?? '';
}

async function readFromAzd(name: string): Promise<string> {
  try {
    const { status, stdout } = await runTool('azd', ['env', 'get-value', name]);
    return status === 0 ? stdout.trim() : '';
  } catch (error) {
    if (error instanceof HookError) return '';
    throw error;
  }
}

/** What an attempt found: whether that will do, and what to say if it is the last one. */
export interface Attempt<T> {
  readonly done: boolean;
  readonly found: T;
}

/**
 * Attempts until one is done, and gives the last one. Ten minutes unless HOOK_TRIES or HOOK_PAUSE_SECONDS say otherwise: roles
 * spread within that time.
 */
export async function tryUntilDone<T>(attempt: () => Promise<Attempt<T>>): Promise<Attempt<T>> {
  const { HOOK_TRIES = '40', HOOK_PAUSE_SECONDS = '15' } = process.env;
  const seconds = Number(HOOK_PAUSE_SECONDS);
  let last = await attempt();
  for (let left = Number(HOOK_TRIES) - 1; left > 0 && !last.done; left--) {
    await pause(seconds * 1_000);
    last = await attempt();
  }
  return last;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs a hook; a {@link HookError} is told in its own words, and ends what azd does. */
export async function runHook(hook: () => Promise<void>): Promise<void> {
  try {
    await hook();
  } catch (error) {
    process.stderr.write(`${error instanceof HookError ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
