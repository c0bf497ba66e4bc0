import { afterEach, beforeEach, expect, vi } from 'vitest';

/** Nothing that the tests run may write to the console: libraries return, throw or call the logger that they were given. */
const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const;

let spies: readonly { mock: { calls: unknown[] } }[] = [];

beforeEach(() => {
  spies = METHODS.map((method) => vi.spyOn(console, method).mockImplementation(() => undefined));
});

afterEach(() => {
  for (const spy of spies) expect(spy.mock.calls).toEqual([]);
  vi.restoreAllMocks();
});
