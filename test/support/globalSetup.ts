import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startAzurite } from '../../src/dev/azurite.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The connection string of the run's Azurite. */
    readonly azurite: string;
    /** The folder in which the test files of a run share their keys. */
    readonly keyFolder: string;
  }
}

/**
 * Starts what all test files of a run share: one Azurite in memory, in which each test has a table prefix of its own, and
 * a folder for keys. See azurite.ts and runKeys.ts.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const azurite = await startAzurite();
  const keyFolder = mkdtempSync(join(tmpdir(), 'countersign-test-keys-'));
  project.provide('azurite', azurite.connectionString);
  project.provide('keyFolder', keyFolder);
  return async () => {
    await azurite.stop();
    rmSync(keyFolder, { recursive: true, force: true });
  };
}
