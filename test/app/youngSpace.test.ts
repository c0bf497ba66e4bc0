import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '../../src/app/youngSpace.ts');

/** Survivors of many collections, which are what makes V8 enlarge the space. @returns its octets at the end */
const LOAD = `
const kept = [];
for (let count = 0; count < 3_000_000; count += 1) {
  kept[count % 200_000] = { count, text: 'x'.repeat(20) + count };
}
const spaces = process.getBuiltinModule('node:v8').getHeapSpaceStatistics();
process.stdout.write(String(spaces.find((space) => space.space_name === 'new_space').space_size));
`;

function measure(before: string): number {
  const script = `${before}\n${LOAD}`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

test('the space for young objects does not grow any more, which it would', () => {
  const url = JSON.stringify(SOURCE);
  const held = measure(`import { keepYoungSpace } from ${url}; keepYoungSpace();`);
  expect(held).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(measure('')).toBeGreaterThan(2 * held);
});
