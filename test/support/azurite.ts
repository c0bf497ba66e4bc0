import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

/** Where a test keeps its rows: the Azurite of the run, and a table prefix that no other test has. */
export interface TestTables {
  readonly connectionString: string;
  readonly tablePrefix: string;
}

/** Gives tables that no other test uses. All test files of a run share one Azurite: see globalSetup.ts. */
export function createTestTables(): TestTables {
  return { connectionString: inject('azurite'), tablePrefix: `t${randomBytes(6).toString('hex')}` };
}

/** The same, for the top of a test file: each call of the result gives tables of one's own. */
export function useAzurite(): () => TestTables {
  return createTestTables;
}
