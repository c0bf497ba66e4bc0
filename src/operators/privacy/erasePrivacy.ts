import { poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import type { SubscriptionKey } from '../../catalogue/holding.ts';
import { formatNullable } from '../../contract/instants.ts';
import type { ErasureJson, KeptJson } from '../../contract/operators/privacy.ts';
import { formatPlanName } from '../../contract/planName.ts';
import type { Stored } from '../../contract/stored.ts';
import type { Activation } from '../../seats/activation.ts';
import { forgetVm, listHolds } from '../../seats/forgetVm.ts';
import type { Hold } from '../../seats/forgetVm.ts';
import { isInForce } from '../changes/changeStates.ts';
import { nextPoolOf, readEntitlements } from './privacySubject.ts';
import type { Entitlements, PrivacyStore } from './privacySubject.ts';

/** Of one answer. */
const MAX_KEPT = 1_000;
const MAX_LICENCES = 100;
const PAGE = 500;

export interface ErasureRequest {
  readonly of: SubscriptionKey;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether to find out what would be erased, and to erase nothing. */
  readonly isTrial: boolean;
  /** The pool after which to go on; `null`: from the beginning. */
  readonly after: SeatPool | null;
  /** Whether it has taken as long as it may: what is left is the next request's. */
  readonly isLate: () => boolean;
}

/** What was erased, and the licences under which the VMs were: at most 100 of their ids. */
export interface Erasure extends ErasureJson {
  readonly licences: readonly string[];
}

interface Run extends ErasureRequest {
  readonly store: PrivacyStore;
  readonly erased: { vms: number; hours: number; decisions: number; changes: number; requests: number };
  readonly kept: KeptJson[];
  keptInAll: number;
  readonly licences: Set<string>;
}

/**
 * Erases what names VMs of a subscription, and keeps the sums of their hours. What an unexpired licence, a block, a change of
 * key that counts or a used trial rests on stays.
 *
 * @throws StoreUnavailableError
 */
export async function eraseSubscription(store: PrivacyStore, request: ErasureRequest): Promise<Erasure> {
  const erased = { vms: 0, hours: 0, decisions: 0, changes: 0, requests: 0 };
  const counts = { erased, kept: [], keptInAll: 0, licences: new Set<string>() };
  const run: Run = { ...request, store, ...counts };
  let done = request.after === null ? null : poolName(request.after);
  let pool = await nextPoolOf(store, request.of, done);
  while (pool !== null && (await erasePool(run, pool))) {
    done = poolName(pool);
    pool = await nextPoolOf(store, request.of, done);
  }
  const complete = pool === null && (request.isTrial || (await eraseRecords(run)));
  if (complete) keepEntitlements(run, await readEntitlements(store, request.of));
  const { kept, keptInAll } = run;
  const licences = [...run.licences].slice(0, MAX_LICENCES);
  return { erased, kept, keptInAll, complete, continuation: complete ? null : done, licences };
}

/** @returns whether all of it was done */
async function erasePool(run: Run, pool: SeatPool): Promise<boolean> {
  const { store, of, isTrial, isLate } = run;
  const keptVms = new Set<string>();
  let continuation: string | undefined;
  do {
    const page = await store.pageActivations({ pool, of }, { size: PAGE, continuation });
    for (const known of page.items) if (!(await eraseVm(run, pool, known))) keptVms.add(known.value.vmId);
    continuation = page.next ?? undefined;
    // What was not looked at is not summed either.
    if (isLate()) return false;
  } while (continuation !== undefined);
  if (isTrial) return true;
  for await (const count of store.sumHours(pool, of, keptVms)) {
    run.erased.hours += count;
    if (isLate()) return false;
  }
  return true;
}

/** @returns whether the VM's row is gone */
async function eraseVm(run: Run, pool: SeatPool, known: Stored<Activation>): Promise<boolean> {
  const { store, at, isTrial } = run;
  const [first, ...more] = listHolds(known.value, at);
  const what = `activation ${poolName(pool)}/${known.value.vmId}`;
  if (first !== undefined) {
    for (const hold of [first, ...more]) keep(run, { what, until: formatNullable(hold.until), why: WHY[hold.why] });
    return false;
  }
  if (!isTrial && !(await forgetVm(store, pool, known, at))) {
    keep(run, { what, until: null, why: 'It was changed at the same time: erase again.' });
    return false;
  }
  const { cloud, vmId: id } = known.value;
  if (!isTrial) await store.deleteId({ kind: 'vm', cloud, id });
  run.erased.vms += 1;
  run.licences.add(known.value.licenceId);
  return true;
}

const WHY: Readonly<Record<Hold['why'], string>> = {
  block: 'The VM is blocked. Unblock it first.',
  key_change: 'A change of the VM’s key still counts.',
  licence: 'The VM has a licence that has not expired.',
};

/** @returns whether all of it was done */
async function eraseRecords(run: Run): Promise<boolean> {
  return (await eraseDecisions(run)) && (await eraseChanges(run)) && (await eraseRequests(run));
}

/** A request that is sent again afterwards is executed again. @returns whether all of it was done */
async function eraseRequests({ store, of, erased, isLate }: Run): Promise<boolean> {
  for await (const count of store.deleteRequestsNaming(of.subscriptionId)) {
    erased.requests += count;
    if (isLate()) return false;
  }
  return true;
}

/** @returns whether all of it was done */
async function eraseDecisions(run: Run): Promise<boolean> {
  for await (const count of run.store.deleteDecisionsOf(run.of)) {
    run.erased.decisions += count;
    if (run.isLate()) return false;
  }
  const { cloud, subscriptionId: id } = run.of;
  await run.store.deleteId({ kind: 'subscription', cloud, id });
  return true;
}

/** Who blocked a VM stays known while it is blocked. @returns whether all of it was done */
async function eraseChanges({ store, of, erased, isLate }: Run): Promise<boolean> {
  for await (const count of store.deleteChangesOf(of, (record) => isInForce(store, record))) {
    erased.changes += count;
    if (isLate()) return false;
  }
  return true;
}

/** Rows that name no VM and no person but through what operators wrote in them. */
function keepEntitlements(run: Run, { licences, trials, overrides, claims }: Entitlements): void {
  for (const { id } of licences) {
    const why = 'The licence names the subscription. Remove it there, and the customer, note and VM ids, or delete it.';
    keep(run, { what: `licence ${id}`, until: null, why });
  }
  for (const { plan } of trials) {
    keep(run, { what: `trial ${formatPlanName(plan)}`, until: null, why: 'It says that the one trial is used.' });
  }
  for (const { plan } of overrides) {
    keep(run, { what: `override ${formatPlanName(plan)}`, until: null, why: 'It is in force. Remove it first.' });
  }
  for (const { id } of claims) {
    keep(run, {
      what: `claim ${id}`,
      until: null,
      why: 'It says that a use of the code is over. Revoke the code first.',
    });
  }
}

function keep(run: Run, item: KeptJson): void {
  run.keptInAll += 1;
  if (run.kept.length < MAX_KEPT) run.kept.push(item);
}
