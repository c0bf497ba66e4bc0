import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative, resolve } from 'node:path';

import * as z from 'zod';

import { HostStartError } from './hostError.ts';
import type * as ProcessWide from './processWide.ts';

/** The one module of a process that hosts share; see its own comment on why it is required and not imported. */
export const processWide = createRequire(import.meta.url)('./processWide.ts') as typeof ProcessWide;

const packageFile = z.object({ main: z.string().min(1).optional(), type: z.string().optional() });

export interface EntryFiles {
  /** absolute paths, in the order in which they are loaded */
  readonly files: readonly string[];
  /** package.json's `type` is `module` */
  readonly isModule: boolean;
}

/**
 * Finds an app's entry files: those given, or else the matches of package.json's `main`, which the worker reads as a glob.
 * @param entries paths, relative to `root` or absolute
 * @throws HostStartError where there are none, as the worker does
 */
export function findEntryFiles(root: string, entries: readonly string[] | undefined): EntryFiles {
  const { main, type } = readPackageFile(root);
  const isModule = type === 'module';
  if (entries !== undefined) {
    if (entries.length === 0) throw new HostStartError(['No entry file was given. Name at least one.']);
    return { files: entries.map((entry) => resolve(root, entry)), isModule };
  }
  if (main === undefined) {
    throw new HostStartError([
      'package.json has no "main". Set it to a glob of the entry files, such as "functions/*.ts".',
    ]);
  }
  const files = globSync(main, { cwd: root }).sort();
  if (files.length === 0) {
    throw new HostStartError([`No file matches package.json's "main", "${main}". Correct it, or build the app first.`]);
  }
  return { files: files.map((file) => resolve(root, file)), isModule };
}

function readPackageFile(root: string): z.infer<typeof packageFile> {
  const path = resolve(root, 'package.json');
  try {
    return packageFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new HostStartError([`${path} must be a JSON object with "main" (a glob of the entry files) and "type".`], {
      cause: error,
    });
  }
}

/** Loads entry files one after the other. @throws HostStartError naming the first that throws */
export async function loadEntryFiles(root: string, { files, isModule }: EntryFiles): Promise<void> {
  for (const file of files) {
    try {
      await processWide.loadFile(file, isEsm(file, isModule) ? 'esm' : 'cjs');
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'it threw something that is no Error';
      throw new HostStartError([`The entry file ${relative(root, file)} cannot be loaded. ${reason}`], {
        cause: error,
      });
    }
  }
}

/** The worker's own rule, which looks at two endings and then at the app's package.json alone. */
function isEsm(file: string, isModule: boolean): boolean {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  return isModule;
}
