import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { activate } from '../../src/seats/activate.ts';
import type { Activation } from '../../src/seats/activation.ts';
import type { Entitlement } from '../../src/catalogue/entitlement.ts';
import type { Seats } from '../../src/catalogue/offer.ts';
import { AT, DAY, entitlement, HOUR, MINUTE, request, vmId } from '../support/licensing.ts';
import { createMemorySeatStore } from '../support/memorySeatStore.ts';
import type { MemorySeatStore } from '../support/memorySeatStore.ts';

/*
 * The rule of protocol.md, section 5: unexpired licences for distinct VMs never exceed the seats, under any interleaving
 * of first boots, returns, renewals and lease ends, on instances whose clocks differ by up to two minutes, while seats
 * are raised, lowered, unlimited and limited again. Lowering refuses no renewal.
 */

interface Phase {
  readonly wait: number;
  readonly seats: Seats;
  readonly boots: readonly { readonly vm: number; readonly skew: number }[];
}

const phase: fc.Arbitrary<Phase> = fc.record({
  wait: fc.constantFrom(MINUTE, 5 * MINUTE, 12 * HOUR, DAY - MINUTE, DAY + MINUTE, DAY + 4 * MINUTE, DAY + 8 * MINUTE),
  seats: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 5 }) },
    { weight: 1, arbitrary: fc.constant<Seats>('unlimited') },
  ),
  boots: fc.array(fc.record({ vm: fc.integer({ min: 0, max: 7 }), skew: fc.integer({ min: -60, max: 60 }) }), {
    maxLength: 8,
  }),
});

function countLive(activations: readonly Activation[], now: number): number {
  // Every VM has one key here, so that this is the latest `exp` of its licences.
  return activations.filter((activation) => activation.keyUntil > now).length;
}

/** Seats of VMs that always renew, in two blocks with two seats left in each, so that the others meet in three blocks. */
const OCCUPIED = (1n << 62n) - 1n;

async function occupy(store: MemorySeatStore): Promise<void> {
  const blocks = [0, 1].map((index) => ({ row: 'block' as const, index, taken: OCCUPIED, version: null }));
  await store.writeSeats(entitlement().pool, blocks);
}

test.each([
  { name: 'one block', occupied: 0 },
  { name: 'three blocks', occupied: 124 },
])('seats are exact under any interleaving: $name', async ({ occupied }) => {
  const runs = Number(process.env['INTERLEAVINGS'] ?? 300);
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(phase, { minLength: 1, maxLength: 8 }), async (scheduler, phases) => {
      let now = AT;
      let count = 0;
      const store = createMemorySeatStore(
        () => scheduler.schedule(Promise.resolve()),
        (before, _, all) => {
          // Until two minutes after its lease, on any instance's clock, a VM may go on in its seat.
          const isRenewal = before !== null && now <= before.leaseEnd + 3 * MINUTE;
          if (!isRenewal) expect(countLive(all, now)).toBeLessThanOrEqual(count);
        },
      );
      if (occupied > 0) await scheduler.waitFor(occupy(store));
      for (const { wait, seats, boots } of phases) {
        now += wait;
        count = seats === 'unlimited' ? Number.POSITIVE_INFINITY : seats;
        const granting = entitlement({ seats: seats === 'unlimited' ? seats : seats + occupied });
        const all = boots.map(({ vm, skew }) => boot(store, granting, { vmId: vmId(vm), now, skew: skew * 1000 }));
        await scheduler.waitFor(Promise.all(all));
        // Whoever was sent away was so with reason: leases that some instance may not yet take for ended keep their seats.
        const isExhausted = (await Promise.all(all)).includes('seats_exhausted');
        if (isExhausted) expect(countLive(store.activationsNow(), now - 6 * MINUTE)).toBeGreaterThanOrEqual(count);
      }
    }),
    { numRuns: runs },
  );
});

/** `granted`, or the code of the refusal. */
async function boot(
  store: MemorySeatStore,
  granting: Entitlement,
  { vmId, now, skew }: { readonly vmId: string; readonly now: number; readonly skew: number },
): Promise<string> {
  const wasLive = store.activationsNow().some((one) => one.vmId === vmId && one.keyUntil > now);
  const asked = request(granting, { vmId, at: now + skew });
  const outcome = await activate(store, granting, asked, { pause: () => Promise.resolve() });
  if (outcome.granted) return 'granted';
  // The only other refusal is that of the older of two challenges, where one VM asks twice at the same time.
  expect(['challenge_replayed', ...(wasLive ? [] : ['seats_exhausted'])]).toContain(outcome.code);
  return outcome.code;
}
