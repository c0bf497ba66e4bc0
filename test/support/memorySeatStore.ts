import type { Activation } from '../../src/seats/activation.ts';
import type { SeatBlock, SeatStore, SeatWrite, UsageRow } from '../../src/seats/store.ts';
import type { Stored, WriteOutcome } from '../../src/contract/stored.ts';

/** Called at the moment of each write of an activation for a new challenge, with what all activations are after it. */
export type OnIssue = (before: Activation | null, after: Activation, all: readonly Activation[]) => void;

export interface MemorySeatStore extends SeatStore {
  /** What is written, now. */
  activationsNow(): readonly Activation[];
  usageNow(): readonly UsageRow[];
}

/**
 * A seat store of one pool in memory, for searching interleavings that no real store can be made to produce at will.
 * `step` is awaited before each request and before each answer, and between the blocks that one query reads. The same
 * rules are held against the real store in tables/createTablesStore.test.ts.
 */
export function createMemorySeatStore(step: () => Promise<unknown>, onIssue: OnIssue): MemorySeatStore {
  const rows = new Map<string, Stored<unknown>>();
  const activations = (): Stored<Activation>[] =>
    [...rows].filter(([key]) => key.startsWith('vm:')).map(([, row]) => row as Stored<Activation>);
  const request = async <T>(answer: () => T): Promise<T> => {
    await step();
    const value = answer();
    await step();
    return value;
  };
  return {
    activationsNow: () => activations().map((row) => row.value),
    usageNow: () => [...rows].flatMap(([key, row]) => (key.startsWith('hours:') ? [row.value as UsageRow] : [])),
    readActivation: (_, vmId) => request(() => (rows.get(`vm:${vmId}`) as Stored<Activation> | undefined) ?? null),
    readSeats: async (_, since) => {
      const keys = [...rows.keys()].filter((key) => key.startsWith('block:'));
      const blocks: SeatBlock[] = [];
      for (const key of keys) {
        await step();
        const row = rows.get(key) as Stored<bigint>;
        blocks.push({ index: Number(key.slice(6)), taken: row.value, version: row.version });
      }
      const hasUncounted = await request(() => rows.has('uncounted'));
      const live = ({ value }: Stored<Activation>) => value.seat.kind === 'uncounted' && value.leaseEnd >= (since ?? 0);
      const uncounted = await request(() => (since === null ? 0 : activations().filter(live).length));
      return { blocks, hasUncounted, uncounted };
    },
    readEnded: (_, before, below) =>
      request(() =>
        activations()
          .filter(({ value: { seat } }) => seat.kind === 'numbered' && seat.number < (below ?? Infinity))
          .filter(({ value }) => value.leaseEnd < before)
          .slice(0, 100),
      ),
    writeSeats: (_, writes) =>
      request(() => {
        const before = new Map(activations().map(({ value }) => [value.vmId, value]));
        const outcome = writeAll(rows, writes);
        for (const { value } of outcome === 'written' ? activations() : []) {
          const old = before.get(value.vmId) ?? null;
          if (old?.challenge?.jti !== value.challenge?.jti)
            onIssue(
              old,
              value,
              activations().map((row) => row.value),
            );
        }
        return outcome;
      }),
  };
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
