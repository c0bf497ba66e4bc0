import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';

import { searchLabels } from '../../../src/operators/vms/searchLabels.ts';
import type { PooledActivation } from '../../../src/seats/store.ts';

/** What a label is searched by. */
const vm = (label: string | null, index: number) => ({ value: { label, vmId: `${index}` } }) as PooledActivation;

/** A list whose pages have this many VMs. */
function listOf(labels: readonly (string | null)[], length: number) {
  const all = labels.map(vm);
  let reads = 0;
  const read = ({ continuation = '0' }: { readonly continuation?: string | undefined }) => {
    reads += 1;
    const end = Number(continuation) + length;
    const next = end < all.length ? `${end}` : null;
    return Promise.resolve({ items: all.slice(Number(continuation), end), next, unreadable: [] });
  };
  return { read, reads: () => reads };
}

async function findAll(labels: readonly (string | null)[], length: number, { label = 'front', size = 2 } = {}) {
  const { read, reads } = listOf(labels, length);
  const found: string[] = [];
  let [continuation, most]: [string | undefined, number] = [undefined, 0];
  do {
    const before = reads();
    const page = await searchLabels(read, label, { size, continuation });
    most = Math.max(most, reads() - before);
    expect(page.items.length).toBeLessThanOrEqual(size);
    found.push(...page.items.map(({ value }) => value.vmId));
    continuation = page.next ?? undefined;
  } while (continuation !== undefined);
  return { found, most };
}

test('labels are found by the beginnings of their words, without regard to case and accents', async () => {
  const labels = ['Front door', 'door', null, 'the FRÖNT-2', 'affront', 'front'];
  expect((await findAll(labels, 3)).found).toEqual(['0', '3', '5']);
  expect((await findAll(labels, 3, { label: 'fro doo' })).found).toEqual(['0']);
  expect((await findAll(labels, 3, { label: '-' })).found).toEqual([]);
});

test('however a list is paged, each VM is found once, in few calls', async () => {
  const lists = fc.array(fc.constantFrom('front', 'back', null), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      lists,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 5 }),
      async (labels, length, size) => {
        const { found, most } = await findAll(labels, length, { size });
        expect(found).toEqual(labels.flatMap((label, index) => (label === 'front' ? [`${index}`] : [])));
        expect(most).toBeLessThanOrEqual(5);
      },
    ),
  );
});

test.each(['x', Buffer.from('[1,0]').toString('base64url'), Buffer.from('[null,-1]').toString('base64url')])(
  'the continuation %s is none',
  async (continuation) => {
    const { read } = listOf([], 1);
    await expect(searchLabels(read, 'front', { size: 1, continuation })).rejects.toThrow('begin the list anew');
  },
);
