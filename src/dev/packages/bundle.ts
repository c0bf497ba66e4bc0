import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';

/** The oldest Node that the packages promise. */
const TARGET = 'node20.19';

/** What is bundled of CommonJS calls `require`, which an ES module does not have. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

export interface BundleOptions {
  /** The project. Paths in the answer are relative to it. */
  readonly root: string;
  /** Sources that become a file of their own name each, relative to `root`. */
  readonly entries: readonly string[];
  /** The folder of the package's files. */
  readonly outDir: string;
}

/**
 * Bundles the entries with everything that they import, so that the package has no dependencies. What an entry loads on
 * demand becomes a file of its own.
 *
 * @returns esbuild's account of what went in
 */
export async function bundle({ root, entries, outDir }: BundleOptions): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entries],
    outdir: outDir,
    ...{ bundle: true, splitting: true, minify: true, format: 'esm', platform: 'node', target: TARGET },
    // Node prints the line of an uncaught error: one of a megabyte would drown it.
    lineLimit: 500,
    banner: { js: BANNER },
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
  });
  return metafile;
}

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:\.(?:md|txt))?$/i;

/** Writes the licences of the packages that were bundled, as their terms ask. Nothing where none was. */
export function writeNotices(metafile: Metafile, root: string, file: string): void {
  const folders = new Set(Object.keys(metafile.inputs).flatMap((path) => packageFolderOf(path) ?? []));
  const notices = [...folders].sort().map((folder) => describeLicence(join(root, folder)));
  if (notices.length > 0) writeFileSync(file, notices.join(RULE));
}

const RULE = `\n${'-'.repeat(80)}\n\n`;

const PACKAGE_FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/** @returns the folder of the package that a source is of; null where it is the project's own */
export function packageFolderOf(path: string): string | null {
  return PACKAGE_FOLDER.exec(path)?.[0] ?? null;
}

function describeLicence(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;
  const files = readdirSync(folder).filter((entry) => LICENCE_FILE.test(entry));
  const texts = files.map((entry) => readFileSync(join(folder, entry), 'utf8').trim());
  return `${[`${name} ${version} (${license})`, ...texts].join('\n\n')}\n`;
}

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}
