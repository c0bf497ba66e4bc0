import { expect, test } from 'vitest';

import type { StagedBackup } from '../../../src/backup/store.ts';
import type { ChangeFilter, ChangeRecord } from '../../../src/decisions/changes.ts';
import { findErased, findYounger } from '../../../src/operators/backup/laterChanges.ts';

/** A search through the log of changes may answer with few of them, or none, though there are more. */

const AS_OF = Date.parse('2026-11-28T09:05:00Z');
const STAGED = { asOf: AS_OF } as StagedBackup;
type Later = Parameters<typeof findErased>[0];

/** Every other page is empty, and the others have one change each. */
function storeWith(changes: readonly Pick<ChangeRecord, 'kind' | 'key'>[]): Later {
  const pageChanges = ({ kind }: ChangeFilter, { continuation = '0' }: { continuation?: string }) => {
    const own = changes.filter((one) => one.kind === kind);
    const page = Number(continuation);
    const one = own[(page - 1) / 2];
    const items = one === undefined ? [] : [{ ...one, at: AS_OF + 1 }];
    return Promise.resolve({ items, next: page + 1 < 2 * own.length ? `${page + 1}` : null, unreadable: [] });
  };
  return { pageChanges } as unknown as Later;
}

const named = (kind: ChangeRecord['kind'], count: number) =>
  Array.from({ length: count }, (_, index) => ({ kind, key: `${kind}-${index}` }));

test('erasures, blocks and distrusts are found behind pages that are empty', async () => {
  const [erasures, distrusts, blocks] = [named('privacy', 3), named('distrust', 2), named('block', 1)];
  const store = storeWith([...erasures, ...distrusts, ...blocks]);
  const keysOf = (changes: readonly { readonly key: string }[]) => changes.map(({ key }) => key);
  expect(keysOf(await findErased(store, STAGED))).toEqual(keysOf(erasures));
  expect(keysOf(await findYounger(store, STAGED))).toEqual(keysOf([...distrusts, ...blocks]));
});

test('many blocks hide no distrust', async () => {
  const changes = [...named('block', 200), ...named('distrust', 60)];
  const pageChanges = ({ kind }: ChangeFilter, { size }: { size: number }) => {
    const items = changes.filter((one) => one.kind === kind).map((one) => ({ ...one, at: AS_OF + 1 }));
    return Promise.resolve({ items: items.slice(0, size), next: null, unreadable: [] });
  };
  const younger = await findYounger({ pageChanges } as unknown as Later, STAGED);
  expect(younger).toHaveLength(100);
  expect(new Set(younger.map(({ kind }) => kind))).toEqual(new Set(['distrust', 'block']));
});
