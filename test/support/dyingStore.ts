import type { SeatStore } from '../../src/seats/store.ts';

/** Its caller’s process has died: nothing after it happens. */
export class Died extends Error {}

/** A store whose caller dies after so many of its calls: the last one is made, and its answer reaches nobody. */
export function dying(store: SeatStore, after: number | null): SeatStore {
  if (after === null) return store;
  let calls = 0;
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    if (calls >= after) throw new Died();
    calls += 1;
    const answer = await run();
    if (calls >= after) throw new Died();
    return answer;
  };
  return {
    readActivation: (...args) => call(() => store.readActivation(...args)),
    readSeats: (...args) => call(() => store.readSeats(...args)),
    readEnded: (...args) => call(() => store.readEnded(...args)),
    writeSeats: (...args) => call(() => store.writeSeats(...args)),
  };
}
