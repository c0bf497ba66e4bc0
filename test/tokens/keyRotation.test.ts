import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PublicJwk } from '../../src/contract/wire.ts';
import { planRotation } from '../../src/tokens/keyRotation.ts';
import type { KeyVersion } from '../../src/tokens/keyRotation.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const AT = Date.UTC(2026, 0, 1);
const RULES = { publishBeforeUse: HOUR, keepAfterUse: 10 * DAY };

/** Rotation compares keys, and does not calculate with them. */
function jwkOf(name: string): PublicJwk {
  const coordinate = createHash('sha256').update(name).digest('base64url');
  return { kty: 'EC', crv: 'P-256', x: coordinate, y: coordinate };
}

interface NamedVersion extends KeyVersion {
  readonly name: string;
}

function version(name: string, createdAt: number, change: Partial<KeyVersion> = {}): NamedVersion {
  const times = { createdAt, changedAt: createdAt, notBefore: null, expiresAt: null };
  return { name, publicJwk: jwkOf(name), maySign: true, ...times, ...change };
}

/** `name state` of each key, the times in hours after AT. */
function planAt(hours: number, ...versions: NamedVersion[]): string[] {
  const { current, keys } = planRotation(versions, AT + hours * HOUR, RULES);
  const nameOf = ({ x }: PublicJwk) => versions.find(({ publicJwk }) => publicJwk.x === x)?.name ?? '';
  const lines = keys.map((key) => {
    const time = key.state === 'next' ? key.from : key.state === 'retired' ? key.until : null;
    return [nameOf(key.publicJwk), key.state, ...(time === null ? [] : [(time - AT) / HOUR])].join(' ');
  });
  expect(lines.filter((line) => line.includes('current'))).toEqual(current === null ? [] : [`${current.name} current`]);
  return lines;
}

const a = version('a', AT - 100 * DAY);
const b = version('b', AT);

test('the first version of all signs at once: there is no older key set', () => {
  expect(planAt(0, b)).toEqual(['b current']);
});

test('a version is published, then signs, then is kept', () => {
  expect(planAt(0, a, b)).toEqual(['a current', 'b next 1']);
  expect(planAt(0.99, b, a)).toEqual(['a current', 'b next 1']);
  expect(planAt(1, a, b)).toEqual(['b current', 'a retired 241']);
  expect(planAt(240.99, a, b)).toEqual(['b current', 'a retired 241']);
  expect(planAt(241, a, b)).toEqual(['b current']);
});

test('a version may name the time of its first use itself, later than the rule', () => {
  const scheduled = version('c', AT, { notBefore: AT + 5 * HOUR });
  expect(planAt(4.99, a, scheduled)).toEqual(['a current', 'c next 5']);
  expect(planAt(5, a, scheduled)).toEqual(['c current', 'a retired 245']);
  expect(planAt(0, version('d', AT, { notBefore: AT - DAY }), a)).toContain('d next 1');
  expect(planAt(0, scheduled)).toEqual(['c next 5']);
});

test('an expired version signs no more and stays published', () => {
  const ending = version('e', AT, { expiresAt: AT + 3 * HOUR });
  expect(planAt(2, a, ending)).toEqual(['e current', 'a retired 241']);
  expect(planAt(3, a, ending)).toEqual(['a current', 'e retired 243']);
  expect(planAt(3, ending)).toEqual(['e retired 243']);
  expect(planAt(243, ending)).toEqual([]);
});

test('while the newest is gone, the one before it signs again, and its time is counted from then', () => {
  const c = version('c', AT + 4 * HOUR);
  expect(planAt(2, a)).toEqual(['a current']);
  expect(planAt(5, a, c)).toEqual(['c current', 'a retired 245']);
});

test('a version that was changed, as by being enabled again, is published anew before it signs', () => {
  const again = version('b', AT, { changedAt: AT + 3 * HOUR });
  expect(planAt(3.5, a, again)).toEqual(['a current', 'b next 4']);
  expect(planAt(4, a, again)).toEqual(['b current', 'a retired 244']);
});

test('a change to an old version does not bring it back', () => {
  const touched = version('a', AT - 100 * DAY, { changedAt: AT + 2 * HOUR });
  expect(planAt(2.5, touched, b)[0]).toBe('b current');
  expect(planAt(3.5, touched, b)).toEqual(['b current', 'a retired 241']);
});

test('a version that may not sign is passed over, and kept for the licences it signed before', () => {
  const silent = version('b', AT, { maySign: false, changedAt: AT + 5 * HOUR });
  expect(planAt(6, a, silent)).toEqual(['a current', 'b retired 245']);
  expect(planAt(6, silent)).toEqual(['b retired 245']);
});

test('an end that was set afterwards does not shorten the time that a key is kept', () => {
  const ended = version('a', AT - 100 * DAY, { changedAt: AT + 2 * HOUR, expiresAt: AT - 50 * DAY });
  expect(planAt(2.5, ended)).toEqual(['a retired 242']);
});

test('versions made in the same second stand in the same order everywhere', () => {
  const twin = version('twin', AT);
  expect(planAt(2, b, twin)).toEqual(planAt(2, twin, b));
});

/** Something that an operator does to a key, some hours after what was done before. */
const deed = fc.record({
  after: fc.integer({ min: 0, max: 40 }),
  what: fc.constantFrom('rotate', 'rotate', 'disable', 'enable', 'touch', 'expire', 'forbid'),
  which: fc.nat(5),
});

interface Kept extends NamedVersion {
  readonly enabled: boolean;
}

/** What the vault holds after each deed, hour by hour. */
function* replay(deeds: readonly { after: number; what: string; which: number }[]) {
  let kept: Kept[] = [{ ...version('v0', AT), enabled: true }];
  let hour = 0;
  for (const { after, what, which } of deeds) {
    for (const end = hour + after; hour < end; hour += 1) yield { hour, kept };
    const changedAt = AT + hour * HOUR;
    if (what === 'rotate') kept = [...kept, { ...version(`v${kept.length}`, changedAt), enabled: true }];
    const changes: Record<string, Partial<Kept>> = {
      ...{ disable: { enabled: false }, enable: { enabled: true }, touch: {} },
      ...{ expire: { expiresAt: changedAt + 5 * HOUR }, forbid: { maySign: false } },
    };
    const change = changes[what];
    if (change === undefined) continue;
    kept = kept.map((one, index) => (index === which % kept.length ? { ...one, ...change, changedAt } : one));
  }
  for (const end = hour + 300; hour < end; hour += 1) yield { hour, kept };
}

test('whatever operators do: published before use where another could sign, and kept after use', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 12 }), (deeds) => {
      const lastUse = new Map<string, number>();
      let before: { names: Set<string>; usable: Set<string> } | null = null;
      for (const { hour, kept } of replay(deeds)) {
        const enabled = kept.filter((one) => one.enabled);
        const at = AT + hour * HOUR;
        const { current, keys } = planRotation(enabled, at, RULES);
        const names = new Set(
          keys.map(({ publicJwk }) => enabled.find((one) => one.publicJwk.x === publicJwk.x)?.name ?? ''),
        );
        expect(names.size).toBe(keys.length);
        const usable = new Set(
          enabled.filter(({ maySign, expiresAt }) => maySign && at < (expiresAt ?? Infinity)).map(({ name }) => name),
        );
        expect(current === null).toBe(usable.size === 0);
        if (current !== null) {
          lastUse.set(current.name, at);
          // What was published an hour ago and can sign still: then this is one of those.
          const couldSign = before !== null && [...before.names].some((name) => usable.has(name));
          if (couldSign) expect(before?.names.has(current.name)).toBe(true);
        }
        for (const { name } of enabled) {
          const used = lastUse.get(name);
          if (used !== undefined && at < used + RULES.keepAfterUse) expect(names).toContain(name);
        }
        before = { names, usable };
      }
    }),
    { numRuns: 300 },
  );
});
