/**
 * One check of the real library on the real machine, in a process that kills itself (SIGKILL) at its n-th call of the file
 * system. Its argument is JSON: the options, `killAt` (0: never), and whether a licence in hand is renewed. It prints the
 * state and when it asked IMDS, or nothing where it was killed.
 */
import type { Adapters, Files, NewFile } from '../../../src/client/adapters.ts';
import { REAL_ADAPTERS } from '../../../src/client/adapters/real.ts';
import { createLicenceClient } from '../../../src/client/index.ts';
import type { ClientOptions } from '../../../src/client/index.ts';

interface Task {
  readonly options: ClientOptions;
  readonly killAt: number;
  readonly renew: boolean;
}

const { options, killAt, renew } = JSON.parse(process.argv[2] ?? '{}') as Task;
let calls = 0;

/** The same object, but each call counts, and one of them is the last. */
function counted<Calls extends object>(real: Calls): Calls {
  return new Proxy(real, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: readonly unknown[]) => {
        calls += 1;
        if (calls === killAt) process.kill(process.pid, 'SIGKILL');
        const answer: unknown = await Reflect.apply(value, target, args);
        return name === 'create' ? counted(answer as NewFile) : answer;
      };
    },
  });
}

const files: Files = counted(REAL_ADAPTERS.files);
/** Milliseconds of the machine's clock at which each request to IMDS began. */
const asked: number[] = [];
const requestImds: Adapters['requestImds'] = (request) => {
  asked.push(Date.now());
  return REAL_ADAPTERS.requestImds(request);
};
const client = createLicenceClient({ ...options, adapters: { files, requestImds } });
const { state, code } = await client.check({ renew });
process.stdout.write(JSON.stringify({ state, code, calls, asked }));
