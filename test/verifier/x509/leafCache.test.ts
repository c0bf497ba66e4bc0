import { expect, test } from 'vitest';
import { LeafCache } from '../../../src/verifier/x509/leafCache.ts';

test('what was added is found, and nothing else', () => {
  const cache = new LeafCache<string>();
  cache.add('a', 'first');
  expect([cache.get('a'), cache.get('b'), cache.size]).toEqual(['first', undefined, 1]);
});

test('it never grows beyond its capacity; what entered first leaves first', () => {
  const cache = new LeafCache<number>(3);
  for (const [index, digest] of ['a', 'b', 'c', 'd', 'e'].entries()) cache.add(digest, index);
  expect(cache.size).toBe(3);
  expect(['a', 'b', 'c', 'd', 'e'].map((digest) => cache.get(digest))).toEqual([undefined, undefined, 2, 3, 4]);
});

test('what is added again counts as new, once', () => {
  const cache = new LeafCache<number>(2);
  cache.add('a', 1);
  cache.add('b', 2);
  cache.add('a', 3);
  cache.add('c', 4);
  expect(['a', 'b', 'c'].map((digest) => cache.get(digest))).toEqual([3, undefined, 4]);
  expect(cache.size).toBe(2);
});

test('there is room for the signers of all regions, and a bound', () => {
  const cache = new LeafCache<number>();
  for (let index = 0; index < 1000; index++) cache.add(String(index), index);
  expect(cache.size).toBe(256);
});
