import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runsPrograms } from '../../support/programs.ts';

/** Microsoft's own libraries as programs that tests run; built once into `.work/dotnet`. */

const FOLDER = resolve(import.meta.dirname, '../../../.work/dotnet');
const SOURCES = ['Clients.csproj', 'Program.cs'].map((name) => join(import.meta.dirname, name));
const PROGRAM = join(FOLDER, 'out', 'Clients.dll');

/** Two commands that build and run nothing of anybody else's. */
const QUIET = { DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' };

/** Why .NET's clients cannot be run; null where they can. Only a machine that has not built them yet uses a network. */
export function missingDotnet(): string | null {
  if (!runsPrograms) return 'npm run check runs .NET’s clients';
  if (isBuilt()) return null;
  const args = ['build', SOURCES[0] ?? '', '-o', join(FOLDER, 'out'), '-v', 'quiet', '-nodeReuse:false'];
  const { error, status, stdout } = spawnSync('dotnet', args, { encoding: 'utf8', env: { ...process.env, ...QUIET } });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') {
    return 'the .NET SDK (dotnet) is not installed';
  }
  if (status === 0) return null;
  return `.NET’s clients could not be built, which takes NuGet once:\n${stdout.trim().split('\n').slice(-5).join('\n')}`;
}

function isBuilt(): boolean {
  if (!existsSync(PROGRAM)) return false;
  const { mtimeMs } = statSync(PROGRAM);
  return SOURCES.every((source) => statSync(source).mtimeMs < mtimeMs);
}

export interface DotnetRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param args what Program.cs takes
 * @param env beside a home folder, which has the caches of revocation lists
 * @param before words that stand before the command, such as `ip netns exec NAME`
 */
export function runDotnet(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  before: readonly string[] = [],
): Promise<DotnetRun> {
  const [program = '', ...rest] = [...before, 'dotnet', PROGRAM, ...args];
  const { PATH = '' } = process.env;
  const child = spawn(program, rest, { env: { PATH, ...QUIET, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  return new Promise((settle, fail) => {
    child.once('error', fail).once('close', (code) => {
      settle({ code, ...written });
    });
  });
}
