import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/* `npm run soak -- [--minutes N] [--write]`: soak.test.ts, for so many minutes; the tables go to docs/soak.md with --write. */

const ROOT = resolve(import.meta.dirname, '../..');
const options = { minutes: { type: 'string', default: '30' }, write: { type: 'boolean', default: false } } as const;

function readOptions(): { readonly minutes: number; readonly write: boolean } | null {
  try {
    const { minutes, write } = parseArgs({ options }).values;
    return /^[1-9]\d{0,3}$/.test(minutes) ? { minutes: Number(minutes), write } : null;
  } catch {
    return null;
  }
}

const given = readOptions();
if (given === null) {
  process.stderr.write('soak: Write npm run soak -- [--minutes N] [--write], with N from 1 to 9999.\n');
  process.exitCode = 1;
} else {
  const { minutes, write } = given;
  const env = {
    SOAK_MINUTES: String(minutes),
    SOAK_WRITE: write ? '1' : '0',
    TEST_TIMEOUT: `${(minutes + 10) * 60_000}`,
  };
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/soak'], {
    ...{ cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } },
  });
  process.exitCode = status ?? 1;
}
