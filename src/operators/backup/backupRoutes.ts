import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { chainDigest, digestPart, MAX_PARTS, NO_PARTS } from '../../backup/parts.ts';
import { RECORD_KINDS } from '../../backup/records.ts';
import type { BackupPlace, PlaceSeal } from '../../backup/sealedPlace.ts';
import { signStatement } from '../../backup/statement.ts';
import type { BackupSource } from '../../backup/store.ts';
import { backupPart } from '../../contract/operators/backup.ts';
import { formatInstant, numericDate } from '../../contract/instants.ts';
import type { ChangeStore } from '../../decisions/changes.ts';
import { RequestError } from '../../http/requestError.ts';
import type { KeySets } from '../../tokens/keySets/keySets.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';
import { writePart } from './writePart.ts';

export interface BackupNeeds {
  readonly issuer: string;
  readonly store: BackupSource & Pick<ChangeStore, 'readChanged'>;
  readonly keySets: Pick<KeySets, 'readPublished' | 'readSigner'>;
  /** Seconds from a licence's issue to the end of its grace, at most. */
  readonly licenceLife: number;
  readonly placeSeal: PlaceSeal;
}

const defineRoute = routesThatNeed<BackupNeeds>();

const query = z.strictObject({
  continuation: z.string().min(1).max(8_192).optional().describe('The continuation of the part before.'),
});

/** Milliseconds after which a part ends though it has room: the platform ends a request after 230 seconds. */
const MAX_TIME = 20_000;
const DAY = 24 * 60 * 60_000;

const readBackup = defineRoute({
  ...{ name: 'readBackup', role: 'Admin' },
  summary: 'A backup, part by part: with the last one comes the signed statement over all of them',
  ...{ params: NOTHING, query, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: backupPart },
  codes: ['key_set_missing', 'signing_key_unavailable'],
  handle: async ({ needs, query: { continuation }, change: { at } }) => {
    const begun = openPlace(needs.placeSeal, continuation, at);
    const late = performance.now() + MAX_TIME;
    const { keys } = await needs.keySets.readPublished(at);
    const facts = { store: needs.store, keys, life: needs.licenceLife, isLate: () => performance.now() >= late };
    const { text, counts, next } = await writePart(facts, begun ?? { kind: RECORD_KINDS[0], after: null });
    const [id, asOf] = [begun?.id ?? randomUUID(), begun?.asOf ?? at];
    const [digest, parts] = [digestPart(text), (begun?.parts ?? 0) + 1];
    const chained = { id, asOf, parts, digest: chainDigest(begun?.digest ?? NO_PARTS, digest) };
    if (next !== null && parts >= MAX_PARTS) throw new RangeError(`A backup has at most ${MAX_PARTS} parts.`);
    const part = { backup: id, asOf: formatInstant(asOf), part: text, digest, counts };
    if (next !== null) {
      const sealed = needs.placeSeal.seal({ ...chained, kind: next.kind, after: next.after && [...next.after] });
      return { value: { ...part, continuation: sealed, statement: null, changed: [], changedInAll: 0 } };
    }
    const statement = { iss: needs.issuer, iat: numericDate(at), ...chained };
    const signed = await signStatement(statement, await needs.keySets.readSigner(at));
    return { value: { ...part, continuation: null, statement: signed, ...(await findChanged(needs, asOf, at)) } };
  },
});

/** @throws {RequestError} where no instance of this service has written it, or it is a day old */
function openPlace(seal: PlaceSeal, continuation: string | undefined, at: number): BackupPlace | null {
  if (continuation === undefined) return null;
  const place = seal.open(continuation);
  if (place === null)
    throw new RequestError('request_malformed', 'The continuation is not one of a backup of this service: begin anew.');
  if (at - place.asOf > DAY)
    throw new RequestError('request_malformed', 'The backup was begun more than a day ago: begin anew.');
  return place;
}

const MAX_TOLD = 20;
const MAX_CHANGED = 10_000;

async function findChanged({ store }: BackupNeeds, from: number, until: number) {
  const changed = await store.readChanged({ from, until: until + 1 }, MAX_CHANGED);
  const told = (changed ?? []).slice(0, MAX_TOLD).map(({ kind, key, at }) => ({ kind, key, at: formatInstant(at) }));
  return { changed: told, changedInAll: changed?.length ?? MAX_CHANGED };
}

export const BACKUP_ROUTES: readonly OperatorRoute<BackupNeeds>[] = [readBackup];
