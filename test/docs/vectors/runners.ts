import { spawn, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { runsOpenssl, runsPrograms } from '../../support/programs.ts';

/** The programs of docs/examples/vectors, as somebody runs them on a folder of vectors. */

const EXAMPLES = resolve(import.meta.dirname, '../../../docs/examples/vectors');

type Command = readonly [program: string, ...args: string[]];

export interface Runner {
  /** As in the heading of its column, with the version whose figures the page has. */
  readonly name: string;
  /** Why it cannot be run, or has other figures than the page; null where it can. */
  readonly absent: string | null;
  /** @param work a folder for what has to be built */
  readonly command: (work: string) => Command;
}

const QUIET = { DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' };

function outputOf(program: string, ...args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...QUIET },
  });
  if (error !== undefined || status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

function findAbsence(isThere: boolean, name: string, readVersion: () => string, version: RegExp): string | null {
  if (!runsPrograms) return `npm run check runs ${name}`;
  if (!isThere) return `${name} is not installed`;
  const found = readVersion().trim();
  return version.test(found) ? null : `the page is of another release of ${name} than ${found}`;
}

const hasDotnet = runsPrograms && spawnSync('dotnet', ['--version']).status === 0;
const PKIJS = resolve(import.meta.dirname, '../../../node_modules/pkijs/package.json');

function buildDotnet(work: string): Command {
  cpSync(join(EXAMPLES, 'dotnet'), work, { recursive: true });
  const out = join(work, 'out');
  const options = ['-v', 'quiet', '-nodeReuse:false', '-p:UseSharedCompilation=false', '-p:UseAppHost=false'];
  outputOf('dotnet', 'build', work, '-o', out, ...options);
  return ['dotnet', join(out, 'Vectors.dll')];
}

export const RUNNERS: readonly Runner[] = [
  {
    name: 'openssl 3.0',
    absent: findAbsence(runsOpenssl, 'openssl', () => outputOf('openssl', 'version'), /^OpenSSL 3\.0\./),
    command: () => [process.execPath, join(EXAMPLES, 'openssl.mjs')],
  },
  {
    name: '.NET 10',
    absent: findAbsence(hasDotnet, '.NET', () => outputOf('dotnet', '--version'), /^10\./),
    command: buildDotnet,
  },
  {
    name: 'pkijs 4.0',
    absent: findAbsence(true, 'pkijs', () => readFileSync(PKIJS, 'utf8'), /"version": "4\.0\./),
    command: () => [process.execPath, join(EXAMPLES, 'pkijs.mjs')],
  },
];

/** By the id of a vector; null where the program came to no end. */
export type Verdicts = ReadonlyMap<string, boolean | null>;

/** The home is a folder of its own: .NET looks for issuers in the user's store too, where programs leave those they met. */
export async function runOn(folder: string, [program, ...args]: Command): Promise<Verdicts> {
  const env = { ...process.env, HOME: join(folder, 'home') };
  const child = spawn(program, [...args, folder], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [written, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (complaints !== '') throw new Error(complaints);
  const lines = written.split('\n').filter((line) => line !== '');
  const read = lines.map((line) => JSON.parse(line) as { id: string; accepted: boolean | null });
  return new Map(read.map(({ id, accepted }) => [id, accepted]));
}
