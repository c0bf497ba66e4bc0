import type { Adapters, Files } from '../../../src/client/adapters.ts';

const WRITING = ['create', 'overwrite', 'rename', 'unlink', 'mkdir', 'rmdir', 'syncFolder'] as const;
type Writing = (typeof WRITING)[number];

/** The same, but on a disk where these calls fail, for paths that match. */
export function withBrokenFiles(
  adapters: Adapters,
  code: string,
  calls: readonly Writing[] = WRITING,
  paths = /./,
): Adapters {
  const fail = (call: Writing): unknown => {
    return (path: string, ...rest: unknown[]) => {
      const original = adapters.files[call] as (...all: unknown[]) => Promise<unknown>;
      if (!paths.test(path)) return original(path, ...rest);
      return Promise.reject(Object.assign(new Error(code), { code }));
    };
  };
  const broken = Object.fromEntries(calls.map((call) => [call, fail(call)])) as Partial<Files>;
  return { ...adapters, files: { ...adapters.files, ...broken } };
}
