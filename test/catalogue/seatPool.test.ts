import { expect, test } from 'vitest';

import { licenceIdOf, parseLicenceId, parsePoolName, poolName } from '../../src/catalogue/seatPool.ts';
import { SUBSCRIPTION } from '../support/licensing.ts';

const plan = { publisher: 'Contoso', product: 'Firewall', name: 'Pro' };
const own = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION, plan };

test('the name of a pool can be read, and names it', () => {
  const names = [
    poolName({ kind: 'licence', id: 'Fabrikam-2026' }),
    poolName({ kind: 'trial', ...own }),
    poolName({ kind: 'marketplace', ...own, plan: { ...plan, name: '*' } }),
  ];
  expect(names).toEqual([
    'licence:fabrikam-2026',
    `trial:AzurePublicCloud:${SUBSCRIPTION}:contoso~2f~firewall~2f~pro`,
    `marketplace:AzurePublicCloud:${SUBSCRIPTION}:contoso~2f~firewall~2f~~2a~`,
  ]);
  for (const name of names) {
    const pool = parsePoolName(name);
    expect(pool === null ? null : poolName(pool)).toBe(name);
  }
});

test.each([
  '',
  'licence:',
  'licence:Fabrikam-2026',
  'licence:a:b',
  'licence:a~62~',
  'licence:..',
  `trial:AzurePublicCloud:${SUBSCRIPTION}`,
  `trial:Elsewhere:${SUBSCRIPTION}:contoso~2f~firewall~2f~pro`,
  `trial:AzurePublicCloud:${SUBSCRIPTION}:Contoso~2f~firewall~2f~pro`,
  `marketplace:AzurePublicCloud:${SUBSCRIPTION}:contoso~2f~firewall~2f~pro:more`,
  `licensed:AzurePublicCloud:${SUBSCRIPTION}:contoso~2f~firewall~2f~pro`,
])('%j names no pool', (name) => {
  expect(parsePoolName(name)).toBeNull();
});

test('licences without a name of their own are called after subscription and offer', () => {
  expect(licenceIdOf({ kind: 'licence', id: 'Fabrikam-2026' })).toBe('Fabrikam-2026');
  expect(licenceIdOf({ kind: 'trial', ...own })).toBe(`trial:AzurePublicCloud:${SUBSCRIPTION}:Contoso/Firewall/Pro`);
  expect(licenceIdOf({ kind: 'marketplace', ...own })).toBe(`mp:AzurePublicCloud:${SUBSCRIPTION}:Contoso/Firewall/Pro`);
});

test('the pool is read from the id that tokens carry', () => {
  for (const pool of [
    { kind: 'licence', id: 'Fabrikam-2026' },
    { kind: 'trial', ...own },
    { kind: 'marketplace', ...own },
  ] as const) {
    expect(parseLicenceId(licenceIdOf(pool))).toEqual(pool);
  }
  const others = ['', 'mp:', 'a:b', 'mp:elsewhere', `mp:AzurePublicCloud:${SUBSCRIPTION}:a/b`, 'licence:one', 'ä'];
  for (const id of others) expect(parseLicenceId(id)).toBeNull();
  expect(parseLicenceId(`mp:AzurePublicCloud:${SUBSCRIPTION}:a/b/c:d`)).toBeNull();
});
