import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { Activation, Seat } from '../seats/activation.ts';
import type { Stored } from '../contract/stored.ts';
import { VM_ROWS, vmRow } from './keys.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from './readRow.ts';

/** Seats on rows: a number, so that a query can tell them apart. */
export const UNCOUNTED_SEAT = -1;
const NO_SEAT = -2;

const keyChanges = z.array(z.strictObject({ from: z.string().nullable(), at: z.number(), until: z.number() }));

const activationRow = z.object({
  etag: z.string(),
  rowKey: z.string().startsWith(VM_ROWS.from),
  licenceId: z.string(),
  seat: z.number().int().min(NO_SEAT),
  jkt: z.string().optional(),
  keyUntil: rowInstant,
  keyChanges: z.string().transform(parseJsonProperty).pipe(keyChanges),
  challengeAt: rowInstant.optional(),
  challengeJti: z.string().optional(),
  licenceJti: z.string().optional(),
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
  const { challenge, licenceJti, jkt, region, client, label } = activation;
  return {
    partitionKey,
    rowKey: vmRow(activation.vmId),
    schema: ROW_SCHEMA,
    licenceId: activation.licenceId,
    seat: seatValue(activation.seat),
    ...(jkt !== null && { jkt }),
    keyUntil: new Date(activation.keyUntil),
    keyChanges: JSON.stringify(activation.keyChanges),
    ...(challenge !== null && { challengeAt: new Date(challenge.ms), challengeJti: challenge.jti }),
    ...(licenceJti !== null && { licenceJti }),
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
  const { etag, rowKey, seat, challengeAt, challengeJti, licenceJti, jkt, region, client, label, ...rest } = row;
  const challenge =
    challengeAt === undefined || challengeJti === undefined ? null : { ms: challengeAt, jti: challengeJti };
  const value = {
    ...rest,
    vmId: rowKey.slice(VM_ROWS.from.length),
    seat: readSeat(seat),
    challenge,
    licenceJti: licenceJti ?? null,
    jkt: jkt ?? null,
    region: region ?? null,
    client: client ?? null,
    label: label ?? null,
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
