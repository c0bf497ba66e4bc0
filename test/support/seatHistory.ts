import fc from './properties.ts';
import { expect } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import type { ActivationOutcome } from '../../src/seats/activate.ts';
import { CLOCK_SKEW } from '../../src/contract/clocks.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { ActivationRequest } from '../../src/seats/issue.ts';
import type { Seats } from '../../src/catalogue/offer.ts';
import { poolName } from '../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import { blockKnownVm, freeSeat, unblockVm } from '../../src/seats/changeActivation.ts';
import { chooseEntitlement } from '../../src/seats/moves.ts';
import type { Choice } from '../../src/seats/moves.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import { StoreUnavailableError } from '../../src/contract/stored.ts';
import type { SeatStore } from '../../src/seats/store.ts';
import { Died, dying } from './dyingStore.ts';
import { AT, DAY, entitlement, HOUR, MINUTE, request, SUBSCRIPTION, vmId } from './licensing.ts';

/*
 * Histories of a subscription, told by what its VMs were given and not by what the store holds. VMs boot, renew, change
 * their key, give seats back and play old requests again, at the same time, on two instances whose clocks are two minutes
 * apart; the subscription has a trial, and moves between two licences, of which one instance may not know yet; operators
 * change seats, overage, lifetime, lease and early release, free seats, block VMs and unblock them; processes die after any
 * of their store calls.
 */

/** What one VM does. `vm` also names it where it plays its last request `again`. */
interface Action {
  readonly does: 'boot' | 'release' | 'again' | 'free' | 'block' | 'unblock';
  readonly vm: number;
  readonly key: number;
  readonly instance: 0 | 1;
  /** After how many store calls its process dies; `null`: it lives. */
  readonly dies: number | null;
}

/** Operators set the terms, time passes, and then the VMs act at once. */
export interface Phase {
  readonly wait: number;
  /** Under which of the pools the subscription is. */
  readonly pool: 0 | 1 | 2;
  /** Where it moves there: whether VMs with a seat in the old pool stay in it, and whether one instance does not know it yet. */
  readonly isOverlap: boolean;
  readonly isStale: boolean;
  readonly seats: Seats;
  readonly overage: Seats;
  readonly lifetime: number;
  readonly leaseBeyond: number;
  readonly earlyRelease: boolean;
  readonly actions: readonly Action[];
}

/** The trial of the subscription, and two licences. */
const POOLS: readonly SeatPool[] = [
  { kind: 'trial', cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, plan: entitlement().plan },
  { kind: 'licence', id: 'first' },
  { kind: 'licence', id: 'second' },
];
const TRIAL_END = AT + 5 * DAY;

/** Milliseconds by which the clocks of the two instances are wrong. */
const SKEWS = [-CLOCK_SKEW / 2, CLOCK_SKEW / 2] as const;
const KEY_CHANGES = 1;
const MAX_LEASE = 2 * DAY;
/** A lease that has ended by one clock may be renewed by another. */
const TOLERANCE = CLOCK_SKEW + CLOCK_SKEW / 2;

const action: fc.Arbitrary<Action> = fc.record({
  does: fc.oneof(
    { weight: 6, arbitrary: fc.constant('boot' as const) },
    { weight: 2, arbitrary: fc.constant('release' as const) },
    { weight: 1, arbitrary: fc.constant('again' as const) },
    { weight: 1, arbitrary: fc.constantFrom('free' as const, 'block' as const, 'unblock' as const) },
  ),
  vm: fc.integer({ min: 0, max: 7 }),
  // Mostly the VM's own first key, so that there are renewals.
  key: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) }),
  instance: fc.constantFrom(0 as const, 1 as const),
  dies: fc.option(fc.integer({ min: 0, max: 6 }), { freq: 4 }),
});

const phase: fc.Arbitrary<Phase> = fc.record({
  wait: fc.constantFrom(MINUTE, 5 * MINUTE, HOUR, 12 * HOUR, DAY - MINUTE, DAY + MINUTE, DAY + 4 * MINUTE, 2 * DAY),
  pool: fc.constantFrom(0 as const, 1 as const, 2 as const),
  isOverlap: fc.boolean(),
  isStale: fc.boolean(),
  overage: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Seats>(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 1, arbitrary: fc.constant<Seats>('unlimited') },
  ),
  seats: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 5 }) },
    { weight: 1, arbitrary: fc.constant<Seats>('unlimited') },
  ),
  lifetime: fc.constantFrom(HOUR, DAY),
  leaseBeyond: fc.constantFrom(0, DAY),
  earlyRelease: fc.boolean(),
  actions: fc.array(action, { maxLength: 8 }),
});

export const histories = fc.array(phase, { minLength: 1, maxLength: 10 });

/** One licence that was given out. */
interface Issued {
  readonly vm: number;
  readonly pool: string;
  readonly key: string;
  readonly until: number;
  /** Its seat may have been freed early, by its VM or by an operator: the licence lives on. */
  isReleased: boolean;
}

export interface HistoryOptions {
  /** One store an instance. */
  readonly stores: readonly [SeatStore, SeatStore];
  /** Waits for what runs at the same time. */
  readonly settle: (running: Promise<unknown>) => Promise<unknown>;
}

/** Runs one history, and checks after each phase that nobody holds what nobody should. */
export class History {
  readonly #options: HistoryOptions;
  readonly #issued: Issued[] = [];
  readonly #spent = new Set<string>();
  readonly #last = new Map<number, ActivationRequest>();
  /** Until when a VM may have a seat in a pool, also one whose process died before it got its licence. */
  readonly #seatedUntil = new Map<string, number>();
  #now = AT;
  #choice: Choice = { entitlement: entitlement({ pool: POOLS[0] ?? fail() }), staying: null };
  /** Of the instance that does not know of the newest move. */
  #staleChoice = this.#choice;
  readonly #limits = new Map<string, Pick<Entitlement, 'seats' | 'overage'>>();
  /** Pools that the subscription has left, the newest first. */
  #former: readonly SeatPool[] = [];
  #isEarly = false;
  /** VMs that took a seat in this phase, and those that may have had one although they had no unexpired licence: with their pool. */
  #newcomers = new Set<string>();
  #latecomers = new Set<string>();
  /** VMs whose seat is free before their licence ends, or may be: their process died, or booted at the same time. */
  #freed = new Set<string>();
  /** VMs that were blocked before this phase. */
  readonly #blocked = new Set<number>();
  /** VMs of which several processes run in this phase. */
  #crowded = new Set<number>();
  /** VMs that were given a licence before this phase. */
  #known = new Set<number>();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  async run(phases: readonly Phase[]): Promise<void> {
    for (const one of phases) await this.#runPhase(one);
    await this.#drain();
  }

  async #runPhase(phase: Phase): Promise<void> {
    this.#now += phase.wait;
    this.#move(phase);
    this.#isEarly = phase.earlyRelease;
    this.#newcomers = new Set();
    this.#latecomers = new Set();
    this.#freed = new Set();
    this.#known = new Set(this.#issued.map(({ vm }) => vm));
    // Who is unblocked may have been so before all else.
    for (const { does, vm } of phase.actions) if (does === 'unblock') this.#blocked.delete(vm);
    const vms = phase.actions.map(({ vm }) => vm);
    this.#crowded = new Set(vms.filter((vm, place) => vms.indexOf(vm) !== place));
    const outcomes = phase.actions.map((one) => this.#act(one));
    await this.#options.settle(Promise.all(outcomes));
    for (const one of this.#issued) one.isReleased ||= this.#freed.has(placeOf(one.vm, one.pool));
    for (const [index, { does, vm }] of phase.actions.entries()) {
      const isUnblocked = phase.actions.some((one) => one.does === 'unblock' && one.vm === vm);
      if (does === 'block' && !isUnblocked && (await outcomes[index]) === 'blocked') this.#blocked.add(vm);
    }
    for (const pool of POOLS) this.#checkSeats(poolName(pool));
    this.#checkKeys();
  }

  /** What the subscription is under from now on. */
  #move({ pool: wanted, isOverlap, isStale, seats, overage, lifetime, leaseBeyond }: Phase): void {
    const old = this.#choice.entitlement ?? fail();
    const hasTrial = this.#now + CLOCK_SKEW < TRIAL_END;
    const pool = POOLS[wanted === 0 && !hasTrial ? 1 : wanted] ?? fail();
    const name = poolName(pool);
    const hasMoved = name !== poolName(old.pool);
    if (hasMoved) this.#former = [old.pool, ...this.#former].filter((one) => poolName(one) !== name);
    const former = [...new Map(this.#former.map((one) => [poolName(one), one])).values()];
    const terms = { seats, overage, lifetime, lease: lifetime + leaseBeyond, keyChanges: KEY_CHANGES };
    const validUntil = pool.kind === 'trial' ? TRIAL_END : null;
    const own = { pool, validUntil, trialEndsAt: validUntil, earlierPools: former };
    this.#limits.set(name, { seats, overage });
    const staying = hasMoved && isOverlap ? { ...old, earlierPools: [] } : null;
    const stale = this.#choice;
    this.#choice = { entitlement: entitlement({ ...terms, ...own }), staying };
    this.#staleChoice = hasMoved && isStale ? stale : this.#choice;
  }

  /** Distinct VMs with unexpired licences never exceed seats and overage. Lowered seats refuse no renewal, and nobody new. */
  #checkSeats(pool: string): void {
    const { seats, overage } = this.#limits.get(pool) ?? { seats: 0, overage: 0 };
    const hasNewcomers = [...this.#newcomers].some((place) => place.endsWith(` ${pool}`));
    if (!hasNewcomers || seats === 'unlimited' || overage === 'unlimited') return;
    const live = [...this.#liveVms(pool)].filter((vm) => !this.#latecomers.has(placeOf(vm, pool)));
    expect(live.length, 'VMs with unexpired licences').toBeLessThanOrEqual(seats + overage);
  }

  /** One VM, whatever it does, holds unexpired licences for one key more than it may change keys. */
  #checkKeys(): void {
    for (let vm = 0; vm < 8; vm += 1) {
      const keys = new Set(this.#live().flatMap((one) => (one.vm === vm ? [one.key] : [])));
      expect(keys.size, 'keys of one VM with unexpired licences').toBeLessThanOrEqual(KEY_CHANGES + 1);
    }
  }

  /** `blocked`: an operator was told that the VM is. */
  async #act(action: Action): Promise<'blocked' | 'done'> {
    const store = dying(this.#options.stores[action.instance], action.dies);
    try {
      if (action.does === 'release') await this.#release(store, action);
      else if (action.does === 'boot' || action.does === 'again') await this.#boot(store, action);
      else return await this.#operate(store, action);
    } catch (error) {
      // Processes of one VM may move it to and fro until their attempts are used up.
      const isInTheWay = error instanceof StoreUnavailableError && this.#crowded.has(action.vm);
      if (!(error instanceof Died) && !isInTheWay) throw error;
    }
    return 'done';
  }

  async #boot(store: SeatStore, action: Action): Promise<void> {
    const { does, vm, key, instance } = action;
    const at = this.#now + SKEWS[instance];
    const choice = this.#choiceOf(action);
    const held = await chooseEntitlement(store, choice, vmId(vm), at);
    if (held === null || at >= (held.validUntil ?? Infinity)) return;
    const fresh = request(held, { vmId: vmId(vm), jkt: keyOf(vm, key), at });
    const old = this.#last.get(vm);
    const asked = does === 'again' && old !== undefined ? { ...fresh, jkt: old.jkt, challenge: old.challenge } : fresh;
    this.#last.set(vm, asked);
    const pool = poolName(held.pool);
    const place = placeOf(vm, pool);
    const wasLive = this.#liveVms(pool).has(vm);
    const seatedUntil = this.#seatedUntil.get(place) ?? 0;
    const outcome = await this.#activate(store, held, asked, place);
    if (!outcome.granted) {
      if (wasLive && !this.#freed.has(place)) expect(outcome.code).not.toBe('seats_exhausted');
      return;
    }
    expect(this.#blocked.has(vm), 'a VM that is blocked').toBe(false);
    this.#spend(asked.challenge.jti);
    this.#issued.push({ vm, pool, key: asked.jkt ?? '', until: asked.times.expiresAt, isReleased: false });
    if (wasLive) return;
    const isLate = seatedUntil + TOLERANCE >= this.#now;
    (isLate ? this.#latecomers : this.#newcomers).add(place);
  }

  /** A VM that has no row yet would begin one in each pool: it comes to the instance that knows of the move. */
  #choiceOf({ instance, vm }: Action): Choice {
    return instance === 0 && this.#known.has(vm) ? this.#staleChoice : this.#choice;
  }

  async #activate(
    store: SeatStore,
    held: Entitlement,
    asked: ActivationRequest,
    place: string,
  ): Promise<ActivationOutcome> {
    const seat = () => this.#seatedUntil.set(place, Math.max(this.#seatedUntil.get(place) ?? 0, asked.times.leaseEnd));
    let told: boolean | null = null;
    const prepare = (_: unknown, over: boolean) => {
      told = over;
      return Promise.resolve();
    };
    try {
      const outcome = await activate(store, held, asked, { pause: () => Promise.resolve(), prepare });
      if (!outcome.granted) return outcome;
      seat();
      const { seat: own, overSince } = outcome.activation;
      const isOver = own.kind === 'numbered' && held.seats !== 'unlimited' && own.number >= held.seats;
      expect([told, overSince !== null], 'whether the VM is over').toEqual([isOver, isOver]);
      return outcome;
    } catch (error) {
      if (error instanceof Died || error instanceof StoreUnavailableError) seat();
      throw error;
    }
  }

  async #release(store: SeatStore, { vm, key, instance }: Action): Promise<void> {
    const at = this.#now + SKEWS[instance];
    const pool = this.#lastPool(vm);
    const { challenge } = request(entitlement(), { at });
    const terms = { pool, earlyRelease: this.#isEarly };
    const place = placeOf(vm, poolName(pool));
    const lives = this.#live().filter((one) => placeOf(one.vm, one.pool) === place && !one.isReleased);
    if (this.#isEarly) this.#freed.add(place);
    const releaseId = `release of ${challenge.jti}`;
    const asked = { vmId: vmId(vm), jkt: keyOf(vm, key), challenge, releaseId, at };
    const outcome = await releaseSeat(store, terms, asked, { pause: () => Promise.resolve() });
    if (!outcome.released) return;
    this.#spend(challenge.jti);
    if (this.#isEarly) return;
    const isFree = this.#freed.has(place);
    for (const { until, isReleased } of lives) {
      if (!isFree && !isReleased) expect(outcome.seatFreeAt, 'when the seat is free').toBeGreaterThanOrEqual(until);
    }
  }

  async #operate(store: SeatStore, { does, vm }: Action): Promise<'blocked' | 'done'> {
    const pool = this.#lastPool(vm);
    const options = { at: this.#now };
    if (does === 'free') {
      this.#freed.add(placeOf(vm, poolName(pool)));
      await freeSeat(store, pool, vmId(vm), options);
      return 'done';
    }
    const change = does === 'block' ? blockKnownVm : unblockVm;
    const { outcome } = await change(store, pool, vmId(vm), options);
    return does === 'block' && outcome === 'written' ? 'blocked' : 'done';
  }

  /** Of the newest licence that the VM was given. */
  #lastPool(vm: number): SeatPool {
    const name = this.#issued.findLast((one) => one.vm === vm)?.pool;
    return POOLS.find((pool) => poolName(pool) === name) ?? POOLS[1] ?? fail();
  }

  /** A challenge is good for one licence or one release. */
  #spend(jti: string): void {
    expect(this.#spent.has(jti), 'a challenge that was spent').toBe(false);
    this.#spent.add(jti);
  }

  /** Once all leases are over, all seats can be had, and not one more. */
  async #drain(): Promise<void> {
    this.#now += MAX_LEASE + DAY;
    for (const pool of POOLS) {
      const held = entitlement({ pool, seats: 2, overage: 1 });
      const outcomes: string[] = [];
      for (let vm = 100; vm < 105; vm += 1) {
        const booting = activate(this.#options.stores[0], held, request(held, { vmId: vmId(vm), at: this.#now }));
        await this.#options.settle(booting);
        const outcome = await booting;
        outcomes.push(outcome.granted ? 'granted' : outcome.code);
      }
      expect(outcomes).toEqual(['granted', 'granted', 'granted', 'seats_exhausted', 'seats_exhausted']);
    }
  }

  #live(): readonly Issued[] {
    return this.#issued.filter((one) => one.until > this.#now);
  }

  #liveVms(pool: string): ReadonlySet<number> {
    return new Set(this.#live().flatMap((one) => (one.isReleased || one.pool !== pool ? [] : [one.vm])));
  }
}

function placeOf(vm: number, pool: string): string {
  return `${vm} ${pool}`;
}

function fail(): never {
  throw new Error('There is one of these.');
}

function keyOf(vm: number, key: number): string {
  return `key-${key}-of-${vm}`;
}
