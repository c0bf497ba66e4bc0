import { createRequire } from 'node:module';
import type { ConsoleFile } from './consoleFile.ts';

/**
 * The console's files, from memory. They are a file of their own in what is deployed, `#console-files`, a name that
 * package.json resolves: a cold start does not read them. Names that are not in this list do not exist, whatever the disk holds.
 */
export function readConsoleFiles(): readonly ConsoleFile[] {
  const require = createRequire(import.meta.url);
  return (require('#console-files') as { readonly FILES: readonly ConsoleFile[] }).FILES;
}
