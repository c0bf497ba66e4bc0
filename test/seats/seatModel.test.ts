import { expect, test } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import { blockKnownVm, freeSeat } from '../../src/seats/changeActivation.ts';
import { CLOCK_SKEW } from '../../src/contract/clocks.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import { poolName } from '../../src/catalogue/seatPool.ts';
import type { ActivationRequest } from '../../src/seats/issue.ts';
import { releaseSeat } from '../../src/seats/release.ts';
import type { SeatStore } from '../../src/seats/store.ts';
import { AT, DAY, entitlement, HOUR, MINUTE, request, vmId } from '../support/licensing.ts';
import { createMemorySeatStore } from '../support/memorySeatStore.ts';
import type { MemorySeatStore } from '../support/memorySeatStore.ts';
import { exploreSchedules } from '../support/schedules.ts';

/*
 * Three VMs, two seats and at most one more, two instances whose clocks are two minutes apart: every interleaving of
 * their store calls, with one process that dies after any of them, over the seat code as it runs.
 */

/** More interleavings of one plot are an error. There are 34 to some 4,700 of each, about 11,000 in all. */
const BOUND = 10_000;

const poolOf = (id: string): SeatPool => ({ kind: 'licence', id });
const [OLD, NEW] = [poolOf('old'), poolOf('new')];
/** Of the two instances. */
const [SLOW, FAST] = [-CLOCK_SKEW / 2, CLOCK_SKEW / 2];
const ONCE = { random: () => 0, pause: () => Promise.resolve() };

interface Given {
  readonly vm: number;
  readonly pool: string;
  readonly key: string | null;
  readonly until: number;
}

/** What VMs were given in one history, and what they did. */
class World {
  readonly store: MemorySeatStore = createMemorySeatStore(
    () => Promise.resolve(),
    () => undefined,
  );
  now = AT;
  given: Given[] = [];
  readonly refused: string[] = [];
  readonly #spent = new Set<string>();

  boot(vm: number, held: Entitlement, changed: Partial<ActivationRequest> & { readonly skew?: number } = {}) {
    const { skew = 0, ...own } = changed;
    const asked = request(held, { vmId: vmId(vm), jkt: `key of ${vm}`, at: this.now + skew, ...own });
    return async (store: SeatStore) => {
      const outcome = await activate(store, held, asked, ONCE);
      if (!outcome.granted) {
        this.refused.push(`${vm}: ${outcome.code}`);
        return;
      }
      this.#spend(asked.challenge.jti);
      const { jkt = null } = asked;
      this.given.push({ vm, pool: poolName(held.pool), key: jkt, until: asked.times.expiresAt });
    };
  }

  /** Gives the seat back early: the licence lives on by that vendor's trust, and counts no more. */
  release(vm: number, pool: SeatPool) {
    const { challenge } = request(entitlement(), { at: this.now });
    const own = { vmId: vmId(vm), jkt: `key of ${vm}`, challenge, releaseId: `release of ${challenge.jti}` };
    return async (store: SeatStore) => {
      const outcome = await releaseSeat(store, { pool, earlyRelease: true }, { ...own, at: this.now }, ONCE);
      if (outcome.released) this.#spend(challenge.jti);
    };
  }

  /** Distinct VMs with unexpired licences of a pool, but for those whose seat was freed early. */
  live(pool: SeatPool, freed: readonly number[] = []): readonly number[] {
    const live = this.given.filter((one) => one.pool === poolName(pool) && one.until > this.now);
    return [...new Set(live.map(({ vm }) => vm))].filter((vm) => !freed.includes(vm));
  }

  keys(vm: number): number {
    return new Set(this.given.filter((one) => one.vm === vm && one.until > this.now).map(({ key }) => key)).size;
  }

  /** Each bit of the pool's blocks is the number on one row, and each number a bit. */
  async checkSeating(pools: readonly SeatPool[]): Promise<void> {
    for (const pool of pools) {
      const bits = (await this.store.readSeats(pool, null)).blocks.flatMap(({ taken }) =>
        [0, 1, 2, 3, 4].filter((bit) => ((taken >> BigInt(bit)) & 1n) === 1n),
      );
      const numbers: number[] = [];
      for (const vm of [1, 2, 3]) {
        const seat = (await this.store.readActivation(pool, vmId(vm)))?.value.seat;
        if (seat?.kind === 'numbered') numbers.push(seat.number);
      }
      expect(numbers.toSorted(), 'numbers on rows').toEqual(bits);
    }
  }

  #spend(jti: string): void {
    expect(this.#spent.has(jti), 'a challenge that was spent').toBe(false);
    this.#spent.add(jti);
  }
}

interface Plot {
  readonly name: string;
  /** One after another, before. */
  readonly before?: (world: World) => Promise<void>;
  /** At the same time. */
  readonly processes: (world: World) => readonly ((store: SeatStore) => Promise<unknown>)[];
  readonly check: (world: World) => Promise<void> | void;
}

const two = (overage: number, changed: Partial<Entitlement> = {}) =>
  entitlement({ pool: OLD, seats: 2, overage, ...changed });
const moved = (changed: Partial<Entitlement> = {}) =>
  entitlement({ pool: NEW, earlierPools: [OLD], seats: 2, overage: 0, ...changed });

async function bootAll(world: World, held: Entitlement, vms: readonly number[]): Promise<void> {
  for (const vm of vms) await world.boot(vm, held)(world.store);
}

const plots: readonly Plot[] = [
  ...[0, 1].map((overage): Plot => ({
    name: `three first boots, overage ${overage}`,
    processes: (world) => [1, 2, 3].map((vm) => world.boot(vm, two(overage), { skew: vm === 1 ? SLOW : FAST })),
    check: (world) => {
      expect(world.live(OLD).length).toBeLessThanOrEqual(2 + overage);
    },
  })),
  {
    name: 'one VM on both instances, and another one',
    processes: (world) => [
      world.boot(1, two(0, { seats: 1 }), { skew: SLOW }),
      world.boot(1, two(0, { seats: 1 }), { skew: FAST }),
      world.boot(2, two(0, { seats: 1 })),
    ],
    check: (world) => {
      expect(world.live(OLD).length).toBeLessThanOrEqual(1);
    },
  },
  {
    name: 'a boot while a seat is given back, and a renewal',
    before: (world) => bootAll(world, two(0), [1, 2]),
    processes: (world) => [world.release(1, OLD), world.boot(3, two(0)), world.boot(2, two(0))],
    check: (world) => {
      expect(world.live(OLD, [1]).length).toBeLessThanOrEqual(2);
      expect(world.refused).not.toContain('2: seats_exhausted');
    },
  },
  {
    name: 'two boots for the seat of an ended lease, which its VM renews by a slow clock',
    before: async (world) => {
      await bootAll(world, two(0, { seats: 1 }), [1]);
      world.now += DAY + CLOCK_SKEW;
    },
    processes: (world) => [
      world.boot(1, two(0, { seats: 1 }), { skew: SLOW }),
      world.boot(2, two(0, { seats: 1 }), { skew: FAST }),
      world.boot(3, two(0, { seats: 1 }), { skew: FAST }),
    ],
    check: (world) => {
      expect(world.live(OLD).length).toBeLessThanOrEqual(1);
    },
  },
  {
    name: 'a VM that is over renews while a seat is given back and another VM boots',
    before: (world) => bootAll(world, two(1), [1, 2, 3]),
    processes: (world) => [world.boot(3, two(1)), world.release(1, OLD), world.boot(1, two(1), { skew: FAST })],
    check: (world) => {
      expect(world.live(OLD, [1]).length).toBeLessThanOrEqual(3);
      expect(world.refused).not.toContain('3: seats_exhausted');
    },
  },
  {
    name: 'two VMs that are over renew for one seat whose lease has ended',
    before: async (world) => {
      await bootAll(world, two(2, { seats: 1 }), [1]);
      world.now += DAY;
      await bootAll(world, two(2, { seats: 1 }), [2, 3]);
      world.now += 4 * MINUTE;
    },
    processes: (world) => [2, 3].map((vm) => world.boot(vm, two(2, { seats: 1 }))),
    check: (world) => {
      expect(world.refused).toEqual([]);
      expect(world.live(OLD)).toEqual(expect.arrayContaining([2, 3]));
    },
  },
  {
    name: 'lowered seats: renewals go on, and nobody new comes',
    before: (world) => bootAll(world, two(0), [1, 2]),
    processes: (world) => [
      world.boot(1, two(0, { seats: 1 })),
      world.boot(2, two(0, { seats: 1 })),
      world.boot(3, two(0, { seats: 1 })),
    ],
    check: (world) => {
      expect([...world.live(OLD)].toSorted()).toEqual([1, 2]);
      expect(world.refused.filter((one) => !one.startsWith('3'))).toEqual([]);
    },
  },
  {
    name: 'lowered seats: a number that is free is none to be had while VMs have higher ones',
    before: async (world) => {
      await bootAll(world, two(0, { seats: 3 }), [1, 2, 3]);
      await world.release(1, OLD)(world.store);
      world.given = world.given.filter(({ vm }) => vm !== 1);
      world.now += HOUR;
    },
    processes: (world) => [1, 2, 3].map((vm) => world.boot(vm, two(0))),
    check: (world) => {
      expect(world.live(OLD).length).toBeLessThanOrEqual(2);
      expect(world.refused.filter((one) => !one.startsWith('1'))).toEqual([]);
    },
  },
  {
    name: 'an operator frees a seat while its VM renews and another one boots',
    before: (world) => bootAll(world, two(0, { seats: 1 }), [1]),
    processes: (world) => [
      (store) => freeSeat(store, OLD, vmId(1), { at: world.now }),
      world.boot(1, two(0, { seats: 1 }), { skew: FAST }),
      world.boot(2, two(0, { seats: 1 })),
    ],
    check: (world) => {
      expect(world.live(OLD, [1]).length).toBeLessThanOrEqual(1);
    },
  },
  {
    name: 'a move on one instance, a renewal on one that does not know of it, and a boot in the new pool',
    before: (world) => bootAll(world, two(0), [1]),
    processes: (world) => [
      world.boot(1, moved({ seats: 1 }), { skew: FAST }),
      world.boot(1, two(0), { skew: SLOW }),
      world.boot(2, moved({ seats: 1 })),
    ],
    check: (world) => {
      expect(world.live(NEW).length).toBeLessThanOrEqual(1);
    },
  },
  {
    name: 'one challenge, sent to two pools at once',
    before: async (world) => {
      await bootAll(world, two(0), [1]);
      await world.boot(1, moved())(world.store);
    },
    processes: (world) => {
      const { challenge } = request(two(0), { at: world.now + HOUR });
      return [moved(), two(0)].map((held) => world.boot(1, held, { challenge }));
    },
    check: (world) => {
      expect(world.keys(1)).toBe(1);
    },
  },
  {
    name: 'other keys of one VM in two pools at once',
    before: (world) => bootAll(world, two(0), [1]),
    processes: (world) => [
      world.boot(1, moved(), { jkt: 'second', skew: FAST }),
      world.boot(1, two(0), { jkt: 'third', skew: FAST }),
    ],
    check: (world) => {
      expect(world.keys(1)).toBeLessThanOrEqual(2);
    },
  },
  {
    name: 'an operator blocks a VM that moves',
    before: (world) => bootAll(world, two(0), [1]),
    processes: (world) => [
      (store) => blockKnownVm(store, OLD, vmId(1), { at: world.now }),
      world.boot(1, moved(), { skew: FAST }),
    ],
    check: async (world) => {
      // Whoever died is the operator's process or the VM's: the operator tries again.
      await blockKnownVm(world.store, OLD, vmId(1), { at: world.now });
      world.refused.length = 0;
      world.now += HOUR;
      for (const held of [moved(), two(0), moved({ earlierPools: [] })]) await world.boot(1, held)(world.store);
      expect(world.refused).toEqual(['1: vm_blocked', '1: vm_blocked', '1: vm_blocked']);
    },
  },
  {
    name: 'an operator blocks a VM that goes back to the pool that it came from',
    before: async (world) => {
      await bootAll(world, two(0), [1]);
      world.now += HOUR;
      await world.boot(1, moved())(world.store);
      world.now += HOUR;
    },
    processes: (world) => [
      (store) => blockKnownVm(store, NEW, vmId(1), { at: world.now }),
      world.boot(1, two(0, { earlierPools: [NEW] }), { skew: FAST }),
    ],
    check: async (world) => {
      await blockKnownVm(world.store, NEW, vmId(1), { at: world.now });
      world.refused.length = 0;
      world.now += HOUR;
      for (const held of [two(0), moved()]) await world.boot(1, held)(world.store);
      expect(world.refused).toEqual(['1: vm_blocked', '1: vm_blocked']);
    },
  },
  {
    name: 'a licence of the old pool is given back while its VM moves',
    before: (world) => bootAll(world, two(0), [1]),
    processes: (world) => [world.release(1, OLD), world.boot(1, moved(), { skew: FAST })],
    check: async (world) => {
      world.refused.length = 0;
      world.now += HOUR;
      await world.boot(1, moved())(world.store);
      expect(world.refused).toEqual([]);
    },
  },
];

test.each(plots)('$name', { timeout: 120_000 }, async ({ before, processes, check }) => {
  const begin = async () => {
    const world = new World();
    await before?.(world);
    const checkAll = async () => {
      await check(world);
      await world.checkSeating([OLD, NEW]);
    };
    return { store: world.store, processes: processes(world), check: checkAll };
  };
  // All of them, and not one alone.
  expect(await exploreSchedules(begin, BOUND)).toBeGreaterThan(30);
});
