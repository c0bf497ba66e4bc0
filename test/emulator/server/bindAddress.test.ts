import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isAzureChassis, reachOf } from '../../../src/emulator/server/bindAddress.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-bind-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.8.9.10', 'loopback'],
  ['::1', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['169.254.169.254', 'link-local'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['0.0.0.0', 'network'],
  ['::', 'network'],
  ['10.0.0.4', 'network'],
  ['fec0::1', 'network'],
  ['localhost', null],
  ['', null],
  ['169.254.169', null],
])('%s reaches %s', (address, reach) => {
  expect(reachOf(address)).toBe(reach);
});

test('a VM of Azure is known by its chassis', async () => {
  const file = join(folder, 'tag');
  writeFileSync(file, '7783-7084-3265-9085-8269-3286-77\n');
  expect(await isAzureChassis(file)).toBe(true);
  writeFileSync(file, 'None\n');
  expect(await isAzureChassis(file)).toBe(false);
  expect(await isAzureChassis(join(folder, 'gone'))).toBe(false);
});
