import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/**
 * The real Bicep compiler, restored once from NuGet into `.work/bicep` by the version that infra/bicep.proj names.
 * `node test/infra/bicep.ts` formats the files and writes the snapshot anew; look at its difference before committing it.
 */

export const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.work/bicep');
const PROJECT = join(ROOT, 'infra/bicep.proj');
const RESTORE_TIMEOUT = 60_000;
const RUN_TIMEOUT = 60_000;

/** Not beside the template: azd writes and deletes files of these names there. */
export const SNAPSHOT = join(ROOT, 'test/infra/main.snapshot.json');
const PARAMETERS = join(ROOT, 'test/infra/main.bicepparam');

const SNAPSHOT_SCOPE = ['--subscription-id', '00000000-0000-0000-0000-000000000001', '--location', 'westeurope'];

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the compiler. */
export type Bicep = (args: readonly string[]) => Run;

/**
 * The compiler, or why there is none. Only a machine that has never had it, and has the .NET SDK, uses a network.
 *
 * @throws Error with the last lines of a restore that failed
 */
export function findBicep(): { readonly bicep: Bicep } | { readonly absent: string } {
  const found = findProgram() ?? restore();
  if (found === null) return { absent: 'the .NET SDK (dotnet) is not installed, which brings the Bicep compiler' };
  return { bicep: (args) => run(found, args) };
}

function findProgram(): string | null {
  const version = /Version="\[([\d.]+)\]"/.exec(readFileSync(PROJECT, 'utf8'))?.[1];
  if (version === undefined) throw new Error('infra/bicep.proj names no exact version: write Version="[x.y.z]".');
  // NuGet writes the metadata last, so a restore that was cut off is not taken for the compiler.
  const [metadata] = globSync(`azure.bicep.commandline.*/${version}/.nupkg.metadata`, { cwd: FOLDER });
  if (metadata === undefined) return null;
  const [program] = globSync(join(metadata, '../tools/bicep{,.exe}'), { cwd: FOLDER });
  return program === undefined ? null : join(FOLDER, program);
}

function restore(): string | null {
  const { error, status, stdout } = spawnSync('dotnet', ['restore', PROJECT, '--packages', FOLDER], {
    encoding: 'utf8',
    timeout: RESTORE_TIMEOUT,
    env: { ...process.env, DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' },
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return null;
  const program = status === 0 ? findProgram() : null;
  if (program === null)
    throw new Error(`The Bicep compiler was not restored. dotnet's last lines:\n${lastLines(stdout)}`);
  chmodSync(program, 0o755);
  return program;
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n');
}

function run(program: string, args: readonly string[]): Run {
  const { PATH = '', HOME = '' } = process.env;
  return spawnSync(program, args, { cwd: ROOT, encoding: 'utf8', timeout: RUN_TIMEOUT, env: { PATH, HOME } });
}

/** Every file of Bicep in a folder, with its text, by its path in there. */
export function readBicepFiles(folder = ROOT): ReadonlyMap<string, string> {
  const files = globSync('{infra,test/infra}/**/*.{bicep,bicepparam}', { cwd: folder }).sort();
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

/** The files as the compiler would format them: it does so to a copy. */
export function formatBicepFiles(bicep: Bicep): ReadonlyMap<string, string> {
  return inScratchFolder((folder) => {
    cpSync(join(ROOT, 'infra'), join(folder, 'infra'), { recursive: true });
    cpSync(PARAMETERS, join(folder, 'test/infra/main.bicepparam'));
    const { status, stderr } = bicep(['format', '--pattern', `${relative(ROOT, folder)}/**/*.bicep*`]);
    if (status !== 0) throw new Error(`The compiler could not format infra/:\n${stderr}`);
    return readBicepFiles(folder);
  });
}

/**
 * Lints a file by strict rules. They lie here and not beside the template: azd compiles that with a Bicep of its own, and a
 * rule that a later one adds to, or a newer API version that it knows, must not end a deployment.
 */
export function lint(bicep: Bicep, file: string): Run {
  return bicep(['lint', file, '--no-restore', '--config', join(ROOT, 'test/infra/bicepconfig.json')]);
}

export function lintText(bicep: Bicep, text: string): Run {
  return inScratchFolder((folder) => {
    writeFileSync(join(folder, 'given.bicep'), text);
    return lint(bicep, join(folder, 'given.bicep'));
  });
}

function inScratchFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(FOLDER, 'scratch-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function validateSnapshot(bicep: Bicep, parameters = PARAMETERS): Run {
  return bicep(['snapshot', parameters, '--mode', 'validate', ...SNAPSHOT_SCOPE]);
}

/** Compares the deployment with these parameters (lines of Bicep) with the snapshot. */
export function compareWithSnapshot(bicep: Bicep, parameters: readonly string[]): Run {
  return inScratchFolder((folder) => {
    cpSync(SNAPSHOT, join(folder, 'given.snapshot.json'));
    return validateSnapshot(bicep, writeParameters(folder, parameters));
  });
}

/** Evaluates a deployment with other parameters (lines of Bicep), and gives its snapshot's text where there is one. */
export function evaluateWith(bicep: Bicep, parameters: readonly string[]): Run & { readonly snapshot: string } {
  return inScratchFolder((folder) => {
    const given = writeParameters(folder, parameters);
    const result = bicep(['snapshot', given, '--mode', 'overwrite', ...SNAPSHOT_SCOPE]);
    const made = join(folder, 'given.snapshot.json');
    return { ...result, snapshot: existsSync(made) ? readFileSync(made, 'utf8') : '' };
  });
}

function writeParameters(folder: string, parameters: readonly string[]): string {
  const using = `using '${relative(folder, join(ROOT, 'infra/main.bicep')).replaceAll('\\', '/')}'`;
  const file = join(folder, 'given.bicepparam');
  writeFileSync(file, `${[using, ...parameters].join('\n')}\n`);
  return file;
}

/** Writes the snapshot only where it differs: the compiler puts its outputs in another order each time. */
function update(bicep: Bicep): void {
  const commands = [['format', '--pattern', '{infra,test/infra}/**/*.bicep*']];
  if (validateSnapshot(bicep).status !== 0)
    commands.push(['snapshot', PARAMETERS, '--mode', 'overwrite', ...SNAPSHOT_SCOPE]);
  for (const command of commands) {
    const { status, stdout, stderr } = bicep(command);
    process.stderr.write(stdout + stderr);
    if (status !== 0) process.exitCode = 1;
  }
}

if (import.meta.main) {
  const found = findBicep();
  if ('bicep' in found) update(found.bicep);
  else throw new Error(found.absent);
}
