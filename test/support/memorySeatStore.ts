import type { Activation } from '../../src/seats/activation.ts';
import { poolName } from '../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import type { SeatBlock, SeatRows, SeatStore, SeatWrite, UsageRow } from '../../src/seats/store.ts';
import type { Stored, WriteOutcome } from '../../src/contract/stored.ts';

/** Called at the moment of each write of an activation for a new challenge, with what all activations are after it. */
export type OnIssue = (before: Activation | null, after: Activation, all: readonly Activation[]) => void;

export interface MemorySeatStore extends SeatStore {
  /** What is written, now; of one pool, or of all. */
  activationsNow(pool?: SeatPool): readonly Activation[];
  usageNow(pool?: SeatPool): readonly UsageRow[];
}

type Rows = Map<string, Stored<unknown>>;

/**
 * A seat store in memory, for searching interleavings that no real store can be made to produce at will. `step` is
 * awaited before each request and before each answer, and between the blocks that one query reads. The same rules are
 * held against the real store in tables/createTablesStore.test.ts.
 */
export function createMemorySeatStore(step: () => Promise<unknown>, onIssue: OnIssue): MemorySeatStore {
  const pools = new Map<string, Rows>();
  const rowsOf = (pool: SeatPool): Rows => {
    const rows = pools.get(poolName(pool)) ?? new Map<string, Stored<unknown>>();
    pools.set(poolName(pool), rows);
    return rows;
  };
  const allActivations = () => [...pools.values()].flatMap(activationsOf).map((row) => row.value);
  const request = async <T>(answer: () => T): Promise<T> => {
    await step();
    const value = answer();
    await step();
    return value;
  };
  return {
    activationsNow: (pool) =>
      pool === undefined ? allActivations() : activationsOf(rowsOf(pool)).map((row) => row.value),
    usageNow: (pool) => (pool === undefined ? [...pools.values()].flatMap(usageOf) : usageOf(rowsOf(pool))),
    readActivation: (pool, vmId) =>
      request(() => (rowsOf(pool).get(`vm:${vmId}`) as Stored<Activation> | undefined) ?? null),
    readSeats: (pool, since) => readSeats(rowsOf(pool), since, { step, request }),
    readEnded: (pool, before, below) =>
      request(() =>
        activationsOf(rowsOf(pool))
          .filter(({ value: { seat } }) => seat.kind === 'numbered' && seat.number < (below ?? Infinity))
          .filter(({ value }) => value.leaseEnd < before)
          .slice(0, 100),
      ),
    writeSeats: (pool, writes) =>
      request(() => {
        const rows = rowsOf(pool);
        const before = new Map(activationsOf(rows).map(({ value }) => [value.vmId, value]));
        const outcome = writeAll(rows, writes);
        for (const { value } of outcome === 'written' ? activationsOf(rows) : []) {
          const old = before.get(value.vmId) ?? null;
          if (old?.challenge?.jti !== value.challenge?.jti) onIssue(old, value, allActivations());
        }
        return outcome;
      }),
  };
}

function activationsOf(rows: Rows): readonly Stored<Activation>[] {
  return [...rows].filter(([key]) => key.startsWith('vm:')).map(([, row]) => row as Stored<Activation>);
}

function usageOf(rows: Rows): readonly UsageRow[] {
  return [...rows].flatMap(([key, row]) => (key.startsWith('hours:') ? [row.value as UsageRow] : []));
}

interface Steps {
  readonly step: () => Promise<unknown>;
  readonly request: <T>(answer: () => T) => Promise<T>;
}

async function readSeats(rows: Rows, since: number | null, { step, request }: Steps): Promise<SeatRows> {
  const keys = [...rows.keys()].filter((key) => key.startsWith('block:'));
  const blocks: SeatBlock[] = [];
  for (const key of keys) {
    await step();
    const row = rows.get(key) as Stored<bigint>;
    blocks.push({ index: Number(key.slice(6)), taken: row.value, version: row.version });
  }
  const hasUncounted = await request(() => rows.has('uncounted'));
  const live = ({ value }: Stored<Activation>) => value.seat.kind === 'uncounted' && value.leaseEnd >= (since ?? 0);
  const uncounted = await request(() => (since === null ? 0 : activationsOf(rows).filter(live).length));
  return { blocks, hasUncounted, uncounted };
}

let versions = 0;

function writeAll(rows: Map<string, Stored<unknown>>, writes: readonly SeatWrite[]): WriteOutcome {
  if (new Set(writes.map(keyOf)).size !== writes.length) throw new Error('A transaction names a row twice.');
  if (writes.length < 1 || writes.length > 100) throw new Error('A transaction has 1 to 100 rows.');
  for (const write of writes) {
    if (write.row === 'usage') continue;
    const version = write.row === 'uncounted' ? null : write.version;
    const present = rows.get(keyOf(write));
    if (version === null && present !== undefined) return 'exists';
    if (version !== null && present?.version !== version) return 'changed';
  }
  for (const write of writes) rows.set(keyOf(write), { value: valueOf(write), version: `v${(versions += 1)}` });
  return 'written';
}

function keyOf(write: SeatWrite): string {
  if (write.row === 'uncounted') return 'uncounted';
  if (write.row === 'usage') return `hours:${write.day}:${write.vmId}`;
  return write.row === 'block' ? `block:${write.index}` : `vm:${write.activation.vmId}`;
}

function valueOf(write: SeatWrite): unknown {
  if (write.row === 'uncounted') return true;
  if (write.row === 'usage') return write;
  return write.row === 'block' ? write.taken : write.activation;
}
