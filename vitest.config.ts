import { defineConfig } from 'vitest/config';
import SlowestFiles from './test/support/slowestFiles.ts';

/** Milliseconds; `npm run full` gives its long forms more. */
const LONGEST_TEST = Number(process.env['TEST_TIMEOUT'] ?? 600_000);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    setupFiles: ['test/support/noStrayOutput.ts'],
    // Processes, not threads: some tests change the environment of their process or send it signals.
    pool: 'forks',
    maxWorkers: 2,
    // Inside its workers BASE_URL is Vite's own; the black-box suite's is handed on under another name.
    env: { TARGET_BASE_URL: process.env['BASE_URL'] ?? '' },
    // Limits that only a test that hangs reaches, on however busy a machine. No other test measures time.
    testTimeout: LONGEST_TEST,
    hookTimeout: LONGEST_TEST,
    expect: { poll: { timeout: 300_000 } },
    reporters: ['default', new SlowestFiles()],
    coverage: { provider: 'v8', include: ['src/**', 'functions/**'] },
  },
});
