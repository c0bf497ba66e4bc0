import { spawnSync } from 'node:child_process';

/**
 * Whether tests run programs that a machine may lack (the Bicep compiler, openssl). `npm run check` and `npm run full` run
 * them; under `npm test`, which is to be quick, their tests are shown as skipped.
 */
export const runsPrograms = process.env['TEST_PROGRAMS'] === '1';

/** Whether openssl is to be run, and is there. */
export const runsOpenssl = runsPrograms && spawnSync('openssl', ['version']).status === 0;
