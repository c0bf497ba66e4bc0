import { expect, test } from 'vitest';

import { UsageMonth } from '../support/usageMonth.ts';

/** `npm run full` simulates many more. */
const MONTHS = Number(process.env['USAGE_MONTHS'] ?? 10);

test('over a month with crashes the ledger is within one VM-hour a VM and day of what VMs were given', async () => {
  let given = 0;
  let deaths = 0;
  let left = 0;
  for (let seed = 1; seed <= MONTHS; seed += 1) {
    const month = await new UsageMonth(seed).run();
    given += month.given;
    deaths += month.deaths;
    left += month.left;
  }
  // A month in which nothing happens, nobody moves and nobody dies would prove nothing.
  expect(given).toBeGreaterThan(MONTHS * 300);
  expect(deaths).toBeGreaterThan(MONTHS * 20);
  expect(left).toBeGreaterThan(MONTHS * 5);
});
