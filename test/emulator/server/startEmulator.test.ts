import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { FAULT_NAMES } from '../../../src/emulator/faults/faults.ts';
import type { FaultName } from '../../../src/emulator/faults/faults.ts';
import { startEmulator } from '../../../src/emulator/server/startEmulator.ts';
import { AT, get } from '../running.ts';
import { runKeys } from '../../support/runKeys.ts';

const pairs = runKeys('emulator');

/** An emulator whose key ring tells which keys were asked for. */
async function startCounted(faults: readonly FaultName[]) {
  const asked = new Set<string>();
  const keys: typeof pairs = (label, kind) => {
    asked.add(label);
    return pairs(label, kind);
  };
  const authority = await createAuthority({ at: AT, keys });
  const emulator = await startEmulator({ port: 0, authority, faults, clock: () => AT, goneFor: 0, slowFor: 0 });
  return { emulator, asked };
}

async function expectNothingMade(faults: readonly FaultName[]): Promise<void> {
  const { emulator, asked } = await startCounted(faults);
  const before = [...asked];
  expect(before.some((label) => /leaf|weak/.test(label))).toBe(true);
  await get(emulator, '/metadata/attested/document?api-version=2021-02-01');
  await get(emulator, '/vms/fleet-1/metadata/attested/document?api-version=2021-02-01');
  expect([...asked]).toEqual(before);
  await emulator.close();
}

test('the first document needs no key that was not made before the start was over', () => expectNothingMade([]));

const ANSWERED = FAULT_NAMES.filter((name) => !['silent', 'refused', 'cut'].includes(name));

test.each(ANSWERED)('nor does it with the fault %s', (fault) => expectNothingMade([fault]));

test('the authority that nobody pinned is made at the start too, and only where it is needed', async () => {
  const [without, wrong] = [await startCounted([]), await startCounted(['wrong-signer'])];
  expect([...without.asked].filter((label) => label.startsWith('stranger'))).toEqual([]);
  expect([...wrong.asked]).toContain("stranger's leaf");
  await Promise.all([without.emulator.close(), wrong.emulator.close()]);
});
