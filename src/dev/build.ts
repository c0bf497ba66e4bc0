/**
 * `npm run build [-- --out DIR] [--certificates DIR]`: makes the folder that is deployed. It has one bundle of all entry files, and beside it
 * what is imported when it is needed, so that a cold start reads no more than it runs; the console; host.json; a package.json that names the bundle; and the certificates that `trust sync` brought. No node_modules.
 */
import {
  copyFileSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import * as z from 'zod';

import type { ConsoleFile } from '../operators/console/consoleFile.ts';
import { CONSOLE_ENTRY, buildConsole } from './buildConsole.ts';
import { requireBuiltins } from './requireBuiltins.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BUNDLE = 'functions.mjs';

/** What the verifier loads when it meets a new leaf, under this name in `imports` of package.json. */
const SECOND_READING = {
  source: 'src/verifier/secondReading.ts',
  file: 'secondReading.mjs',
  entry: { '#second-reading': './secondReading.mjs' },
};

/** The console's files, which the service loads when the first of them is asked for. */
const CONSOLE_FILES = { file: 'console.mjs', entry: { '#console-files': './console.mjs' } };

/**
 * The bundle is ESM because the sources are: they use top-level await, which CJS cannot hold, and `import.meta`. What it bundles
 * of CommonJS calls `require` (the library does so for `@azure/functions-core`, which the worker answers); ESM has none of its own.
 */
const BANNER =
  "import { createRequire as createRequireOfFile } from 'node:module'; const require = createRequireOfFile(import.meta.url);";

/** Folders of sources that must not get into what is deployed. */
const NEVER_DEPLOYED = ['src/dev/', 'src/cli/', 'src/client/', 'src/console/', 'test/'];

export interface BuildOptions {
  /** the package's folder; made, or emptied where a package was built there before */
  readonly outDir: string;
  /** a folder of synced certificates, copied to `trust/` */
  readonly certificates?: string;
  /** the project; this one unless given */
  readonly root?: string;
}

export interface BuiltPackage {
  /** absolute path of the bundle */
  readonly bundle: string;
  /** every file, by its path in the package, ascending */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Paths of all sources that went in, relative to the project, and what each imports of them. */
  readonly sources: Sources;
}

export type Sources = Readonly<Record<string, readonly string[]>>;

/** Why a package was not built, in one sentence that says what to do. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/**
 * Builds the deployment package. The same sources give the same octets.
 * @throws BuildError where there is nothing to build, or the folder or the certificates are not fit
 */
export async function buildPackage({ outDir, certificates, root = ROOT }: BuildOptions): Promise<BuiltPackage> {
  const entries = globSync('functions/*.ts', { cwd: root }).sort();
  if (entries.length === 0) throw new BuildError(`There is no entry file in ${join(root, 'functions')}. Add one.`);
  const trusted = certificates === undefined ? [] : listCertificates(certificates);
  emptyFolder(outDir);
  const contents = entries.map((entry) => `import ${JSON.stringify(`./${entry}`)};`).join('\n');
  const service = await bundleSource(root, contents, join(outDir, BUNDLE));
  const later = [await bundleSecondReading(root, outDir), await bundleConsole(root, outDir)];
  writeFileSync(join(outDir, 'host.json'), readFileSync(join(root, 'host.json')));
  const imports = Object.assign({}, ...later.map(({ entry }) => entry)) as Readonly<Record<string, string>>;
  writeFileSync(join(outDir, 'package.json'), describePackage(root, imports));
  if (certificates !== undefined) copyCertificates(certificates, trusted, join(outDir, 'trust'));
  const sources = Object.assign({}, service, ...later.map((part) => part.sources)) as Sources;
  return { bundle: join(outDir, BUNDLE), files: listFiles(outDir), sources };
}

/** What is loaded later than the bundle: its name in `imports` of package.json, and its sources. */
interface LaterPart {
  readonly entry: Readonly<Record<string, string>>;
  readonly sources: Sources;
}

const NO_PART: LaterPart = { entry: {}, sources: {} };

async function bundleSecondReading(root: string, outDir: string): Promise<LaterPart> {
  const { source, file, entry } = SECOND_READING;
  if (!existsSync(join(root, source))) return NO_PART;
  return { entry, sources: await bundleSource(root, exportAll(source), join(outDir, file)) };
}

async function bundleConsole(root: string, outDir: string): Promise<LaterPart> {
  if (!existsSync(join(root, CONSOLE_ENTRY))) return NO_PART;
  const { files, metafile } = await buildConsole(root);
  writeFileSync(join(outDir, CONSOLE_FILES.file), writeConsole(files));
  return { entry: CONSOLE_FILES.entry, sources: readSources(metafile) };
}

function listCertificates(folder: string): readonly string[] {
  if (!existsSync(folder)) throw new BuildError(`There is no folder ${folder}. Run "countersign trust sync" first.`);
  const names = readdirSync(folder).sort();
  const odd = names.find((name) => !lstatSync(join(folder, name)).isFile());
  if (odd !== undefined)
    throw new BuildError(`${join(folder, odd)} is no file. Keep certificates alone in that folder.`);
  if (names.length === 0) throw new BuildError(`${folder} is empty. Run "countersign trust sync" first.`);
  return names;
}

/** Empties no folder that it did not fill: only one that holds an earlier package. */
function emptyFolder(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    if (!existsSync(join(folder, 'host.json')) || !existsSync(join(folder, BUNDLE))) {
      throw new BuildError(
        `${folder} holds something else than an earlier package. Choose another folder, or empty it.`,
      );
    }
    rmSync(folder, { recursive: true });
  }
  mkdirSync(folder, { recursive: true });
}

function exportAll(source: string): string {
  return `export * from ${JSON.stringify(`./${source}`)};`;
}

async function bundleSource(root: string, contents: string, outfile: string): Promise<Sources> {
  const [outdir, name] = [dirname(outfile), basename(outfile, '.mjs')];
  const { metafile } = await build({
    stdin: { contents, resolveDir: root, sourcefile: 'entries.ts', loader: 'ts' },
    absWorkingDir: root,
    ...{ outdir, entryNames: name, chunkNames: '[name]-[hash]', outExtension: { '.js': '.mjs' } },
    bundle: true,
    // What is imported dynamically gets a file of its own, and so does what several files share.
    splitting: true,
    minify: true,
    // Node prints the line of an uncaught error: one of a megabyte would drown it.
    lineLimit: 500,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: BANNER },
    external: ['@azure/functions-core'],
    plugins: [requireBuiltins],
    legalComments: 'external',
    metafile: true,
    logLevel: 'silent',
  });
  checkSources(metafile);
  joinLegalComments(metafile, root, `${outfile}.LEGAL.txt`);
  return readSources(metafile);
}

/** One file for all files of a bundle. */
function joinLegalComments({ outputs }: Metafile, root: string, target: string): void {
  const paths = Object.keys(outputs).filter((path) => path.endsWith('.LEGAL.txt'));
  const texts = paths.sort().map((path) => readFileSync(resolve(root, path), 'utf8'));
  for (const path of paths) rmSync(resolve(root, path));
  if (texts.length > 0) writeFileSync(target, texts.join('\n'));
}

function readSources({ inputs }: Metafile): Sources {
  const imported = Object.entries(inputs).map(
    ([path, { imports }]) => [path, imports.flatMap((each) => (each.external === true ? [] : each.path))] as const,
  );
  return Object.fromEntries(imported);
}

function checkSources(metafile: Metafile): void {
  const sources = Object.keys(metafile.inputs);
  const strays = sources.filter((source) => NEVER_DEPLOYED.some((folder) => source.startsWith(folder)));
  if (strays.length > 0) {
    throw new BuildError(`The entry files import what is not deployed: ${strays.join(', ')}. Take those imports out.`);
  }
}

/** A module, which is read whole when the first page is asked for. */
function writeConsole(files: readonly ConsoleFile[]): string {
  return `export const FILES = ${JSON.stringify(files)};\n`;
}

function describePackage(root: string, imports: Readonly<Record<string, string>>): string {
  const packageFile = z.object({ name: z.string(), version: z.string() });
  const { name, version } = packageFile.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const main = { private: true, type: 'module', main: BUNDLE };
  const described = { name, version, ...main, ...(Object.keys(imports).length > 0 && { imports }) };
  return `${JSON.stringify(described, null, 2)}\n`;
}

function copyCertificates(from: string, names: readonly string[], to: string): void {
  mkdirSync(to);
  for (const name of names) copyFileSync(join(from, name), join(to, name));
}

function listFiles(folder: string): BuiltPackage['files'] {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return paths.sort().map((path) => ({ path: relative(folder, path), bytes: statSync(path).size }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' }, certificates: { type: 'string' } } });
  const outDir = resolve(values.out ?? join(ROOT, 'dist/app'));
  const certificates = values.certificates;
  const { files } = await buildPackage({ outDir, ...(certificates !== undefined && { certificates }) });
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = [...files, { path: 'in all', bytes: total }].map(
    ({ path, bytes }) => `${(bytes / 1024).toFixed(1).padStart(9)} KB  ${path}`,
  );
  process.stdout.write(`${outDir}\n${lines.join('\n')}\n`);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
