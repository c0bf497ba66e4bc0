import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { createIssuerNotes } from '../../../src/trust/live/issuerNotes.ts';
import { MAX_ISSUERS, chooseForgotten } from '../../../src/trust/live/unknownIssuer.ts';
import type { IssuerStore, UnknownIssuer } from '../../../src/trust/live/unknownIssuer.ts';

/** Crowds of documents that look like a new CA's, against the notes of one or several instances with one store. */

const AT = Date.UTC(2026, 10, 23, 12);
const SECOND = 1_000;
const MINUTE = 60_000;
const CLOUD = 'AzurePublicCloud';
const GENUINE = 'Microsoft TLS G2 RSA CA OCSP 04';

/** As the table does it, which `test/tables/operatorTables.test.ts` shows. */
function createMemoryStore(rows: UnknownIssuer[] = []) {
  const writes: number[] = [];
  const noteIssuer: IssuerStore['noteIssuer'] = ({ name, cloud, at }) => {
    writes.push(at);
    const known = rows.find((row) => row.name === name);
    const place = known ?? (rows.length < MAX_ISSUERS ? null : chooseForgotten(rows));
    if (place !== null) rows.splice(rows.indexOf(place), 1);
    rows.push({ name, cloud, firstSeen: known?.firstSeen ?? at, lastSeen: at, count: (known?.count ?? 0) + 1 });
    return Promise.resolve();
  };
  const has = (name: string) => rows.some((row) => row.name.startsWith(`"${name}"`));
  return { rows, writes, noteIssuer, has };
}

interface Source {
  /** Milliseconds between two documents, and before the first. */
  readonly every: number;
  readonly after: number;
  /** The issuer of the n-th document. */
  readonly name: (n: number) => string;
}

interface Crowd {
  readonly minutes: number;
  readonly sources: readonly Source[];
  readonly instances?: number;
  /** Which instance gets a document. */
  readonly pick?: () => number;
  readonly store?: ReturnType<typeof createMemoryStore>;
}

/** @returns for each minute whether the store has the genuine name at its end */
async function simulate({ minutes, sources, instances = 1, pick = () => 0, store = createMemoryStore() }: Crowd) {
  const notes = Array.from({ length: instances }, () => createIssuerNotes(store));
  const documents = sources
    .flatMap(({ every, after, name }) =>
      Array.from({ length: Math.floor((minutes * MINUTE - after) / every) }, (_, n) => ({
        at: after + n * every,
        issuer: name(n),
      })),
    )
    .sort((left, right) => left.at - right.at);
  const isVisible: boolean[] = [];
  for (const { at, issuer } of documents) {
    while (isVisible.length < Math.floor(at / MINUTE)) isVisible.push(store.has(GENUINE));
    const facts = { code: 'issuer_unknown', cloud: CLOUD, issuer, keyIdentifier: null } as const;
    await notes[pick() % instances]?.(facts, AT + at, () => undefined);
  }
  return { isVisible: [...isVisible, store.has(GENUINE)], store };
}

const genuine = (after: number): Source => ({ every: 3 * SECOND, after, name: () => GENUINE });
/** Seven a second, no name twice. */
const everChanging: Source = { every: 143, after: 0, name: (n) => `CA ${n}` };
/** Seven a second, of so many names. */
const repeating = (names: number): Source => ({ every: 143, after: 0, name: (n) => `CA ${n % names}` });

const firstMinute = (isVisible: readonly boolean[]) => isVisible.indexOf(true);
const gaps = (isVisible: readonly boolean[]) =>
  isVisible.slice(firstMinute(isVisible)).filter((visible) => !visible).length;

test('among seven a second with ever-changing names, the one that comes every three seconds is noted in two minutes and stays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 10 * MINUTE }), async (after) => {
      const { isVisible, store } = await simulate({ minutes: 120, sources: [everChanging, genuine(after)] });
      expect(firstMinute(isVisible)).toBeGreaterThanOrEqual(0);
      expect(firstMinute(isVisible) - Math.floor(after / MINUTE)).toBeLessThanOrEqual(2);
      expect(gaps(isVisible)).toBe(0);
      expect(store.writes.length).toBeLessThanOrEqual(121);
    }),
    { numRuns: 20 },
  );
});

test('so it is with several instances, which share the crowd as it comes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 20 }), fc.infiniteStream(fc.nat(1_000)), async (instances, picks) => {
      const pick = () => Number(picks.next().value);
      const { isVisible } = await simulate({ minutes: 60, sources: [everChanging, genuine(0)], instances, pick });
      expect(firstMinute(isVisible)).toBeGreaterThanOrEqual(0);
      expect(firstMinute(isVisible)).toBeLessThanOrEqual(3);
      expect(gaps(isVisible)).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test.each([1, 5, 20, 48, 64, 100, 400])(
  'a crowd of %i names that come again and again keeps nobody out: each goes behind once it is written',
  async (names) => {
    const { isVisible } = await simulate({ minutes: 240, sources: [repeating(names), genuine(0)] });
    expect(firstMinute(isVisible)).toBeGreaterThanOrEqual(0);
    expect(firstMinute(isVisible)).toBeLessThanOrEqual(2 * Math.min(names, 21));
    expect(gaps(isVisible)).toBe(0);
  },
);

/** The rows that a long campaign of repeated names leaves. */
function filled(): UnknownIssuer[] {
  return Array.from({ length: MAX_ISSUERS }, (_, number) => ({
    ...{ name: `"Old ${number}", key identifier none`, cloud: CLOUD },
    ...{ firstSeen: AT - 1e9, lastSeen: AT - number * MINUTE, count: 1_000 },
  }));
}

test('a store full of names that were noted a thousand times has room for a new one, which stays', async () => {
  for (const sources of [[genuine(0)], [genuine(0), everChanging]]) {
    const { isVisible } = await simulate({ minutes: 120, sources, store: createMemoryStore(filled()) });
    expect(firstMinute(isVisible)).toBeGreaterThanOrEqual(0);
    expect(firstMinute(isVisible)).toBeLessThanOrEqual(2);
    expect(gaps(isVisible)).toBe(0);
  }
});

test('beside one that everybody knows by now, another new one is noted in two minutes', async () => {
  const known: Source = { every: 100, after: 0, name: () => 'Known by now' };
  const { isVisible } = await simulate({ minutes: 60, sources: [known, { ...genuine(0), every: 4 * MINUTE }] });
  expect(firstMinute(isVisible)).toBeGreaterThanOrEqual(0);
  expect(firstMinute(isVisible)).toBeLessThanOrEqual(2);
  expect(gaps(isVisible)).toBe(0);
});

test('names that come once never take the row of one that came again, until 48 others have', () => {
  const row = (name: number, count: number) => ({ name, count, lastSeen: AT + name });
  const rows = [row(0, 2), ...Array.from({ length: 63 }, (_, index) => row(index + 1, 1))];
  expect(chooseForgotten(rows)).toEqual(row(1, 1));
  const repeated = Array.from({ length: 48 }, (_, index) => row(index, 2));
  expect(chooseForgotten([...repeated, row(48, 1), row(49, 1)])).toEqual(row(48, 1));
  expect(chooseForgotten([...repeated, row(48, 2), row(49, 1)])).toEqual(row(0, 2));
});
