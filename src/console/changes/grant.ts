import type { LicenceJson } from '../../contract/operators/licence.ts';
import { writeApply, writeCommand } from '../text/commandLine.ts';
import { isPlain } from '../text/plain.ts';

/** A licence that is to be created: what it leaves out has its default. */
export interface Grant extends Pick<LicenceJson, 'id' | 'offer' | 'seats' | 'validUntil'> {
  readonly cloud: string;
  readonly subscription: string;
  /** Empty where there is none. */
  readonly customer: string;
}

/** As its fields have it: null and undefined where one is not filled as it must be. */
export interface GrantDraft extends Omit<Grant, 'seats' | 'validUntil'> {
  readonly seats: Grant['seats'] | null;
  readonly validUntil: Grant['validUntil'] | undefined;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** null while there is too little of it to be judged by the service. */
export function readGrant({ seats, validUntil, ...draft }: GrantDraft): Grant | null {
  return seats === null || validUntil === undefined || !ID.test(draft.id) ? null : { ...draft, seats, validUntil };
}

/** As it is sent. */
export function writeGrant({ customer, ...grant }: Grant): object {
  return { ...grant, customer: customer === '' ? null : { name: customer } };
}

/** The command that does the same. */
export function grantCommand(grant: Grant, reason: string): string {
  const { id, offer, seats, validUntil, cloud, subscription, customer } = grant;
  // The word stands for no customer there.
  const hasOption = isPlain(customer) && customer !== 'none';
  if (!hasOption) return writeApply({ licences: [writeGrant(grant)] }, { reason, isEnding: false });
  const words = [
    'licences',
    'grant',
    id,
    `--subscription=${cloud}:${subscription}`,
    `--offer=${offer}`,
    `--seats=${seats}`,
  ];
  return writeCommand(
    [...words, ...(validUntil === null ? [] : [`--valid-until=${validUntil}`])],
    [
      { name: 'customer', value: customer },
      { name: 'reason', value: reason },
    ],
  );
}
