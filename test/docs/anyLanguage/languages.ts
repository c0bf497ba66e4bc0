import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { runsPrograms } from '../../support/programs.ts';

/** The programs of docs/examples/any-language: as a vendor would make them his own, and as a test runs them. */

export const EXAMPLES = resolve(import.meta.dirname, '../../../docs/examples/any-language');
const SCRATCH = resolve(import.meta.dirname, '../../../.work');

export type Command = readonly [program: string, ...args: string[]];

/** `read-state` and `verify`, before the folder. */
export interface Commands {
  readonly readState: Command;
  readonly verify: Command;
}

export interface Language {
  readonly name: string;
  /** Each has to succeed before the programs can run. */
  readonly needs: readonly Command[];
  /** What `verify` needs besides. */
  readonly verifyNeeds?: readonly Command[];
  /** @param folder its sources, with the settings in them */
  readonly build?: (folder: string) => Command;
  readonly commands: (folder: string) => Commands;
}

/** The interpreter itself: what stands in PATH may be a slow script that looks for it. */
function findPython(): string {
  const { error, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  return error === undefined ? stdout.trim() : 'python3';
}

const PYTHON = runsPrograms ? findPython() : 'python3';

export const LANGUAGES: readonly Language[] = [
  {
    name: 'csharp',
    needs: [['sh', '-c', '[ "$(dotnet --version | cut -d. -f1)" -ge 8 ]']],
    build: (folder) => [
      ...(['dotnet', 'build', folder, '-o', join(folder, 'out'), '-v', 'quiet', '-nodeReuse:false'] as const),
      ...['-p:UseSharedCompilation=false', '-p:UseAppHost=false'],
    ],
    commands: (folder) => ({
      readState: ['dotnet', join(folder, 'out/Licence.dll'), 'read-state'],
      verify: ['dotnet', join(folder, 'out/Licence.dll'), 'verify'],
    }),
  },
  {
    name: 'go',
    needs: [['go', 'version']],
    build: (folder) => ['go', 'build', '-o', join(folder, 'licence')],
    commands: (folder) => ({
      readState: [join(folder, 'licence'), 'read-state'],
      verify: [join(folder, 'licence'), 'verify'],
    }),
  },
  {
    name: 'java',
    needs: [['javac', '--release', '17', '-version']],
    build: (folder) => ['javac', '-Xlint:all', '-Werror', '-d', join(folder, 'out'), ...listSources(folder, '.java')],
    commands: (folder) => ({
      readState: ['java', ...QUICK_JAVA, '-cp', join(folder, 'out'), 'ReadState'],
      verify: ['java', ...QUICK_JAVA, '-cp', join(folder, 'out'), 'Verify'],
    }),
  },
  {
    name: 'python',
    needs: [[PYTHON, '--version']],
    verifyNeeds: [[PYTHON, '-c', 'import cryptography']],
    commands: (folder) => ({
      readState: [PYTHON, '-B', join(folder, 'read_state.py')],
      verify: [PYTHON, '-B', join(folder, 'verify.py')],
    }),
  },
  {
    name: 'shell',
    needs: [['sh', '-c', 'date -u -d @0']],
    verifyNeeds: ['curl', 'jq', 'openssl'].map((program) => ['sh', '-c', `command -v ${program}`]),
    commands: (folder) => ({
      readState: ['sh', join(folder, 'read-state.sh')],
      verify: ['sh', join(folder, 'verify.sh')],
    }),
  },
];

/** Hundreds of short runs: the virtual machine is not to prepare for long ones. */
const QUICK_JAVA = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

function listSources(folder: string, ending: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

/** Why the programs of this language cannot be run; null where they can. */
export function missingOf({ needs }: Language): string | null {
  if (!runsPrograms) return 'npm run check runs it';
  return missing(needs);
}

/** The same of `verify`. */
export function missingForVerify(language: Language): string | null {
  return missingOf(language) ?? missing(language.verifyNeeds ?? []);
}

function missing(needs: readonly Command[]): string | null {
  const absent = needs.find(([program, ...args]) => spawnSync(program, args, { env: environment() }).status !== 0);
  return absent === undefined ? null : `this does not work here: ${absent.join(' ')}`;
}

/** How each language writes a list of texts between the quotes of its first and its last. Nobody counts blanks. */
const SEPARATORS: Readonly<Record<string, string>> = { shell: '  ' };

export function listOf({ name }: Language, texts: readonly string[]): string {
  return texts.join(SEPARATORS[name] ?? '", "');
}

/**
 * Copies the sources, with each text on the left replaced as a vendor replaces it, and compiles them.
 *
 * @throws Error with what the compiler said, or where a text that must be replaced is nowhere
 */
export function build(language: Language, folder: string, replaced: Readonly<Record<string, string>>): Commands {
  const from = join(EXAMPLES, language.name);
  const sources = new Map(readdirSync(from).map((name) => [name, readFileSync(join(from, name), 'utf8')]));
  for (const [text, by] of Object.entries(replaced)) {
    const holders = [...sources].filter(([, source]) => source.includes(text));
    if (holders.length === 0) throw new Error(`No file of ${language.name} has ${text}.`);
    for (const [name, source] of holders) sources.set(name, source.replaceAll(text, by));
  }
  mkdirSync(folder);
  for (const [name, source] of sources) writeFileSync(join(folder, name), source);
  compile(language, folder);
  return language.commands(folder);
}

function compile({ name, build: command }: Language, folder: string): void {
  if (command === undefined) return;
  const [program, ...args] = command(folder);
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: folder, env: environment() });
  if (status !== 0) throw new Error(`${name} could not be compiled:\n${stdout}${stderr}`);
}

export interface Verdict {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run([program, ...args]: Command, folder: string): Promise<Verdict> {
  const child = spawn(program, [...args, folder], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((settle, fail) => child.once('error', fail).once('close', settle));
  const [stdout, stderr, code] = await Promise.all([readAll(child.stdout), readAll(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** A proxy that nobody may ask: IMDS is never asked through one. */
const NOBODY = 'http://127.0.0.1:9';

function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return {
    ...{ PATH, HOME, http_proxy: NOBODY, HTTP_PROXY: NOBODY, ALL_PROXY: NOBODY },
    ...{ DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_CLI_HOME: join(SCRATCH, 'dotnet-home') },
    ...{ GOCACHE: join(SCRATCH, 'go-cache'), GOTOOLCHAIN: 'local' },
  };
}
