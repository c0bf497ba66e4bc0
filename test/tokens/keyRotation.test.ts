import { createHash } from 'node:crypto';
import fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import type { PublicJwk } from '../../src/contract/wire.ts';
import { planRotation } from '../../src/tokens/keyRotation.ts';
import type { KeyVersion } from '../../src/tokens/keyRotation.ts';
import { MAX_KEYS } from '../../src/tokens/signingKeys.ts';

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
  expect(planAt(1.99, a, ending)).toEqual(['e current', 'a retired 241']);
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

test('an edit of the version in use does not bring back one that was rotated away long ago', () => {
  const old = version('old', AT - 1_000 * DAY);
  const now = version('now', AT - 900 * DAY, { changedAt: AT });
  expect(planAt(-1, old, version('now', AT - 900 * DAY))).toEqual(['now current']);
  // The edit may have been that it was enabled again: then `old` has signed until now.
  for (const hours of [0, 0.5, 0.99]) expect(planAt(hours, old, now)[0]).toBe('now current');
  expect(planAt(1, old, now)).toEqual(['now current', 'old retired 241']);
  expect(planAt(241, old, now)).toEqual(['now current']);
});

test('an older version stands in for a changed one for as long as it is published anyway', () => {
  const edited = (hours: number) => version('b', AT, { changedAt: AT + hours * HOUR });
  expect(planAt(240.99, a, b)[1]).toBe('a retired 241');
  expect(planAt(240.99, a, edited(240.99))[0]).toBe('a current');
  expect(planAt(241, a, edited(241))[0]).toBe('b current');
});

test('where all versions were edited, the newest that was published in time signs on', () => {
  const [older, newer] = [version('a', AT - 100 * DAY, { changedAt: AT }), version('b', AT - DAY, { changedAt: AT })];
  expect(planAt(0, older, newer)[0]).toBe('b current');
  expect(planAt(0.5, older, newer, version('c', AT))).toEqual(['b current', 'c next 1', 'a retired 240.5']);
  // Two that are new: the one made first has been signing.
  const first = version('first', AT, { changedAt: AT + HOUR / 2 });
  expect(planAt(0.6, first, version('second', AT + HOUR / 4))[0]).toBe('first current');
});

test('an older version that steps in at an end is published anew before that', () => {
  const old = version('old', AT - 1_000 * DAY);
  const ending = version('e', AT - 900 * DAY, { expiresAt: AT + 5 * HOUR });
  expect(planAt(3.99, old, ending)).toEqual(['e current']);
  expect(planAt(4, old, ending)).toEqual(['e current', 'old next 5']);
  expect(planAt(5, old, ending)).toEqual(['old current', 'e retired 245']);
});

test('a version that is left out for the number of newer ones does not step in for them', () => {
  const old = version('old', AT - 100 * DAY);
  const many = (count: number) =>
    Array.from({ length: count }, (_, place) => version(`v${place}`, AT - 4 * DAY + place * HOUR, { changedAt: AT }));
  expect(planAt(0, old, ...many(29))[0]).toBe('old current');
  const lines = planAt(0, old, ...many(32));
  expect(lines[0]).toBe('v31 current');
  expect(lines.indexOf('old retired 240')).toBe(32);
});

/** Rules that let a few days hold whole rotations. */
const FAST = { publishBeforeUse: 4 * HOUR, keepAfterUse: 20 * HOUR };
const LEAD = FAST.publishBeforeUse / HOUR;

/** Something that an operator does to a key, some hours after what was done before. */
interface Deed {
  readonly after: number;
  readonly what: string;
  readonly which: number;
  readonly hours: number;
}

function deedsOf(...what: string[]) {
  const after = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 40 }));
  // Mostly the newest ones.
  const which = fc.oneof(fc.constant(0), fc.nat(5));
  const deed = fc.record({ after, what: fc.constantFrom(...what), which, hours: fc.integer({ min: LEAD, max: 30 }) });
  return fc.array(deed, { maxLength: 14 });
}

interface Kept extends NamedVersion {
  readonly enabled: boolean;
}

function canSign(one: Kept, at: number): boolean {
  return isAllowed(one, at) && (one.notBefore ?? at) <= at;
}

/** Now, or when its time has come. */
function isAllowed({ enabled, maySign, expiresAt }: Kept, at: number): boolean {
  return enabled && maySign && at < (expiresAt ?? Infinity);
}

/** What the vault holds after a deed. */
function apply({ what, which, hours }: Deed, kept: readonly Kept[], at: number): readonly Kept[] {
  const later = at + hours * HOUR;
  const make = (change: Partial<KeyVersion>) => [...kept, { ...version(`v${kept.length}`, at, change), enabled: true }];
  if (what === 'rotate') return make({});
  if (what === 'schedule') return make({ notBefore: later });
  // As a policy does; the oldest stay as they are.
  if (what === 'sweep') return kept.map((one, index) => (index < which ? one : { ...one, changedAt: at }));
  const changes: Record<string, (one: Kept) => Partial<Kept>> = {
    ...{ disable: () => ({ enabled: false }), enable: () => ({ enabled: true }), touch: () => ({}) },
    // What has ended stays so: a new end would bring it back.
    expire: ({ expiresAt }) => (at < (expiresAt ?? Infinity) ? { expiresAt: later } : {}),
    forbid: () => ({ maySign: false }),
  };
  const place = kept.length - 1 - (which % kept.length);
  return kept.map((one, index) => (index === place ? { ...one, ...changes[what]?.(one), changedAt: at } : one));
}

/** One hour, as an instance sees it. */
interface Moment {
  readonly at: number;
  readonly kept: readonly Kept[];
  readonly signs: string | null;
  readonly published: ReadonlySet<string>;
  /** Whether a deed of this hour took a version from those that sign, or gave one back to them. */
  readonly isUpheaval: boolean;
}

function lookAt(kept: readonly Kept[], at: number): Pick<Moment, 'signs' | 'published'> {
  const enabled = kept.filter((one) => one.enabled);
  const { current, keys } = planRotation(enabled, at, FAST);
  const nameOf = new Map(enabled.map(({ name, publicJwk }) => [publicJwk.x, name]));
  const names = keys.map(({ publicJwk }) => nameOf.get(publicJwk.x) ?? '');
  expect(new Set(names).size).toBe(names.length);
  expect(current === null).toBe(!kept.some((one) => canSign(one, at)));
  return { signs: current?.name ?? null, published: new Set(names.slice(0, MAX_KEYS)) };
}

function replay(deeds: readonly Deed[], first: readonly Kept[] = [{ ...version('v0', AT), enabled: true }]): Moment[] {
  const moments: Moment[] = [];
  let kept = first;
  let at = AT;
  for (const deed of [...deeds, { after: 60, what: 'touch', which: 0, hours: 0 }]) {
    for (const end = at + deed.after * HOUR; at < end; at += HOUR) {
      const before = moments.at(-1)?.kept ?? kept;
      const allowed = new Set(before.filter((one) => isAllowed(one, at)).map(({ name }) => name));
      const isUpheaval = kept.some((one) => one.createdAt < at && isAllowed(one, at) !== allowed.has(one.name));
      moments.push({ at, kept, ...lookAt(kept, at), isUpheaval });
    }
    kept = apply(deed, kept, at);
  }
  return moments;
}

/**
 * A key that signs has been published for the lead, unless versions were taken or given back meanwhile, or none that can
 * sign has been there for the lead.
 */
function expectPublishedBefore(moments: readonly Moment[]): void {
  for (const [index, { at, kept, signs, isUpheaval }] of moments.entries()) {
    const earlier = moments.slice(Math.max(0, index - LEAD), index);
    const areNew = kept.every((one) => !canSign(one, at) || at < one.createdAt + FAST.publishBeforeUse);
    if (signs === null || areNew || isUpheaval || earlier.some((moment) => moment.isUpheaval)) continue;
    for (const moment of earlier) expect([(at - AT) / HOUR, ...moment.published]).toContain(signs);
  }
}

/** A key under which a licence may live is published, unless it is disabled. */
function expectKeptAfter(moments: readonly Moment[]): void {
  const lastUse = new Map<string, number>();
  for (const { at, kept, signs, published } of moments) {
    if (signs !== null) lastUse.set(signs, at);
    for (const { name } of kept.filter(({ enabled }) => enabled)) {
      if (at < (lastUse.get(name) ?? -Infinity) + FAST.keepAfterUse) expect([...published]).toContain(name);
    }
  }
}

test('whatever operators add or edit: what signs was published for the lead, and is published to the end', () => {
  fc.assert(
    fc.property(deedsOf('rotate', 'rotate', 'schedule', 'touch', 'touch', 'sweep', 'expire'), (deeds) => {
      const moments = replay(deeds);
      expect(moments.filter(({ isUpheaval }) => isUpheaval)).toEqual([]);
      expectPublishedBefore(moments);
      expectKeptAfter(moments);
    }),
    { numRuns: 200 },
  );
});

test('whatever they take away or give back: the same, but for the lead around such a deed', () => {
  const all = deedsOf('rotate', 'rotate', 'schedule', 'touch', 'expire', 'disable', 'disable', 'enable', 'forbid');
  fc.assert(
    fc.property(all, (deeds) => {
      const moments = replay(deeds);
      expectPublishedBefore(moments);
      expectKeptAfter(moments);
    }),
    { numRuns: 200 },
  );
});

test('with more versions than clients take: what signs was published for the lead all the same', () => {
  const made = (place: number) => version(`v${place}`, AT + (place / 2 - 20) * HOUR);
  const first = Array.from({ length: 40 }, (_, place) => ({ ...made(place), enabled: true }));
  fc.assert(
    fc.property(deedsOf('rotate', 'touch', 'sweep', 'expire'), (deeds) => {
      expectPublishedBefore(replay(deeds, first));
    }),
    { numRuns: 50 },
  );
});
