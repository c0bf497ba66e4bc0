/** Its caller’s process has died: nothing after it happens. */
export class Died extends Error {}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * A store whose caller dies after so many of its calls: the last one is made, and its answer reaches nobody. All of its
 * methods answer with promises.
 */
export function dying<S extends object>(store: S, after: number | null): S {
  if (after === null) return store;
  let calls = 0;
  return new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as Method;
      return async (...args: readonly unknown[]) => {
        if (calls >= after) throw new Died();
        calls += 1;
        const answer = await method(...args);
        if (calls >= after) throw new Died();
        return answer;
      };
    },
  });
}
