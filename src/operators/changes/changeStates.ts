import type { RestoreMarkStore } from '../../catalogue/restoreMark.ts';
import type { CatalogueStore, ClaimStore, OverrideStore } from '../../catalogue/store.ts';
import { parseOverrideKey } from '../../catalogue/holding.ts';
import { parsePoolName } from '../../catalogue/seatPool.ts';
import type { ChangeJson, ChangeKind } from '../../contract/operators/change.ts';
import { parsePlanName } from '../../contract/planName.ts';
import type { Change } from '../../contract/stored.ts';
import type { ChangeRecord, ChangeStore } from '../../decisions/changes.ts';
import { MAX_REQUEST } from '../../http/answerOnce.ts';
import type { SeatStore } from '../../seats/store.ts';
import type { KeySetStore } from '../../tokens/keySetStore.ts';
import type { TrustKey, TrustStore } from '../../trust/live/trustEntry.ts';

/* What became of a change whose process ended, or lost the store, before it could say so. */

export type StateStore = Pick<CatalogueStore, 'readLicence' | 'readOffer'> &
  Pick<OverrideStore, 'readOverride'> &
  Pick<ClaimStore, 'readClaim'> &
  Pick<SeatStore, 'readActivation'> &
  Pick<TrustStore, 'readTrust'> &
  Pick<KeySetStore, 'listKeySets'> &
  Pick<RestoreMarkStore, 'readRestoreMark'> &
  Pick<ChangeStore, 'pageChanges'>;

/** An object as it is. `change`: its last one, where its row has that. */
interface Present {
  readonly version: string;
  readonly change?: Change;
}

/**
 * Of a record that is only begun, the object tells whether it was written: it carries the request's id, or is still as it
 * was.
 *
 * @param at milliseconds since the epoch
 * @throws {StoreUnavailableError}
 */
export async function findState(store: StateStore, record: ChangeRecord, at: number): Promise<ChangeJson['state']> {
  if (record.state === 'done') return 'done';
  const read = READERS[record.kind];
  const present = read === null ? undefined : await read(store, record.key);
  if (present?.change?.id === record.request) return 'done';
  if (at - record.at < MAX_REQUEST) return 'begun';
  if (present === undefined) return 'unknown';
  if ((present?.version ?? null) === record.version) return 'failed';
  return present === null && (await isNewest(store, record)) ? 'done' : 'unknown';
}

/** What is gone was deleted by this request, unless somebody changed it since. */
async function isNewest(store: StateStore, { kind, key, id }: ChangeRecord): Promise<boolean> {
  const [newest] = (await store.pageChanges({ kind, key }, { size: 1 })).items;
  return newest?.id === id;
}

/** Whether a pin, a distrust or a block that a record is about is still in force. @throws {StoreUnavailableError} */
export async function isInForce(store: StateStore, { kind, key }: ChangeRecord): Promise<boolean> {
  if (kind === 'block') return (await readActivation(store, key))?.value.blocked === true;
  return (await READERS[kind]?.(store, key)) !== null;
}

type Reader = (store: StateStore, key: string) => Promise<Present | null>;

/** null: it has no row of its own. */
const READERS: Readonly<Record<ChangeKind, Reader | null>> = {
  licence: (store, key) => store.readLicence(key),
  offer: async (store, key) => {
    const plan = parsePlanName(key);
    return plan === null ? null : store.readOffer(plan);
  },
  override: async (store, key) => {
    const of = parseOverrideKey(key);
    return of === null ? null : store.readOverride(of);
  },
  claim: (store, key) => store.readClaim(key),
  activation: readActivation,
  block: readActivation,
  pin: (store, key) => {
    const [cloud = '', sha256 = ''] = key.split('/');
    return store.readTrust({ kind: 'pin', cloud, sha256 });
  },
  distrust: (store, sha256) => store.readTrust({ kind: 'distrust', sha256 }),
  keyset: async (store, key) => (await store.listKeySets()).find(({ value }) => value.root === key) ?? null,
  privacy: null,
  offline: null,
  restore: (store) => store.readRestoreMark(),
};

async function readActivation(store: StateStore, key: string) {
  const [pool, vm] = splitLast(key);
  const parsed = parsePoolName(pool);
  return parsed === null ? null : store.readActivation(parsed, vm);
}

function splitLast(key: string): readonly [string, string] {
  const at = key.lastIndexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}

export function trustRecordKey(key: TrustKey): string {
  return key.kind === 'pin' ? `${key.cloud}/${key.sha256}` : key.sha256;
}
