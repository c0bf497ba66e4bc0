import { expect, test } from 'vitest';
import { readRetryAfter } from '../../../src/client/service/request.ts';
import { NOW } from '../support/vectors.ts';

const date = (at: number): string => new Date(at).toUTCString();

test.each<[Record<string, string>, number | undefined]>([
  [{}, undefined],
  [{ 'retry-after': '7' }, 7000],
  [{ 'retry-after': ' 0 ' }, 0],
  [{ 'retry-after': '999999999' }, 900_000],
  [{ 'retry-after': '1e9' }, undefined],
  [{ 'retry-after': '-1' }, undefined],
  [{ 'retry-after': 'tomorrow' }, undefined],
  [{ 'retry-after': '2026-09-01' }, undefined],
  [{ 'retry-after': date(NOW + 30_000) }, 30_000],
  [{ 'retry-after': date(NOW - 30_000) }, 0],
  [{ 'retry-after': date(NOW + 1e12) }, 900_000],
  [{ 'retry-after': date(NOW + 1_030_000), date: date(NOW + 1_000_000) }, 30_000],
  [{ 'retry-after': date(NOW + 30_000), date: 'now' }, 30_000],
])('%j: %s ms', (headers, expected) => {
  expect(readRetryAfter(new Headers(headers), NOW)).toBe(expected);
});
