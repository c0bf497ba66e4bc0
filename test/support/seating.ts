import type { SeatPool } from '../../src/catalogue/seatPool.ts';
import { BLOCK_SIZE } from '../../src/seats/seatBlocks.ts';
import type { LicenceStore } from '../../src/tables/licenceStore.ts';

/** The pool of the black-box suite's fleet: 20 seats, or whatever a test makes of it. */
export const FLEET_LICENCE = {
  id: 'http-storm',
  cloud: 'emulator',
  subscriptionId: 'aaaaaaaa-0000-4000-8000-000000000003',
  plan: { publisher: 'contoso', product: 'gateway', name: 'fleet' },
};
export const FLEET_POOL: SeatPool = { kind: 'licence', id: FLEET_LICENCE.id };

/** The numbers of the seats that are taken, as the bitmaps have them and as the VMs' rows have them, and the VMs seen. */
export interface Seating {
  readonly taken: readonly number[];
  readonly held: readonly number[];
  readonly vms: number;
}

export async function readSeating(store: LicenceStore, pool = FLEET_POOL): Promise<Seating> {
  const { blocks } = await store.readSeats(pool, null);
  const taken = blocks.flatMap(({ index, taken: bits }) => {
    const digits = bits.toString(2).padStart(BLOCK_SIZE, '0');
    return Array.from(digits).flatMap((bit, place) => (bit === '1' ? [(index + 1) * BLOCK_SIZE - 1 - place] : []));
  });
  const { items } = await store.pageActivations({ pool }, { size: 1_000 });
  const held = items.flatMap(({ value: { seat } }) => (seat.kind === 'numbered' ? [seat.number] : []));
  const ascending = (numbers: number[]) => numbers.sort((left, right) => left - right);
  return { taken: ascending(taken), held: ascending(held), vms: items.length };
}

/** Gives the fleet's licence another number of seats, and an overage. */
export async function setFleetSeats(store: LicenceStore, seats: number, overage = 0): Promise<void> {
  const stored = await store.readLicence(FLEET_LICENCE.id);
  if (stored === null) throw new Error('The catalogue has no licence for the fleet.');
  await store.writeLicence({ ...stored.value, seats, overage }, stored.version, { by: 'test', at: 0 });
}
