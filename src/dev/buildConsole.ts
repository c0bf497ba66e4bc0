import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';
import { ASSETS, PAGE_FILE } from '../operators/console/consoleFile.ts';
import type { ConsoleFile } from '../operators/console/consoleFile.ts';

const SOURCES = 'src/console';

/** Where the console is written; a project without it has no console. */
export const CONSOLE_ENTRY = `${SOURCES}/main.tsx`;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What may be in a browser: the console, what both sides share without zod, and its two libraries. */
const BUNDLED = /^(?:src\/console\/|src\/contract\/(?!operators\/)|node_modules\/(?:preact|oauth4webapi)\/)/;

/** The console's program is not what it should be; the message says what to take out. */
export class ConsoleBuildError extends Error {
  override readonly name = 'ConsoleBuildError';
}

export interface BuiltConsole {
  readonly files: readonly ConsoleFile[];
  /** esbuild's account of what went into the program. */
  readonly metafile: Metafile;
}

/**
 * Makes the console's files: the page, and its program, style and icon under names that have a digest of what they hold.
 *
 * @throws ConsoleBuildError where it imports what does not belong in a browser
 */
export async function buildConsole(root: string): Promise<BuiltConsole> {
  const { text, metafile } = await bundleProgram(root);
  const program = nameAsset('console.js', text);
  const style = nameAsset('console.css', await minifyStyle(root));
  const icon = nameAsset('icon.svg', readFileSync(join(root, SOURCES, 'icon.svg'), 'utf8'));
  const page = readFileSync(join(root, SOURCES, PAGE_FILE), 'utf8')
    .replace('console.js', program.name)
    .replace('console.css', style.name)
    .replace('icon.svg', icon.name);
  const pageFile = { name: PAGE_FILE, mediaType: 'text/html; charset=utf-8', body: page };
  return { files: [pageFile, program, style, icon], metafile };
}

function nameAsset(name: string, body: string): ConsoleFile {
  const extension = extname(name);
  const digest = hash('sha256', body, 'base64url').slice(0, 10);
  const mediaType = MEDIA_TYPES[extension] ?? 'application/octet-stream';
  return { name: `${ASSETS}${name.slice(0, -extension.length)}.${digest}${extension}`, mediaType, body };
}

async function bundleProgram(root: string) {
  const { metafile, outputFiles } = await build({
    ...{ entryPoints: [CONSOLE_ENTRY], absWorkingDir: root, write: false, bundle: true, minify: true },
    ...{ format: 'esm', platform: 'browser', target: 'es2023', legalComments: 'none' },
    ...{ jsx: 'automatic', jsxImportSource: 'preact', tsconfigRaw: {}, metafile: true, logLevel: 'silent' },
  });
  checkInputs(metafile);
  return { text: outputFiles[0]?.text ?? '', metafile };
}

function checkInputs(metafile: Metafile): void {
  const strays = Object.keys(metafile.inputs).filter((input) => !BUNDLED.test(input));
  if (strays.length > 0) {
    throw new ConsoleBuildError(
      `The console imports what browsers do not get: ${strays.join(', ')}. Import its types alone.`,
    );
  }
}

async function minifyStyle(root: string): Promise<string> {
  const { outputFiles } = await build({
    ...{ entryPoints: [`${SOURCES}/style.css`], absWorkingDir: root, write: false, minify: true, logLevel: 'silent' },
    target: 'es2023',
  });
  return outputFiles[0]?.text ?? '';
}
