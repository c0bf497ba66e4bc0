import { expect, test } from 'vitest';
import { countVms, tellDenied, tellSeated } from '../../../src/console/changes/effect.ts';
import { planLicenceChange } from '../../../src/console/changes/licenceChange.ts';
import type { LicenceJson } from '../../../src/contract/operators/licence.ts';

const of = (vms: number | null, atLeast = false) => ({ vms, licences: [], ...(atLeast && { atLeast: true as const }) });

test('VMs are counted in words that fit their number, and said to be more where they were not counted to the end', () => {
  expect([0, 1, 17].map((vms) => countVms(of(vms)))).toEqual(['no VM', '1 VM', '17 VMs']);
  expect(countVms(of(1_200, true))).toBe('at least 1200 VMs');
  expect(countVms(of(0, true))).toBe('at least 0 VMs');
  expect(countVms(of(null))).toBe('an unknown number of VMs');
  expect(tellSeated(of(1))).toBe('1 VM holds a seat now.');
  expect(tellSeated(of(1, true))).toBe('At least 1 VM holds a seat now.');
});

test('a denial is told with what the grace does', () => {
  expect(tellDenied(of(0))).toBe('No VM holds a seat now. VMs that come get no licence.');
  expect(tellDenied(of(1))).toBe(
    '1 VM, denied at its next renewal. If it cannot reach the service, it runs to the end of its grace.',
  );
  expect(tellDenied(of(17, true))).toBe(
    'At least 17 VMs, denied at their next renewal. Those that cannot reach the service run to the end of their grace.',
  );
});

const LICENCE = { id: 'a', offer: 'p/q/r', seats: 20, overage: 0, validUntil: null } as LicenceJson;

test('fewer seats than are taken stop nobody, and say by how much they are fewer', () => {
  const lower = planLicenceChange(LICENCE, { kind: 'seats', seats: 12 });
  expect(lower.isEnding).toBe(true);
  expect(lower.describe(of(17), 0)).toMatch(/^17 VMs hold a seat now\. That is 5 more than 12\. No VM is stopped/);
  expect(lower.describe(of(17, true), 0)).toMatch(/That is at least 5 more than 12\./);
  expect(lower.describe(of(5, true), 0)).toBe('At least 5 VMs hold a seat now.');
  const higher = planLicenceChange(LICENCE, { kind: 'seats', seats: 'unlimited' });
  expect([higher.isEnding, higher.describe(of(17), 0)]).toEqual([
    false,
    '17 VMs hold a seat now. Every VM that comes gets one.',
  ]);
});

test('an end in the past denies at once, one in the future later', () => {
  const end = (validUntil: string | null) => planLicenceChange(LICENCE, { kind: 'end', validUntil });
  const now = Date.parse('2026-06-01T00:00:00Z');
  expect(end('2026-01-01T00:00:00Z').describe(of(2), now)).toContain('denied at their next renewal');
  expect(end('2026-12-01T00:00:00Z').describe(of(2), now)).toContain('From the new end on');
  expect([end('2026-12-01T00:00:00Z').isEnding, end(null).isEnding]).toEqual([true, false]);
});
