import { poolName } from '../catalogue/seatPool.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { StoreUnavailableError } from '../contract/stored.ts';

/**
 * Runs what takes a seat of the pool when it is its turn.
 *
 * @param signal ends the wait
 * @throws StoreUnavailableError if its turn does not come in time
 */
export type SeatGate = <T>(pool: SeatPool, run: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

interface Gate {
  free: number;
  /** In the order in which they came: a set, so that one who gives up leaves from the middle. */
  readonly waiting: Set<() => void>;
}

/**
 * Lets few VMs at a time look for a seat of one pool, in this process. A seat block is written on the condition that
 * nobody else wrote it: of many that race for it at once all but one have read it in vain. Renewals do not pass here.
 *
 * @param width how many at a time
 */
export function createSeatGate(width = 4): SeatGate {
  const gates = new Map<string, Gate>();
  return async (pool, run, signal) => {
    const name = poolName(pool);
    const gate = gates.get(name) ?? { free: width, waiting: new Set() };
    gates.set(name, gate);
    if (gate.free > 0) gate.free -= 1;
    else await waitForTurn(gate, signal);
    try {
      return await run();
    } finally {
      passOn(gate);
      if (gate.free === width) gates.delete(name);
    }
  };
}

function waitForTurn({ waiting }: Gate, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((enter, leave) => {
    const turn = () => {
      signal?.removeEventListener('abort', giveUp);
      enter();
    };
    const giveUp = () => {
      waiting.delete(turn);
      leave(new StoreUnavailableError('Too many VMs look for a seat of one licence at the same time: try again.'));
    };
    if (signal?.aborted === true) {
      giveUp();
      return;
    }
    signal?.addEventListener('abort', giveUp, { once: true });
    waiting.add(turn);
  });
}

/** Whoever is next takes the place over, so that nobody who comes now is before him. */
function passOn(gate: Gate): void {
  const [next] = gate.waiting;
  if (next === undefined) {
    gate.free += 1;
    return;
  }
  gate.waiting.delete(next);
  next();
}
