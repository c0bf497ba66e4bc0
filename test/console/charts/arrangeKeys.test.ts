import { expect, test } from 'vitest';
import { arrangeKeys } from '../../../src/console/charts/arrangeKeys.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23);
const inDays = (days: number) => new Date(NOW + days * DAY).toISOString();
const key = { publicKey: { kty: 'EC', crv: 'P-256', x: '', y: '' }, from: null, until: null, published: true } as const;
const report = { publishedUntil: null, licenceLife: 1, troubles: [], challengeSecrets: [], rootKeys: [] };

test('the current key signs until the next one does, and an old one stays published', () => {
  const { from, until, rows } = arrangeKeys(
    {
      ...report,
      signing: [
        { ...key, kid: 'old', state: 'retired', until: inDays(40) },
        { ...key, kid: 'now', state: 'current' },
        { ...key, kid: 'new', state: 'next', from: inDays(10), published: false },
      ],
      rootKeys: [
        {
          ...{ thumbprint: 'root', source: 'vault' },
          set: { issuedAt: inDays(-2), expiresAt: inDays(50), life: 1, keys: [] },
        },
        { thumbprint: null, source: 'vault', set: null },
      ],
    },
    NOW,
  );
  expect(rows).toEqual([
    { id: 'old', kind: 'signing', published: { from: null, until: NOW + 40 * DAY }, signs: null },
    {
      id: 'now',
      kind: 'signing',
      published: { from: null, until: null },
      signs: { from: null, until: NOW + 10 * DAY },
    },
    { id: 'new', kind: 'signing', published: null, signs: { from: NOW + 10 * DAY, until: null } },
    { id: 'root', kind: 'root', published: { from: NOW - 2 * DAY, until: NOW + 50 * DAY }, signs: null },
    { id: '', kind: 'root', published: null, signs: null },
  ]);
  expect(from).toBeLessThan(NOW);
  expect(until).toBeGreaterThan(NOW + 50 * DAY);
});

test('a next key of which nobody knows when it signs is not drawn as signing', () => {
  const { rows, until } = arrangeKeys({ ...report, signing: [{ ...key, kid: 'new', state: 'next' }] }, NOW);
  expect(rows[0]?.signs).toBeNull();
  expect(until).toBeGreaterThan(NOW + 30 * DAY);
});
