import fc from 'fast-check';
import { expect } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import type { ActivationOutcome } from '../../src/seats/activate.ts';
import { CLOCK_SKEW } from '../../src/contract/clocks.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { ActivationRequest } from '../../src/seats/issue.ts';
import type { Seats } from '../../src/catalogue/offer.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import type { SeatStore } from '../../src/seats/store.ts';
import { AT, DAY, entitlement, HOUR, MINUTE, request, vmId } from './licensing.ts';

/*
 * Histories of one licence, told by what the VMs were given and not by what the store holds. VMs boot, renew, change
 * their key, give seats back and play old requests again, at the same time, on two instances whose clocks are two minutes
 * apart; operators change seats, lifetime, lease and early release; processes die after any of their store calls.
 */

/** What one VM does. `vm` also names it where it plays its last request `again`. */
interface Action {
  readonly does: 'boot' | 'release' | 'again';
  readonly vm: number;
  readonly key: number;
  readonly instance: 0 | 1;
  /** After how many store calls its process dies; `null`: it lives. */
  readonly dies: number | null;
}

/** Operators set the terms, time passes, and then the VMs act at once. */
export interface Phase {
  readonly wait: number;
  readonly seats: Seats;
  readonly lifetime: number;
  readonly leaseBeyond: number;
  readonly earlyRelease: boolean;
  readonly actions: readonly Action[];
}

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
  ),
  vm: fc.integer({ min: 0, max: 7 }),
  // Mostly the VM's own first key, so that there are renewals.
  key: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) }),
  instance: fc.constantFrom(0 as const, 1 as const),
  dies: fc.option(fc.integer({ min: 0, max: 6 }), { freq: 4 }),
});

const phase: fc.Arbitrary<Phase> = fc.record({
  wait: fc.constantFrom(MINUTE, 5 * MINUTE, HOUR, 12 * HOUR, DAY - MINUTE, DAY + MINUTE, DAY + 4 * MINUTE, 2 * DAY),
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
  readonly key: string;
  readonly until: number;
  /** Its seat may have been freed by an early release: the licence lives on, by that vendor's trust. */
  isReleased: boolean;
}

export interface HistoryOptions {
  /** One store an instance. */
  readonly stores: readonly [SeatStore, SeatStore];
  /** Waits for what runs at the same time. */
  readonly settle: (running: Promise<unknown>) => Promise<unknown>;
}

/** The process died: whatever it would have done next is not done. */
class Died extends Error {}

/** Runs one history, and checks after each phase that nobody holds what nobody should. */
export class History {
  readonly #options: HistoryOptions;
  readonly #issued: Issued[] = [];
  readonly #spent = new Set<string>();
  readonly #last = new Map<number, ActivationRequest>();
  /** Until when a VM may have a seat, also one whose process died before it got its licence. */
  readonly #seatedUntil = new Map<number, number>();
  #now = AT;
  #held: Entitlement = entitlement();
  #isEarly = false;
  /** VMs that took a seat in this phase, and those that may have had one although they had no unexpired licence. */
  #newcomers = new Set<number>();
  #latecomers = new Set<number>();
  /** VMs whose seat is free before their licence ends, or may be: their process died, or booted at the same time. */
  #freed = new Set<number>();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  async run(phases: readonly Phase[]): Promise<void> {
    for (const one of phases) await this.#runPhase(one);
    await this.#drain();
  }

  async #runPhase({ wait, seats, lifetime, leaseBeyond, earlyRelease, actions }: Phase): Promise<void> {
    this.#now += wait;
    this.#held = entitlement({ seats, lifetime, lease: lifetime + leaseBeyond, keyChanges: KEY_CHANGES });
    this.#isEarly = earlyRelease;
    this.#newcomers = new Set();
    this.#latecomers = new Set();
    this.#freed = new Set();
    await this.#options.settle(Promise.all(actions.map((one) => this.#act(one))));
    for (const one of this.#issued) one.isReleased ||= this.#freed.has(one.vm);
    this.#checkSeats();
    this.#checkKeys();
  }

  /** Distinct VMs with unexpired licences never exceed the seats. Lowered seats refuse no renewal, and nobody new. */
  #checkSeats(): void {
    if (this.#newcomers.size === 0 || this.#held.seats === 'unlimited') return;
    const live = [...this.#liveVms()].filter((vm) => !this.#latecomers.has(vm));
    expect(live.length, 'VMs with unexpired licences').toBeLessThanOrEqual(this.#held.seats);
  }

  /** One VM, whatever it does, holds unexpired licences for one key more than it may change keys. */
  #checkKeys(): void {
    for (let vm = 0; vm < 8; vm += 1) {
      const keys = new Set(this.#live().flatMap((one) => (one.vm === vm ? [one.key] : [])));
      expect(keys.size, 'keys of one VM with unexpired licences').toBeLessThanOrEqual(KEY_CHANGES + 1);
    }
  }

  async #act(action: Action): Promise<void> {
    const store = dying(this.#options.stores[action.instance], action.dies);
    try {
      if (action.does === 'release') await this.#release(store, action);
      else await this.#boot(store, action);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
  }

  async #boot(store: SeatStore, { does, vm, key, instance }: Action): Promise<void> {
    const at = this.#now + SKEWS[instance];
    const fresh = request(this.#held, { vmId: vmId(vm), jkt: keyOf(vm, key), at });
    const old = this.#last.get(vm);
    const asked = does === 'again' && old !== undefined ? { ...fresh, jkt: old.jkt, challenge: old.challenge } : fresh;
    this.#last.set(vm, asked);
    const wasLive = this.#liveVms().has(vm);
    const seatedUntil = this.#seatedUntil.get(vm) ?? 0;
    const outcome = await this.#activate(store, vm, asked);
    if (!outcome.granted) {
      if (wasLive && !this.#freed.has(vm)) expect(outcome.code).not.toBe('seats_exhausted');
      return;
    }
    this.#spend(asked.challenge.jti);
    const until = asked.times.expiresAt;
    this.#issued.push({ vm, key: asked.jkt ?? '', until, isReleased: false });
    if (wasLive) return;
    const isLate = seatedUntil + TOLERANCE >= this.#now;
    (isLate ? this.#latecomers : this.#newcomers).add(vm);
  }

  async #activate(store: SeatStore, vm: number, asked: ActivationRequest): Promise<ActivationOutcome> {
    const seat = () => this.#seatedUntil.set(vm, Math.max(this.#seatedUntil.get(vm) ?? 0, asked.times.leaseEnd));
    try {
      const outcome = await activate(store, this.#held, asked, { pause: () => Promise.resolve() });
      if (outcome.granted) seat();
      return outcome;
    } catch (error) {
      if (error instanceof Died) seat();
      throw error;
    }
  }

  async #release(store: SeatStore, { vm, key, instance }: Action): Promise<void> {
    const at = this.#now + SKEWS[instance];
    const { challenge } = request(this.#held, { at });
    const terms = { found: true, pool: this.#held.pool, earlyRelease: this.#isEarly } as const;
    const lives = this.#live().filter((one) => one.vm === vm && !one.isReleased);
    if (this.#isEarly) this.#freed.add(vm);
    const releaseId = `release of ${challenge.jti}`;
    const asked = { vmId: vmId(vm), jkt: keyOf(vm, key), challenge, releaseId, at };
    const outcome = await releaseSeat(store, terms, asked, { pause: () => Promise.resolve() });
    if (!outcome.released) return;
    this.#spend(challenge.jti);
    if (this.#isEarly) return;
    for (const one of lives) expect(outcome.seatFreeAt, 'when the seat is free').toBeGreaterThanOrEqual(one.until);
  }

  /** A challenge is good for one licence or one release. */
  #spend(jti: string): void {
    expect(this.#spent.has(jti), 'a challenge that was spent').toBe(false);
    this.#spent.add(jti);
  }

  /** Once all leases are over, all seats can be had, and not one more. */
  async #drain(): Promise<void> {
    this.#now += MAX_LEASE + DAY;
    this.#held = entitlement({ seats: 3 });
    const outcomes: string[] = [];
    for (let vm = 100; vm < 105; vm += 1) {
      const booting = activate(
        this.#options.stores[0],
        this.#held,
        request(this.#held, { vmId: vmId(vm), at: this.#now }),
      );
      await this.#options.settle(booting);
      const outcome = await booting;
      outcomes.push(outcome.granted ? 'granted' : outcome.code);
    }
    expect(outcomes).toEqual(['granted', 'granted', 'granted', 'seats_exhausted', 'seats_exhausted']);
  }

  #live(): readonly Issued[] {
    return this.#issued.filter((one) => one.until > this.#now);
  }

  #liveVms(): ReadonlySet<number> {
    return new Set(this.#live().flatMap((one) => (one.isReleased ? [] : [one.vm])));
  }
}

function keyOf(vm: number, key: number): string {
  return `key-${key}-of-${vm}`;
}

/** A store whose caller dies after so many of its calls: the last one is made, and its answer reaches nobody. */
function dying(store: SeatStore, after: number | null): SeatStore {
  if (after === null) return store;
  let calls = 0;
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    if (calls >= after) throw new Died();
    calls += 1;
    const answer = await run();
    if (calls >= after) throw new Died();
    return answer;
  };
  return {
    readActivation: (...args) => call(() => store.readActivation(...args)),
    readSeats: (...args) => call(() => store.readSeats(...args)),
    readEnded: (...args) => call(() => store.readEnded(...args)),
    writeSeats: (...args) => call(() => store.writeSeats(...args)),
  };
}
