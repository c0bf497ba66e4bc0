import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { bundle, writeNotices } from './bundle.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** A package that is published. */
export interface PackageSource {
  /** Its folder, relative to the project, with its package.json, README.md and CHANGELOG.md. */
  readonly folder: string;
  /**
   * Sources in that folder that are bundled with all that they import, each into a file of its own name in `dist`. Without
   * them `prepack` alone, a script of package.json, makes what `files` names: one or more calls of tsc.
   */
  readonly bundled?: readonly string[];
}

/** Every package that is published. */
export const PACKAGES: readonly PackageSource[] = [
  { folder: 'src/cli', bundled: ['main.ts'] },
  { folder: 'src/client' },
  { folder: 'src/trust/package', bundled: ['index.ts', '../../verifier/secondReading.ts'] },
];

const TYPESCRIPT = 'node_modules/typescript/bin/tsc';

/** Each gets the tarball as its last argument. */
const CHECKS: readonly (readonly string[])[] = [
  ['node_modules/publint/src/cli.js', 'run', '--strict'],
  ['node_modules/@arethetypeswrong/cli/dist/index.js', '--profile', 'esm-only', '--no-emoji'],
];

export interface PackedPackage {
  readonly name: string;
  /** Absolute path. */
  readonly tarball: string;
  /** Octets of the tarball. */
  readonly bytes: number;
  /** Octets of its files. */
  readonly unpackedBytes: number;
  /** Paths in the package, ascending. */
  readonly files: readonly string[];
  /** Paths of the sources that were bundled, relative to the project, and what each imports. Empty without a bundle. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** What the checks found; empty where the package is right. */
  readonly problems: readonly string[];
}

/**
 * Packs a package and checks the tarball. It is packed from a folder of its own, with its build and its documents: npm packs
 * a source file that is called licence.ts as the text of the licence, whatever `files` says.
 *
 * @param outDir for the tarball
 * @throws Error where it cannot be packed
 */
export async function packPackage(source: PackageSource, outDir: string): Promise<PackedPackage> {
  const [stage = '', built = ''] = ['pack', 'build'].map((what) => mkdtempSync(join(tmpdir(), `countersign-${what}-`)));
  try {
    const folder = resolve(ROOT, source.folder);
    buildPackage(folder, join(built, 'dist'));
    stagePackage({ folder, built, stage });
    const inputs = await bundleInto(stage, folder, source.bundled ?? []);
    const answer = runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', outDir], stage);
    const [packed] = Object.values(JSON.parse(answer) as readonly NpmPackEntry[]);
    if (packed === undefined) throw new Error(`npm packed nothing of ${folder}.`);
    const { name, filename, unpackedSize: unpackedBytes } = packed;
    const tarball = join(outDir, filename);
    const files = packed.files.map(({ path }) => path).sort();
    const checked = CHECKS.map(([script = '', ...args]) => runCheck([join(ROOT, script), ...args, tarball]));
    const problems = (await Promise.all(checked)).flat();
    return { name, tarball, bytes: statSync(tarball).size, unpackedBytes, files, inputs, problems };
  } finally {
    for (const made of [stage, built]) rmSync(made, { recursive: true });
  }
}

interface Manifest {
  readonly files?: readonly string[];
  readonly scripts?: { readonly prepack?: string };
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Runs the steps of the package's `prepack` with another folder for what they write. In the package's own folder, somebody
 * else who packs the same sources would write at the same time.
 *
 * @throws Error where a step fails
 */
export function buildPackage(folder: string, outDir: string): void {
  const steps = readManifest(folder).scripts?.prepack?.split(' && ') ?? [];
  for (const step of steps) {
    const [, ...options] = step.split(' ');
    const args = [join(ROOT, TYPESCRIPT), ...options, '--outDir', outDir];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`"${step}" failed in ${folder}:\n${stdout}`);
  }
}

interface StageFolders {
  readonly folder: string;
  readonly built: string;
  readonly stage: string;
}

/** `files` and the scripts of the build have done their work, so the staged package.json has neither. */
function stagePackage({ folder, built, stage }: StageFolders): void {
  const { files = [], scripts, ...published } = readManifest(folder);
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  const sources = scripts === undefined ? folder : built;
  for (const path of files) cpSync(join(sources, path), join(stage, path), { recursive: true });
  for (const name of ['README.md', 'CHANGELOG.md'].filter((file) => existsSync(join(folder, file)))) {
    cpSync(join(folder, name), join(stage, name));
  }
  cpSync(join(ROOT, 'LICENSE'), join(stage, 'LICENSE'));
}

async function bundleInto(stage: string, folder: string, bundled: readonly string[]): Promise<PackedPackage['inputs']> {
  if (bundled.length === 0) return {};
  const entries = bundled.map((entry) => join(folder, entry));
  const metafile = await bundle({ root: ROOT, entries, outDir: join(stage, 'dist') });
  writeNotices(metafile, ROOT, join(stage, 'THIRD-PARTY-NOTICES.txt'));
  const importsOf = Object.entries(metafile.inputs).map(
    ([path, { imports }]) => [path, imports.flatMap((each) => (each.external === true ? [] : each.path))] as const,
  );
  return Object.fromEntries(importsOf);
}

interface NpmPackEntry {
  readonly name: string;
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** npm by its own script where that is known: on Windows its command is one for a shell. @returns standard output */
function runNpm(args: readonly string[], cwd: string): string {
  const { npm_execpath: script } = process.env;
  const [program, first] = script === undefined ? ['npm', []] : [process.execPath, [script]];
  const { status, stdout, stderr, error } = spawnSync(program, [...first, ...args], { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`npm ${args[0] ?? ''} failed in ${cwd}:\n${error?.message ?? `${stdout}${stderr}`}`);
}

async function runCheck(command: readonly string[]): Promise<readonly string[]> {
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const [out, complaints] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [status] = (await ended) as [number | null];
  return status === 0 ? [] : [`${out}${complaints}`.trim()];
}
