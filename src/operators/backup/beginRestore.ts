import { hash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { chainAll } from '../../backup/parts.ts';
import { judgeStatement } from '../../backup/statement.ts';
import type { JudgedStatement } from '../../backup/statement.ts';
import type { StagedBackup, StagingStore } from '../../backup/store.ts';
import type { RestoreMark, RestoreMarkStore } from '../../catalogue/restoreMark.ts';
import type { PublishedJwk } from '../../contract/claims.ts';
import type { RestoreStepJson } from '../../contract/operators/backup.ts';
import type { Stored } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { KeySetMissingError } from '../../tokens/keySets/keySets.ts';
import type { KeySets } from '../../tokens/keySets/keySets.ts';
import { explainKeySetFault, verifyKeySet } from '../../tokens/signedKeySet.ts';

export interface BeginNeeds {
  readonly issuer: string;
  readonly store: StagingStore & Pick<RestoreMarkStore, 'readRestoreMark'>;
  readonly keySets: Pick<KeySets, 'readPublished'>;
}

type Begin = Extract<RestoreStepJson, { readonly step: 'begin' }>;

/**
 * Judges the statement of a backup, before any part of it is looked at, and keeps what it says. Who begins it once more goes on
 * with a restore that is not finished, and otherwise restores the backup once more from its first part.
 *
 * @param at milliseconds since the epoch
 * @throws {RequestError} `backup_refused`
 */
export async function beginRestore(needs: BeginNeeds, body: Begin, at: number): Promise<Stored<StagedBackup>> {
  const keys = body.unsigned === undefined ? await readKeys(needs, body, at) : null;
  const judged = judgeStatement(body.statement, { issuer: needs.issuer, keys });
  if (!judged.ok) throw refuse(FAULTS[judged.fault]);
  const { id, asOf, digest, parts } = judged.statement;
  if (parts !== body.digests.length || digest !== chainAll(body.digests))
    throw refuse('The digests are not those that its statement names.');
  if (asOf > at + MAX_AHEAD) throw refuse('It is from the future. Set the clocks right.');
  const pins = body.unsigned === undefined ? null : [...new Set(body.unsigned.pins)].toSorted();
  const name = pins === null ? digest : `unsigned.${hash('sha256', [digest, ...pins].join(), 'base64url')}`;
  const present = await needs.store.readStaged(name);
  const mark = await needs.store.readRestoreMark();
  const staged: StagedBackup = {
    ...{ name, backup: id, asOf, digests: body.digests, begunAt: present?.value.begunAt ?? at },
    ...{ signedBy: keys === null ? null : judged.kid, root: keys === null ? null : (body.keySet?.root ?? null), pins },
    ...(present !== null && goesOn(present.value, mark?.value ?? null) ? progressOf(present.value) : startAnew()),
  };
  if (present !== null && isDeepStrictEqual(present.value, staged)) return present;
  const written = await needs.store.writeStaged(staged, present?.version ?? null);
  if (written.outcome === 'written') return { value: staged, version: written.version };
  throw new RequestError('busy', 'Somebody else begins the same restore. Retry in a few seconds.', 5);
}

type Progress = Pick<StagedBackup, 'run' | 'isMarked' | 'applied'>;

function goesOn({ run, isMarked, applied }: Progress, mark: RestoreMark | null): boolean {
  if (mark?.name === run) return mark.finishedAt === null;
  return !isMarked && applied === 0;
}

const progressOf = ({ run, isMarked, applied }: Progress): Progress => ({ run, isMarked, applied });
const startAnew = (): Progress => ({ run: randomUUID(), isMarked: false, applied: 0 });

/** Milliseconds by which the clock of the service that wrote it may have been ahead. */
const MAX_AHEAD = 5 * 60_000;

const FAULTS: Readonly<Record<Extract<JudgedStatement, { ok: false }>['fault'], string>> = {
  malformed: 'Its statement is not one of a backup.',
  issuer_unexpected: 'It is of another issuer.',
  key_unknown: 'Its statement is signed by a key that is in no key set which this service serves or which was named.',
  signature_invalid: 'The signature of its statement is not valid.',
};

function refuse(detail: string): RequestError {
  return new RequestError('backup_refused', `The backup was not taken. ${detail}`);
}

/** The keys that are served, or those of the set that was named. A set may have ended: a backup can be older than its keys. */
async function readKeys({ issuer, keySets }: BeginNeeds, { keySet }: Begin, at: number) {
  if (keySet === undefined) return readServed(keySets, at);
  const verified = verifyKeySet(keySet.token.trim(), { rootKeys: [keySet.root], issuer, at: null });
  if (verified.ok) return verified.claims.keys;
  throw refuse(`The key set that was named does not count. ${explainKeySetFault(verified.fault)}`);
}

/** An emptied store has no uploaded set: then a set has to be named. */
async function readServed(keySets: BeginNeeds['keySets'], at: number): Promise<readonly PublishedJwk[]> {
  try {
    return (await keySets.readPublished(at)).keys;
  } catch (error) {
    if (error instanceof KeySetMissingError) return [];
    throw error;
  }
}
