import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { Activation, Seat } from '../../seats/activation.ts';
import type { Stored } from '../../contract/stored.ts';
import { VM_ROWS, vmRow } from '../kit/keys.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';

/** Seats on rows: a number, so that a query can tell them apart. */
export const UNCOUNTED_SEAT = -1;
const NO_SEAT = -2;

const keyChanges = z.array(z.strictObject({ from: z.string().nullable(), at: z.number(), until: z.number() }));

const activationRow = z.object({
  etag: z.string(),
  rowKey: z.string().startsWith(VM_ROWS.from),
  cloud: z.string(),
  subscriptionId: z.string(),
  licenceId: z.string(),
  offer: z.string(),
  seat: z.number().int().min(NO_SEAT),
  jkt: z.string().optional(),
  keyUntil: rowInstant,
  keyChanges: z.string().transform(parseJsonProperty).pipe(keyChanges),
  challengeAt: rowInstant.optional(),
  challengeJti: z.string().optional(),
  licenceJti: z.string().optional(),
  issuedAt: rowInstant,
  expiresAt: rowInstant,
  countedDay: z.number().int().optional(),
  countedHours: z.number().int().optional(),
  overSince: rowInstant.optional(),
  movedTo: z.string().optional(),
  moves: z.number().int().min(0),
  leaseEnd: rowInstant,
  graceUntil: rowInstant,
  region: z.string().optional(),
  sku: z.string(),
  client: z.string().optional(),
  label: z.string().optional(),
  firstSeen: rowInstant,
  lastSeen: rowInstant,
  blocked: z.boolean(),
});

export function activationEntity(partitionKey: string, activation: Activation): TableEntity {
  const { challenge, licenceJti, jkt, region, client, label, counted, overSince, movedTo } = activation;
  return {
    partitionKey,
    rowKey: vmRow(activation.vmId),
    schema: ROW_SCHEMA,
    cloud: activation.cloud,
    subscriptionId: activation.subscriptionId,
    licenceId: activation.licenceId,
    offer: activation.offer,
    seat: seatValue(activation.seat),
    ...(jkt !== null && { jkt }),
    keyUntil: new Date(activation.keyUntil),
    keyChanges: JSON.stringify(activation.keyChanges),
    ...(challenge !== null && { challengeAt: new Date(challenge.ms), challengeJti: challenge.jti }),
    ...(licenceJti !== null && { licenceJti }),
    issuedAt: new Date(activation.issuedAt),
    expiresAt: new Date(activation.expiresAt),
    ...(counted !== null && { countedDay: counted.day, countedHours: counted.hours }),
    ...(overSince !== null && { overSince: new Date(overSince) }),
    ...(movedTo !== null && { movedTo }),
    moves: activation.moves,
    leaseEnd: new Date(activation.leaseEnd),
    graceUntil: new Date(activation.graceUntil),
    ...(region !== null && { region }),
    sku: activation.sku,
    ...(client !== null && { client }),
    ...(label !== null && { label }),
    firstSeen: new Date(activation.firstSeen),
    lastSeen: new Date(activation.lastSeen),
    blocked: activation.blocked,
  };
}

/** @throws StoreUnavailableError */
export function readActivationRow(entity: unknown): Stored<Activation> {
  const row = readRow('activation', activationRow, entity);
  const { etag, rowKey, seat, challengeAt, challengeJti, countedDay, countedHours, ...rest } = row;
  const { licenceJti = null, jkt = null, region = null, client = null, label = null } = row;
  const { overSince = null, movedTo = null } = row;
  const challenge =
    challengeAt === undefined || challengeJti === undefined ? null : { ms: challengeAt, jti: challengeJti };
  const counted =
    countedDay === undefined || countedHours === undefined ? null : { day: countedDay, hours: countedHours };
  const value = {
    ...rest,
    vmId: rowKey.slice(VM_ROWS.from.length),
    seat: readSeat(seat),
    ...{ challenge, counted, licenceJti, jkt, region, client, label, overSince, movedTo },
  };
  return { value, version: etag };
}

function seatValue(seat: Seat): number {
  if (seat.kind === 'numbered') return seat.number;
  return seat.kind === 'uncounted' ? UNCOUNTED_SEAT : NO_SEAT;
}

function readSeat(value: number): Seat {
  if (value >= 0) return { kind: 'numbered', number: value };
  return { kind: value === UNCOUNTED_SEAT ? 'uncounted' : 'none' };
}
