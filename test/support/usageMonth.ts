import { expect } from 'vitest';

import { poolName } from '../../src/catalogue/seatPool.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import { CLOCK_SKEW } from '../../src/contract/clocks.ts';
import { countHours, dayOf, hoursOfDay, newestHours } from '../../src/contract/dayHours.ts';
import { activate } from '../../src/seats/activate.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import type { SeatStore } from '../../src/seats/store.ts';
import { reportUsage } from '../../src/usage/report.ts';
import { AT, DAY, entitlement, HOUR, MINUTE, request, vmId } from './licensing.ts';
import { Died, dying } from './dyingStore.ts';
import { createMemorySeatStore } from './memorySeatStore.ts';
import { createMemoryUsageStore } from './memoryUsageStore.ts';

/*
 * A month of VMs that boot, renew, miss renewals, give their seats back and pass to another licence, on two instances whose
 * clocks are two minutes apart. Processes die after any of their store calls, and the VMs retry. The truth is what the VMs
 * were given, and not what the store holds.
 */

const DAYS = 30;
const VMS = 8;
const SKEWS = [-CLOCK_SKEW / 2, CLOCK_SKEW / 2] as const;
/** A VM whose process died asks again after at most so long. */
const MAX_RETRY = 5 * MINUTE;
const NO_PAUSE = { pause: () => Promise.resolve() };

const DOES: readonly Vm['does'][] = [...new Array<'renew'>(18).fill('renew'), 'release', 'move'];

/** A licence that a VM was given. */
interface Given {
  readonly vm: number;
  readonly pool: string;
  readonly from: number;
  until: number;
}

interface Vm {
  readonly number: number;
  entitlement: Entitlement;
  /** Where it moves to. */
  target: Entitlement;
  /** What it does next, again and again until an answer comes, and when. */
  does: 'renew' | 'release' | 'move';
  next: number;
}

/** Mulberry32: the same month for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class UsageMonth {
  readonly #random: () => number;
  readonly #store = createMemorySeatStore(
    () => Promise.resolve(),
    () => undefined,
  );
  readonly #terms: readonly Entitlement[];
  readonly #given: Given[] = [];
  #now = AT;
  #deaths = 0;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    const lifetimes = [HOUR, DAY, 40 * DAY];
    this.#terms = lifetimes.map((lifetime, index) => {
      const id = `licence-${index}`;
      const seats = this.#random() < 0.3 ? ('unlimited' as const) : VMS - 2;
      const terms = { lifetime, lease: lifetime, seats, keyChanges: 0, licenceId: id };
      return entitlement({ ...terms, pool: { kind: 'licence', id }, offer: `contoso/offer/${index}` });
    });
  }

  /** @returns how many licences were given, how many processes died, and how many rows VMs have left behind */
  async run(): Promise<{ readonly given: number; readonly deaths: number; readonly left: number }> {
    const vms = Array.from({ length: VMS }, (_, number): Vm => {
      const [first, second] = [this.#pick(this.#terms), this.#pick(this.#terms)];
      return { number, entitlement: first, target: second, does: 'renew', next: AT + this.#random() * DAY };
    });
    const end = AT + DAYS * DAY;
    for (;;) {
      this.#now = Math.min(...vms.map(({ next }) => next));
      if (this.#now >= end) break;
      // Those that wake in the same minute act at the same time.
      await Promise.all(vms.filter(({ next }) => next < this.#now + MINUTE).map((vm) => this.#act(vm)));
    }
    this.#now = end;
    this.#compareHours();
    await this.#compareReport();
    const left = this.#store.activationsNow().filter(({ movedTo }) => movedTo !== null).length;
    return { given: this.#given.length, deaths: this.#deaths, left };
  }

  async #act(vm: Vm): Promise<void> {
    try {
      await this.#does(vm.does, vm);
      vm.does = this.#pick(DOES);
      vm.target = this.#pick(this.#terms.filter((terms) => terms.pool !== vm.entitlement.pool));
      vm.next = this.#now + this.#pause(vm);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      this.#deaths += 1;
      vm.next = this.#now + MINUTE + this.#random() * (MAX_RETRY - MINUTE);
    }
  }

  #does(does: Vm['does'], vm: Vm): Promise<void> {
    if (does === 'release') return this.#release(vm);
    return does === 'move' ? this.#move(vm) : this.#renew(vm);
  }

  /** Mostly half a lifetime, at most half a day; sometimes the VM is switched off for days. */
  #pause({ entitlement: { lifetime } }: Vm): number {
    const isOff = this.#random() < 0.1;
    return isOff ? this.#random() * 4 * DAY : Math.min(lifetime / 2, DAY / 2) * (0.8 + 0.4 * this.#random());
  }

  async #renew(vm: Vm): Promise<void> {
    const { at, store } = this.#begin();
    const asked = request(vm.entitlement, { vmId: vmId(vm.number), at });
    const outcome = await activate(store, vm.entitlement, asked, NO_PAUSE);
    // Another instance's clock may be behind that of the one whose answer was lost: the VM asks again.
    if (!outcome.granted && outcome.code === 'challenge_replayed') throw new Died();
    if (!outcome.granted) {
      this.#endMoved(vm.number, at);
      return;
    }
    this.#end(vm.number, at);
    const pool = poolName(vm.entitlement.pool);
    this.#given.push({ vm: vm.number, pool, from: at, until: asked.times.expiresAt });
  }

  #end(vm: number, at: number): void {
    for (const one of this.#given) if (one.vm === vm) one.until = Math.min(one.until, at);
  }

  async #release(vm: Vm): Promise<void> {
    const { at, store } = this.#begin();
    const { challenge, jkt = '' } = request(vm.entitlement, { at });
    const release = { vmId: vmId(vm.number), jkt, challenge, releaseId: challenge.jti, at };
    await releaseSeat(store, { pool: vm.entitlement.pool, earlyRelease: this.#random() < 0.5 }, release, NO_PAUSE);
  }

  async #move(vm: Vm): Promise<void> {
    vm.entitlement = { ...vm.target, earlierPools: [vm.entitlement.pool] };
    vm.does = 'renew';
    await this.#renew(vm);
  }

  /** The hours of the old licence end with the move, also where the new one has no seat for the VM. */
  #endMoved(vm: number, at: number): void {
    for (const one of this.#given) {
      const row = this.#rowOf(one.pool, one.vm);
      if (one.vm === vm && row !== undefined && row.movedTo !== null) one.until = Math.min(one.until, at);
    }
  }

  #rowOf(pool: string, vm: number) {
    const terms = this.#terms.find((one) => poolName(one.pool) === pool);
    return this.#store.activationsNow(terms?.pool).find((row) => row.vmId === vmId(vm));
  }

  /** One request on one of the two instances; one in ten dies after some of its store calls. */
  #begin(): { readonly at: number; readonly store: SeatStore } {
    const store = this.#store;
    const lives = this.#random() < 0.9;
    return { at: this.#now + this.#pick(SKEWS), store: lives ? store : dying(store, Math.floor(this.#random() * 6)) };
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }

  /** Hour by hour: no VM's day in a pool is wrong by more than one. */
  #compareHours(): void {
    for (const { pool: of } of this.#terms) {
      const pool = poolName(of);
      for (let vm = 0; vm < VMS; vm += 1) {
        const rows = this.#store.usageNow(of).filter((row) => row.vmId === vmId(vm));
        const newest = this.#rowOf(pool, vm);
        for (let day = dayOf(AT) - 1; day <= dayOf(this.#now) + 1; day += 1) {
          const written = rows.find((row) => row.day === day)?.hours ?? 0;
          const ledger = written | (newest === undefined ? 0 : newestHours(newest, day, this.#now));
          const wrong = countHours(ledger ^ this.#trueHours(day, vm, pool));
          expect(wrong, `hours of VM ${vm} in ${pool} on day ${day - dayOf(AT)}`).toBeLessThanOrEqual(1);
        }
      }
    }
  }

  #trueHours(day: number, vm: number, pool: string): number {
    return this.#given
      .filter((one) => one.vm === vm && one.pool === pool)
      .reduce((hours, { from, until }) => hours | hoursOfDay(day, from, Math.min(until, this.#now)), 0);
  }

  /** What operators are told is the sum. */
  async #compareReport(): Promise<void> {
    const pools = this.#terms.map(({ pool }) => {
      const [licensed, hours] = [this.#store.activationsNow(pool), this.#store.usageNow(pool)];
      return [poolName(pool), { licensed, hours }] as const;
    });
    const query = { from: AT - DAY, until: this.#now + 2 * DAY, now: this.#now, of: null, pool: null, offer: null };
    const page = { size: 1_000, clock: () => 0 };
    const { items } = await reportUsage(
      createMemoryUsageStore(() => new Map(pools)),
      { ...query, by: 'day' },
      page,
    );
    for (const { pool, licenceId } of this.#terms) {
      for (let day = dayOf(AT); day <= dayOf(this.#now); day += 1) {
        const period = new Date(day * DAY).toISOString().slice(0, 10);
        const told = items.find((item) => item.licence === licenceId && item.period === period)?.vmHours ?? 0;
        const hours = Array.from({ length: VMS }, (_, vm) => countHours(this.#trueHours(day, vm, poolName(pool))));
        const sum = hours.reduce((total, count) => total + count, 0);
        expect(Math.abs(told - sum), `VM-hours of ${licenceId} on ${period}`).toBeLessThanOrEqual(VMS);
      }
    }
  }
}
