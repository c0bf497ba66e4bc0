import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll } from 'vitest';

import { startAzurite } from '../../src/dev/azurite.ts';
import type { Azurite } from '../../src/dev/azurite.ts';

/** Where a test keeps its rows: an Azurite shared by the file, and a table prefix that no other test has. */
export interface TestTables {
  readonly connectionString: string;
  readonly tablePrefix: string;
}

/** One in-memory Azurite for the test file that calls this at its top. Each call of the result gives tables of one's own. */
export function useAzurite(): () => TestTables {
  let azurite: Azurite | undefined;
  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterAll(async () => {
    await azurite?.stop();
  });
  return () => {
    if (azurite === undefined) throw new Error('Azurite runs only while tests do: ask for tables inside a test.');
    return { connectionString: azurite.connectionString, tablePrefix: `t${randomBytes(6).toString('hex')}` };
  };
}
