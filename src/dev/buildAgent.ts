/**
 * `npm run build:agent [-- --out DIR] [--sea] [--deb]`: makes `countersign-agent.mjs`, one file that any Node from 20.19 on
 * runs; with `--sea` also `countersign-agent`, a single executable with this Node in it, for machines that have none; with
 * `--deb` that executable as a package for Debian and Ubuntu too.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { buildDeb, PackageError } from './agentPackage/deb.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ENTRY = 'src/client/agent/main.ts';
const FILE = 'countersign-agent.mjs';
const EXECUTABLE = process.platform === 'win32' ? 'countersign-agent.exe' : 'countersign-agent';

/** The oldest Node that runs the file, and the one that is in the executable. */
const TARGETS = { esm: 'node20.19', cjs: 'node24' } as const;

/** Builds the one file. @returns its absolute path */
export async function buildAgent(outDir: string): Promise<string> {
  const outfile = join(outDir, FILE);
  await bundle(outfile, 'esm');
  chmodSync(outfile, 0o755);
  return outfile;
}

async function bundle(outfile: string, format: keyof typeof TARGETS): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    outfile,
    ...{ bundle: true, minify: true, platform: 'node', format, target: TARGETS[format] },
    // Node prints the line of an uncaught error: one of a hundred kilobytes would drown it.
    lineLimit: 500,
    legalComments: 'none',
    logLevel: 'silent',
  });
}

/** Where postject finds room in Node's executable (https://nodejs.org/api/single-executable-applications.html). */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Builds the single executable: a copy of the Node that runs this, with the agent in it. That Node takes no options from
 * `NODE_OPTIONS`, so that nobody who only sets the environment runs code of theirs in it. Node 24 prepares what is put in;
 * putting it in is left to postject, which Node's documentation names (Node does it itself from 25.5 on).
 *
 * @returns its absolute path
 */
export async function buildExecutable(outDir: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-sea-'));
  try {
    const [main, output, config] = ['agent.cjs', 'agent.blob', 'sea.json'].map((name) => join(folder, name)) as [
      ...[string, string, string],
    ];
    await bundle(main, 'cjs');
    const options = { main, output, disableExperimentalSEAWarning: true, execArgvExtension: 'none' };
    writeFileSync(config, JSON.stringify(options));
    run(process.execPath, ['--experimental-sea-config', config]);
    mkdirSync(outDir, { recursive: true });
    const executable = join(outDir, EXECUTABLE);
    rmSync(executable, { force: true });
    copyFileSync(process.execPath, executable);
    chmodSync(executable, 0o755);
    const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
    run(process.execPath, [postject, executable, RESOURCE, output, '--sentinel-fuse', FUSE]);
    return executable;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} failed.\n${error?.message ?? `${stdout}${stderr}`}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, sea: { type: 'boolean' }, deb: { type: 'boolean' } },
  });
  const outDir = resolve(values.out ?? join(ROOT, 'dist/agent'));
  const paths = [await buildAgent(outDir)];
  if (values.sea === true || values.deb === true) {
    const executable = await buildExecutable(outDir);
    paths.push(executable);
    if (values.deb === true) paths.push(buildDeb({ outDir, executable }));
  }
  for (const path of paths) {
    process.stdout.write(`${relative(ROOT, path)}: ${(statSync(path).size / 1024).toFixed(0)} KB\n`);
  }
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    if (!(error instanceof PackageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
