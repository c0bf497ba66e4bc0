import type { OperatorEndpoint } from '../../contract/endpoints.ts';
import type { ChangeKind } from '../../contract/operators/change.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import { boundValues } from '../../decisions/changes.ts';
import type { ChangeRecord, ChangeStore } from '../../decisions/changes.ts';
import { createDecisionId } from '../../decisions/decisionRecord.ts';
import type { Log } from '../../http/edge.ts';
import { RefusedReply } from '../../http/refusedReply.ts';
import { RequestError } from '../../http/requestError.ts';

/** An object that a request is about to change. Old and new value are as answers have them, and hold no secret. */
export interface Changed {
  readonly kind: ChangeKind;
  /** As the object's address names it. */
  readonly key: string;
  readonly old: object | null;
  readonly new: object | null;
  /** The version that is replaced; null where there is none. */
  readonly version: string | null;
  /** The subscription that the object is about, if it is about one alone. */
  readonly of?: ChangeRecord['of'];
}

/**
 * Writes down what is about to be changed. Whoever writes calls it right before; it is done when the request has succeeded,
 * and gone when the request is refused. The same object again replaces what was written down of it.
 *
 * @throws {StoreUnavailableError} nothing may be changed
 */
export type RecordChanges = (...changed: readonly Changed[]) => Promise<Begun>;

/** Of several changes, those that end otherwise than the request. Each is named by its key. */
interface Begun {
  /** They are not changed after all. */
  drop(keys: ReadonlySet<string>): Promise<void>;
  /** Nobody knows whether they were changed: their records stay begun. */
  leave(keys: ReadonlySet<string>): void;
}

interface RecorderOptions {
  readonly store: Pick<ChangeStore, 'putChanges' | 'dropChanges'>;
  /** What all records of the request have alike. */
  readonly facts: Pick<ChangeRecord, 'request' | 'at' | 'by' | 'byName' | 'reason'> & {
    readonly operation: OperatorEndpoint;
  };
  readonly log: Log;
}

/** `settle`: runs what records changes, and says of them what became of them. */
interface Recorder {
  readonly record: RecordChanges;
  readonly settle: <T>(run: () => Promise<T>) => Promise<T>;
}

/** Of one request. A process that ends in between, or loses the store, leaves records that are begun: changeStates.ts. */
export function createRecorder({ store, facts, log }: RecorderOptions): Recorder {
  const open = new Map<string, ChangeRecord>();
  const drop = async (records: readonly ChangeRecord[]) => {
    for (const record of records) open.delete(nameOf(record));
    if (records.length > 0) await tolerate(log, () => store.dropChanges(records));
  };
  const record: RecordChanges = async (...changed) => {
    const records = changed.map((one) => begin(one, facts, open.get(nameOf(one))));
    for (const one of records) open.set(nameOf(one), one);
    if (records.length > 0) await store.putChanges(records);
    const among = (keys: ReadonlySet<string>) => records.filter(({ key }) => keys.has(key));
    return {
      drop: (keys) => drop(among(keys)),
      leave: (keys) => {
        for (const one of among(keys)) open.delete(nameOf(one));
      },
    };
  };
  const settle = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      const answer = await run();
      const done = [...open.values()].map((one): ChangeRecord => ({ ...one, state: 'done' }));
      if (done.length > 0) await tolerate(log, () => store.putChanges(done));
      return answer;
    } catch (error) {
      if (isRefusal(error)) await drop([...open.values()]);
      throw error;
    }
  };
  return { record, settle };
}

/** Whether nothing was written. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RequestError || error instanceof RefusedReply;
}

function nameOf({ kind, key }: Pick<Changed, 'kind' | 'key'>): string {
  return `${kind} ${key}`;
}

function begin(changed: Changed, facts: RecorderOptions['facts'], earlier: ChangeRecord | undefined): ChangeRecord {
  const { kind, key, version, of = null } = changed;
  return {
    ...facts,
    ...{ kind, key, version, of, state: 'begun', id: earlier?.id ?? createDecisionId(facts.at) },
    ...boundValues(open(changed.old), open(changed.new)),
  };
}

function open(object: object | null): Record<string, unknown> | null {
  return object === null ? null : { ...object };
}

/** What was to be changed is, or is not: its own outcome is what the caller has to know. */
async function tolerate(log: Log, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log('warn', 'change_not_settled', { reason: error.message });
  }
}
