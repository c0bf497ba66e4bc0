import { defineConfig } from 'vitest/config';
import { SlowestFiles } from './test/support/slowestFiles.ts';

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
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000 } },
    reporters: ['default', new SlowestFiles()],
    coverage: { provider: 'v8', include: ['src/**', 'functions/**'] },
  },
});
