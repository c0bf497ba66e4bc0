import type { LicenceCode } from '../contract/codes.ts';
import type { Activation } from './activation.ts';
import type { Entitlement } from '../catalogue/entitlement.ts';
import { planIssue } from './issue.ts';
import type { ActivationRequest, Issue } from './issue.ts';
import { isInGrace, isOver } from './lease.ts';
import { createSeatGate } from './seatGate.ts';
import { ATTEMPTS, pauseAfter, withoutLateWrites } from './seatOptions.ts';
import type { SeatOptions } from './seatOptions.ts';
import { StoreUnavailableError } from '../contract/stored.ts';
import type { SeatStore } from './store.ts';
import type { SeatPool } from '../catalogue/seatPool.ts';
import { readOwnRow, writeCarried } from './moves.ts';
import type { OwnRow } from './moves.ts';
import { takeStep } from './takeSeat.ts';

export type { ActivationRequest } from './issue.ts';

/**
 * `first`: no licence was issued to this VM before. `keyChanged`: this licence counts as a change of key. `inGrace`: the
 * VM may still run on a licence that it was given earlier.
 */
export type ActivationOutcome =
  | { readonly granted: true; readonly activation: Activation; readonly first: boolean; readonly keyChanged: boolean }
  | { readonly granted: false; readonly code: LicenceCode | 'challenge_replayed'; readonly inGrace: boolean };

export interface ActivateOptions extends SeatOptions {
  /**
   * Awaited before the write that grants the licence: if it fails, nothing is spent. It is called before a seat is looked
   * for, and again with the seat that was found.
   *
   * @param over whether the VM’s seat is one beyond those that were bought
   */
  readonly prepare?: (activation: Activation, over: boolean) => Promise<void>;
}

/**
 * Writes down that a VM is given a licence, or says why it is not. The licence may be issued only after this has
 * answered `granted`. A known VM costs one read and one conditional write, and two more round trips while it is over; a
 * new one costs a transaction that takes its seat. One that comes from another pool costs two round trips more, once.
 *
 * @throws StoreUnavailableError if the store fails, or if every attempt lost its race
 */
export async function activate(
  unbounded: SeatStore,
  entitlement: Entitlement,
  request: ActivationRequest,
  options: ActivateOptions = {},
): Promise<ActivationOutcome> {
  const { random = Math.random, gate = createSeatGate(), signal, prepare = () => Promise.resolve() } = options;
  const store = withoutLateWrites(unbounded, signal);
  const { vmId, cloud, at } = request;
  const { pool, earlierPools } = entitlement;
  const readOwn = () => readOwnRow(store, { pool, earlierPools, vmId, cloud, at });
  let own = await readOwn();
  let tried: Issue | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (own === 'changed') {
      await pauseAfter(attempt, options);
      own = await readOwn();
      continue;
    }
    const { known }: OwnRow = own;
    // A write may land though its answer is lost; what is then in its way is the write itself.
    if (tried?.granted === true && known?.value.licenceJti === request.licenceJti) {
      return { ...tried, activation: known.value };
    }
    const issue = planIssue(known?.value ?? null, entitlement, request);
    if (!issue.granted) return refuse(store, pool, own, { code: issue.code, at });
    const next = issue.activation;
    // Nobody waits for this with the seats already read: most VMs get, or have, what is expected here.
    await prepare(next, isOver(next.seat, entitlement.seats));
    const isFirst = attempt === 0;
    const step = await takeStep(store, { entitlement, at, known, next, isFirst, random, gate, signal, prepare });
    tried = issue;
    if (step.outcome === 'written') return { ...issue, activation: step.activation };
    if (step.outcome === 'given_up') continue;
    const before = known?.version ?? null;
    // While the VM has no row here, a change was someone else's: its own row would be found to exist.
    if (before !== null || step.outcome !== 'changed') own = await readOwn();
    // Another process of the same VM may have taken the last seat meanwhile.
    if (step.outcome === 'exhausted' && own !== 'changed' && (own.known?.version ?? null) === before) {
      return refuse(store, pool, own, { code: 'seats_exhausted', at });
    }
    await pauseAfter(attempt, options);
  }
  throw tooMany();
}

/** What binds a VM stays with it in its new pool, so that no list of earlier pools is needed to find it again. */
async function refuse(
  store: SeatStore,
  pool: SeatPool,
  { known, isCarried }: OwnRow,
  { code, at }: { readonly code: LicenceCode | 'challenge_replayed'; readonly at: number },
): Promise<ActivationOutcome> {
  if (known !== null && isCarried) await writeCarried(store, pool, known);
  return { granted: false, code, inGrace: known !== null && isInGrace(known.value, at) };
}

function tooMany(): StoreUnavailableError {
  return new StoreUnavailableError('Too many activations of one licence at the same time: try again.');
}
