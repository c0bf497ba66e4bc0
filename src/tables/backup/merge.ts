import type { TableEntity } from '@azure/data-tables';

import type { RecordOf } from '../../backup/records.ts';
import type { StoredRecord } from '../../backup/store.ts';
import type { ClaimCode, ClaimUse } from '../../catalogue/claimCode.ts';
import type { ChangeRecord } from '../../decisions/changes.ts';
import type { Activation } from '../../seats/activation.ts';
import type { Change } from '../../contract/stored.ts';
import { licenceEntity, offerEntity, readLicenceRow, readOfferRow } from '../catalogue/catalogueRow.ts';
import { claimEntity, readClaim } from '../catalogue/claimTable.ts';
import {
  holdingEntity,
  overrideEntity,
  readHolding,
  readOverride,
  readTrial,
  trialEntity,
} from '../catalogue/holderTable.ts';
import { entitiesOf } from '../decisions/changeTable.ts';
import type { Row } from '../kit/rows.ts';
import { activationEntity, readActivationRow } from '../seats/activationRow.ts';
import { readUsageRow, sumEntity } from '../seats/usageRow.ts';
import { readIssuedAt } from '../../tokens/signedKeySet.ts';
import { keySetEntity, readKeySetRow } from '../trust/keySetTable.ts';
import { readTrustRow, trustEntity } from '../trust/trustTable.ts';
import type { BackedUp } from './backupTable.ts';

/** One row of an object of a backup: where it is, and what it becomes. */
export interface RowMerge {
  readonly table: BackedUp;
  /** As it is where nothing is there; its keys say where. */
  readonly entity: TableEntity;
  /** What replaces a row that is there; null: it stays. */
  readonly over: (present: Row) => TableEntity | null;
}

/**
 * The rows of an object. Of two states of it the newer one stays. What binds somebody is added up and never taken away, so
 * that it does not matter in which order, and how often, files are restored.
 */
export const MERGES: { readonly [K in StoredRecord['kind']]: (record: RecordOf<K>) => readonly RowMerge[] } = {
  distrust: ({ change, ...entry }) => [newer('trust', trustEntity(entry, change), change, readTrustRow)],
  pin: ({ change, der, ...entry }) => {
    const entity = trustEntity({ ...entry, der: Buffer.from(der, 'base64') }, change);
    return [newer('trust', entity, change, readTrustRow)];
  },
  vm: (record) => {
    const entity = (activation: Activation) => activationEntity(record.pool, activation);
    const over = (present: Row) => {
      const known = readActivationRow(present).value;
      const bound = bindMore(known, record);
      return bound === null ? null : entity(bound);
    };
    return [{ table: 'activations', entity: entity(newActivation(record)), over }];
  },
  keyset: ({ change, ...set }) => {
    const entity = keySetEntity(set, change);
    return [{ table: 'keysets', entity, over: (present) => (isSignedLater(set, present) ? entity : null) }];
  },
  offer: ({ offer, change }) => [newer('offers', offerEntity(offer, change), change, readOfferRow)],
  licence: ({ licence, claim, change }) => [
    newer('licences', licenceEntity(licence, change, claim), change, readLicenceRow),
  ],
  override: ({ change, ...of }) => [newer('holders', overrideEntity(of, change), change, readOverride)],
  trial: (record) => [
    {
      ...{ table: 'holders', entity: trialEntity(record) },
      over: (present) => (readTrial(present).startedAt <= record.startedAt ? null : trialEntity(record)),
    },
  ],
  holding: (record) => [
    {
      ...{ table: 'holders', entity: holdingEntity(record) },
      over: (present) => (readHolding(present).value.since >= record.since ? null : holdingEntity(record)),
    },
  ],
  claim: ({ id, licenceId, uses, used, until, note, createdBy, createdAt }) => {
    const claim = { id, licenceId, uses, used, until, note, createdBy, createdAt };
    return [{ table: 'names', entity: claimEntity(claim), over: (present) => useMore(present, claim) }];
  },
  hours: (record) => [
    {
      ...{ table: 'activations', entity: sumEntity(record.pool, record) },
      over: (present) => countMore(present, record),
    },
  ],
  change: ({ about, ...record }) =>
    entitiesOf({ ...record, kind: about } satisfies ChangeRecord).map((entity) => ({
      ...{ table: 'changes', entity, over: () => null },
    })),
};

function newer(
  table: BackedUp,
  entity: TableEntity,
  change: Change,
  read: (row: Row) => { readonly change: Change },
): RowMerge {
  return { table, entity, over: (present) => (read(present).change.at >= change.at ? null : entity) };
}

/** As for an upload: when its root key signed it, and not when somebody sent it. */
function isSignedLater({ token }: Pick<RecordOf<'keyset'>, 'token'>, present: Row): boolean {
  const [own, known] = [token, readKeySetRow(present).value.token].map((one) => readIssuedAt(one) ?? 0);
  return (own ?? 0) > (known ?? 0);
}

type VmRecord = RecordOf<'vm'>;

/** A VM that has no seat and spent no challenge: when it comes, it takes a seat as a new one does. */
function newActivation(record: VmRecord): Activation {
  return {
    ...record,
    ...{ seat: { kind: 'none' }, challenge: null, licenceJti: null, issuedAt: 0, expiresAt: 0, counted: null },
    ...{
      overSince: null,
      movedTo: null,
      moves: 0,
      leaseEnd: 0,
      graceUntil: 0,
      region: null,
      client: null,
      label: null,
    },
    ...{ firstSeen: 0, lastSeen: 0 },
  };
}

function bindMore(known: Activation, record: VmRecord): Activation | null {
  const isKnown = ({ from, at }: VmRecord['keyChanges'][number]) =>
    known.keyChanges.some((one) => one.from === from && one.at === at);
  const added = record.keyChanges.filter((one) => !isKnown(one));
  const blocked = known.blocked || record.blocked;
  if (added.length === 0 && blocked === known.blocked) return null;
  return { ...known, blocked, keyChanges: [...known.keyChanges, ...added] };
}

function useMore(present: Row, record: ClaimCode): TableEntity | null {
  const { value: known } = readClaim(present);
  const isSame = (one: ClaimUse, other: ClaimUse) =>
    one.cloud === other.cloud && one.subscriptionId === other.subscriptionId;
  const added = record.used.filter((use) => !known.used.some((one) => isSame(one, use)));
  const used = known.used.map((use) => ({
    ...use,
    done: use.done || record.used.some((one) => isSame(one, use) && one.done),
  }));
  const isMore = added.length > 0 || used.some(({ done }, index) => done !== known.used[index]?.done);
  return isMore ? claimEntity({ ...known, used: [...used, ...added] }) : null;
}

function countMore(present: Row, record: RecordOf<'hours'>): TableEntity | null {
  const known = readUsageRow(present);
  const before = 'counts' in known ? known.counts : [];
  const counts = record.counts.map((count, hour) => Math.max(count, before[hour] ?? 0));
  return counts.every((count, hour) => count === before[hour]) ? null : sumEntity(record.pool, { ...record, counts });
}
