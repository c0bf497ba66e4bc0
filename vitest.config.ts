import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/noStrayOutput.ts'],
    // Inside its workers BASE_URL is Vite's own; the black-box suite's is handed on under another name.
    env: { TARGET_BASE_URL: process.env['BASE_URL'] ?? '' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A busy machine may need longer than the usual second; whoever waits in vain fails all the same.
    expect: { poll: { timeout: 10_000 } },
    coverage: { provider: 'v8', include: ['src/**', 'functions/**'] },
  },
});
