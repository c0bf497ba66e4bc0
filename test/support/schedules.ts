import { poolName } from '../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import type { SeatStore, SeatWrite } from '../../src/seats/store.ts';

/*
 * All interleavings of the store calls of some processes, one after another: depth first, each from the beginning. Two
 * calls that touch no common row may be made in either order with the same result, so that only one order is tried
 * (sleep sets, Godefroid 1996). One process may die after any of its calls: the call is made, and its answer reaches nobody.
 * Two processes can be in each other's way for as long as somebody arranges their calls so: a process that has made
 * `MAX_CALLS` of them comes to no further one, as if its time was up.
 */

/** What happens at the same time, from its beginning, and what must hold after it. */
export interface Scene {
  readonly store: SeatStore;
  /** Each is given a store of its own. */
  readonly processes: readonly ((store: SeatStore) => Promise<unknown>)[];
  readonly check: () => Promise<void>;
}

const MAX_CALLS = 9;

interface Call {
  readonly pool: string;
  /** `*`: any of the pool. */
  readonly rows: readonly string[];
  readonly isWrite: boolean;
}

/** A call that waits for its turn. */
interface Pending {
  readonly call: Call;
  /** @param dies whether the process goes on with the answer */
  readonly make: (dies: boolean) => void;
}

interface Step {
  readonly process: number;
  readonly dies: boolean;
  readonly call: Call;
}

/** A place where one of several steps comes next. Those asleep were tried before, and nothing since touches their rows. */
interface Branching {
  readonly steps: readonly Step[];
  readonly asleep: readonly Step[];
  next: number;
}

/**
 * Tries all interleavings.
 *
 * @param bound an error is thrown where there are more: nothing is left out in silence
 * @returns how many there are
 */
export async function exploreSchedules(begin: () => Promise<Scene>, bound: number): Promise<number> {
  const path: Branching[] = [];
  let count = 0;
  do {
    if (await runOnce(await begin(), path)) count += 1;
    if (count > bound) throw new Error(`There are more than ${bound} interleavings.`);
  } while (turn(path));
  return count;
}

/** To the next interleaving: the last step that has another one in its place. */
function turn(path: Branching[]): boolean {
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    last.next += 1;
    if (last.next < last.steps.length) return true;
    path.pop();
  }
  return false;
}

/** @returns whether it is an interleaving of its own, and not another order of one that was tried */
async function runOnce(scene: Scene, path: Branching[]): Promise<boolean> {
  const pending = new Map<number, Pending>();
  const failures: unknown[] = [];
  scene.processes.forEach((run, process) => {
    run(waiting(scene.store, (waits) => pending.set(process, waits))).catch((error: unknown) => failures.push(error));
  });
  let hasDied = false;
  for (let depth = 0; ; depth += 1) {
    await settle();
    if (failures.length > 0) throw failures[0];
    if (pending.size === 0) break;
    path[depth] ??= branch(pending, path[depth - 1], hasDied);
    const here = path[depth];
    const step = here?.steps[here.next];
    if (step === undefined) {
      path.pop();
      return false;
    }
    hasDied ||= step.dies;
    const waits = pending.get(step.process);
    pending.delete(step.process);
    waits?.make(step.dies);
  }
  await scene.check();
  return true;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function branch(pending: ReadonlyMap<number, Pending>, before: Branching | undefined, hasDied: boolean): Branching {
  const asleep = before === undefined ? [] : sleepOn(before);
  const steps = [...pending].flatMap(([process, { call }]) => [
    { process, call, dies: false },
    ...(hasDied ? [] : [{ process, call, dies: true }]),
  ]);
  const isAsleep = (step: Step) => asleep.some((one) => one.process === step.process && one.dies === step.dies);
  return { steps: steps.filter((step) => !isAsleep(step)), asleep, next: 0 };
}

function sleepOn({ steps, asleep, next }: Branching): readonly Step[] {
  const taken = steps[next];
  if (taken === undefined) return [];
  return [...asleep, ...steps.slice(0, next)].filter((step) => areIndependent(step, taken));
}

function areIndependent(left: Step, right: Step): boolean {
  // Only one process dies.
  if (left.process === right.process || (left.dies && right.dies)) return false;
  const [one, other] = [left.call, right.call];
  if (one.pool !== other.pool || !(one.isWrite || other.isWrite)) return true;
  return !one.rows.some((row) => row === '*' || other.rows.includes(row) || other.rows.includes('*'));
}

function waiting(store: SeatStore, wait: (pending: Pending) => void): SeatStore {
  let calls = 0;
  const turnOf = <T>(pool: SeatPool, rows: readonly string[], run: () => Promise<T>, isWrite = false): Promise<T> =>
    new Promise((resolve, reject) => {
      const make = (dies: boolean) => {
        run().then(dies ? () => undefined : resolve, reject);
      };
      calls += 1;
      if (calls <= MAX_CALLS) wait({ call: { pool: poolName(pool), rows, isWrite }, make });
    });
  return {
    readActivation: (pool, vmId) => turnOf(pool, [`vm:${vmId}`], () => store.readActivation(pool, vmId)),
    readSeats: (pool, since) => turnOf(pool, ['*'], () => store.readSeats(pool, since)),
    readEnded: (pool, before, below) => turnOf(pool, ['*'], () => store.readEnded(pool, before, below)),
    writeSeats: (pool, writes) => turnOf(pool, writes.map(rowOf), () => store.writeSeats(pool, writes), true),
  };
}

function rowOf(write: SeatWrite): string {
  if (write.row === 'activation') return `vm:${write.activation.vmId}`;
  if (write.row === 'usage') return `hours:${write.vmId}:${write.day}`;
  return write.row === 'block' ? `block:${write.index}` : 'uncounted';
}
