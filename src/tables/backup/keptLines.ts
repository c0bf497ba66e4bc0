import type { HoldingKey } from '../../catalogue/holding.ts';
import type { BackupLine } from '../../backup/records.ts';
import type { StoredKind } from '../../backup/store.ts';
import { StoreUnavailableError } from '../../contract/stored.ts';
import { writeLicence } from '../../contract/operators/licence.ts';
import { writeOffer } from '../../contract/operators/offer.ts';
import { writeOverride } from '../../contract/operators/override.ts';
import { formatPlanName } from '../../contract/planName.ts';
import { readLicenceRow, readOfferRow } from '../catalogue/catalogueRow.ts';
import { readClaim } from '../catalogue/claimTable.ts';
import { readHolding, readOverride, readTrial } from '../catalogue/holderTable.ts';
import { readChangeRow } from '../decisions/changeTable.ts';
import type { Row } from '../kit/rows.ts';
import { readActivationRow } from '../seats/activationRow.ts';
import { readKeySetRow } from '../trust/keySetTable.ts';
import { readTrustRow } from '../trust/trustTable.ts';

/** Each kind that is one row an object: the line of a backup that the row makes. @throws StoreUnavailableError */
export const LINE_OF: Readonly<Record<Exclude<StoredKind, 'hours'>, (row: Row) => BackupLine>> = {
  distrust: lineOfTrust,
  pin: lineOfTrust,
  vm: lineOfVm,
  keyset: (row) => {
    const { value, change } = readKeySetRow(row);
    return { kind: 'keyset', ...value, change };
  },
  offer: (row) => {
    const { value, change } = readOfferRow(row);
    return { kind: 'offer', offer: writeOffer(value), change };
  },
  override: (row) => {
    const { value, change } = readOverride(row);
    return { kind: 'override', ...keyOf(value), override: writeOverride(value.override), change };
  },
  trial: (row) => {
    const { startedAt, endsAt, seats, ...of } = readTrial(row);
    return { kind: 'trial', ...keyOf(of), startedAt, endsAt, seats };
  },
  licence: (row) => {
    const { value, claim, change } = readLicenceRow(row);
    return { kind: 'licence', licence: writeLicence(value), claim, change };
  },
  holding: (row) => {
    const { licences, since, claim, former, ...of } = readHolding(row).value;
    return { kind: 'holding', ...keyOf(of), licences: [...licences], since, claim, former: [...former] };
  },
  claim: (row) => {
    const { value } = readClaim(row);
    return { kind: 'claim', ...value, used: [...value.used] };
  },
  change: (row) => {
    const { kind: about, ...record } = readChangeRow(row);
    return { kind: 'change', about, ...record };
  },
};

function keyOf({ cloud, subscriptionId, plan }: HoldingKey) {
  return { cloud, subscriptionId, plan: formatPlanName(plan) };
}

function lineOfTrust(row: Row): BackupLine {
  const { value, change } = readTrustRow(row);
  if (value.kind === 'distrust') return { ...value, change };
  return { ...value, der: Buffer.from(value.der).toString('base64'), change };
}

function lineOfVm(row: Row): BackupLine {
  const { vmId, cloud, subscriptionId, licenceId, offer, sku, ...rest } = readActivationRow(row).value;
  const { blocked, jkt, keyUntil, keyChanges } = rest;
  const pool = String(row['partitionKey']);
  if (pool === '') throw new StoreUnavailableError('A row of kind activation cannot be read: PartitionKey.');
  const of = { pool, vmId, cloud, subscriptionId, licenceId, offer, sku };
  return { kind: 'vm', ...of, blocked, jkt, keyUntil, keyChanges: [...keyChanges] };
}
