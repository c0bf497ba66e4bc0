import { afterEach, beforeEach, expect, vi } from 'vitest';

/** Nothing that the tests run may write to the console: libraries return, throw or call the logger that they were given. */
const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const;

beforeEach(() => {
  for (const method of METHODS) vi.spyOn(console, method).mockImplementation(() => undefined);
});

afterEach(() => {
  for (const method of METHODS) expect(vi.mocked(console[method]).mock.calls).toEqual([]);
  vi.restoreAllMocks();
});
