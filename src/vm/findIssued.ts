import type { Entitlement, LicenceTimes } from '../catalogue/entitlement.ts';
import { licenceTimes } from '../catalogue/entitlement.ts';
import { isOver } from '../seats/lease.ts';
import type { SeatStore } from '../seats/store.ts';
import type { AuthenticRequest } from './authenticate.ts';

/** A licence that was issued for this very request. */
interface IssuedBefore {
  readonly entitlement: Entitlement;
  readonly times: LicenceTimes;
  readonly issuedAt: number;
  readonly jti: string;
  readonly over: boolean;
}

/**
 * A file may be sent again where the answer to it was lost: a second way to the VM is long. The licence that was issued for
 * it is made again, with the same times, so that nobody gains anything by it. Nothing is written.
 *
 * @param life milliseconds: the most from the issue to the end of the grace
 * @returns null where there is none, or the VM would not be given it any more
 */
export async function findIssued(
  store: Pick<SeatStore, 'readActivation'>,
  { challenge, byFile, vm, at }: AuthenticRequest,
  { entitlement, life }: { readonly entitlement: Entitlement; readonly life: number },
): Promise<IssuedBefore | null> {
  if (byFile === null) return null;
  const known = (await store.readActivation(entitlement.pool, vm.vmId))?.value;
  if (known === undefined || known.licenceJti === null) return null;
  const isSame = known.challenge?.ms === challenge.ms && known.challenge.jti === challenge.jti;
  const isHeld = known.seat.kind !== 'none' && known.movedTo === null && !known.blocked && at < known.expiresAt;
  if (!isSame || !isHeld || known.jkt !== challenge.jkt || known.cloud !== vm.cloud) return null;
  const times = licenceTimes(entitlement, known.issuedAt, life);
  // The offer may have longer terms by now.
  if (times.expiresAt > known.expiresAt || times.graceUntil > known.graceUntil) return null;
  const over = isOver(known.seat, entitlement.seats);
  return { entitlement, times, issuedAt: known.issuedAt, jti: known.licenceJti, over };
}
