/**
 * `npm run packages [-- --out DIR]`: packs every package that is published, into `dist/packages` unless told otherwise, and
 * checks each tarball as those who install it will find it: with publint, and with "are the types wrong?". Release and CI
 * take the tarballs from there.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');

/** Folders of the packages. */
const PACKAGES = ['src/client'];

/** Each gets the tarball as its last argument. */
const CHECKS: readonly (readonly string[])[] = [
  ['node_modules/publint/src/cli.js', 'run', '--strict'],
  ['node_modules/@arethetypeswrong/cli/dist/index.js', '--profile', 'esm-only', '--no-emoji'],
];

export interface PackedPackage {
  /** Absolute path. */
  readonly tarball: string;
  /** Paths in the package, ascending. */
  readonly files: readonly string[];
  /** What the checks found; empty where the package is right. */
  readonly problems: readonly string[];
}

/**
 * Packs a package and checks the tarball. It is packed from a folder of its own, with its build and its documents: npm packs
 * a source file that is called licence.ts as the text of the licence, whatever `files` says.
 *
 * @param folder with its package.json, and a script `prepack` where it is built
 * @param outDir for the tarball
 * @throws Error where it cannot be packed
 */
export function packPackage(folder: string, outDir: string): PackedPackage {
  const stage = mkdtempSync(join(tmpdir(), 'countersign-pack-'));
  try {
    runNpm(['run', '--if-present', 'prepack'], folder);
    stagePackage(folder, stage);
    const answer = runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', outDir], stage);
    const [packed] = Object.values(JSON.parse(answer) as readonly NpmPackEntry[]);
    if (packed === undefined) throw new Error(`npm packed nothing of ${folder}`);
    const tarball = join(outDir, packed.filename);
    const problems = CHECKS.flatMap(([script = '', ...args]) => runCheck([join(ROOT, script), ...args, tarball]));
    return { tarball, files: packed.files.map(({ path }) => path).sort(), problems };
  } finally {
    rmSync(stage, { recursive: true });
  }
}

/** `files` and the scripts of the build have done their work, so the staged package.json has neither. */
function stagePackage(folder: string, stage: string): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { files, scripts, ...published } = manifest;
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  const paths = [...(files as readonly string[]), 'README.md', 'CHANGELOG.md'];
  for (const path of paths.filter((name) => existsSync(join(folder, name)))) {
    cpSync(join(folder, path), join(stage, path), { recursive: true });
  }
  cpSync(join(ROOT, 'LICENSE'), join(stage, 'LICENSE'));
  // The build is among the sources, where other tools would take it for one.
  if (scripts !== undefined) rmSync(join(folder, 'dist'), { recursive: true, force: true });
}

interface NpmPackEntry {
  readonly filename: string;
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

function runCheck(command: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return status === 0 ? [] : [`${stdout}${stderr}`.trim()];
}

function main(): void {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const outDir = resolve(values.out ?? join(ROOT, 'dist/packages'));
  mkdirSync(outDir, { recursive: true });
  for (const old of readdirSync(outDir).filter((name) => name.endsWith('.tgz'))) rmSync(join(outDir, old));
  for (const folder of PACKAGES) {
    const { tarball, files, problems } = packPackage(join(ROOT, folder), outDir);
    process.stdout.write(`${tarball}: ${files.length} files, ${problems.length === 0 ? 'no problems' : 'PROBLEMS'}\n`);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (problems.length > 0) process.exitCode = 1;
  }
}

if (import.meta.main) main();
