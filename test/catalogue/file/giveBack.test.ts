import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import type * as z from 'zod';
import { CLOUD_NAMES } from '../../../src/contract/clouds.ts';
import { MAX_DURATION, SHORTEST_LIFETIME, formatDuration } from '../../../src/contract/durations.ts';
import { licenceEntry, writeLicence } from '../../../src/contract/operators/licence.ts';
import { offerEntry, writeOffer } from '../../../src/contract/operators/offer.ts';
import { overrideEntry, writeOverride } from '../../../src/contract/operators/override.ts';
import { finish } from '../../../src/contract/pieces.ts';
import { parseLicenceFile, writeLicenceFile } from '../../../src/catalogue/file/licenceFile.ts';
import { parseCatalogue } from '../../../src/catalogue/file/parseCatalogue.ts';
import { readStored } from '../../../src/catalogue/file/readStored.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { parsePlainJson, parsePlainJsonPieces } from '../../../src/contract/plainJson.ts';
import { applyCatalogue } from '../../support/applyCatalogue.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT } from '../../support/licensing.ts';

/*
 * What is taken can be given back: whatever an entry says, it comes out of the store, of both forms of file and of an
 * answer as it went in, is unchanged when it comes again, and can be changed in every other field.
 */

const tables = useAzurite();
const options = { change: { by: 'test', at: AT } };

const pad = (value: number, digits: number) => `${value}`.padStart(digits, '0');

const offset = fc
  .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([sign, hours, minutes]) => `${sign}${pad(hours, 2)}:${pad(minutes, 2)}`);
const day = fc.oneof(
  fc.constantFrom('0000-01-01', '0000-02-29', '0001-01-01', '1600-12-31', '1969-12-31', '2028-02-29', '9999-12-31'),
  fc
    .date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
);
const clock = fc.constantFrom('00:00:00', '23:59:59', '12:34:56.7', '00:00:00.0001', '23:59:59.999999999', '01:02');
/** Whatever RFC 3339 can write, whether or not it is taken. */
const instant = fc
  .tuple(day, clock, fc.oneof(fc.constant('Z'), offset))
  .map(([date, time, zone]) => `${date}T${time}${zone}`);

const text = (most: number) =>
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: Math.min(most, 12) }).filter(({ length }) => length <= most),
    fc
      .string({ unit: 'binary', maxLength: Math.min(most, 12) })
      .filter((one) => one.isWellFormed() && one.length <= most),
    fc.constantFrom(
      '',
      'שלום',
      '日本語',
      '‮evil',
      '\u0000\u001b[31m',
      '\ufeffmark',
      "'=1+1",
      '😀'.repeat(Math.floor(most / 2)),
    ),
    fc.constantFrom('x', '"', '\\', '\u0001', '\n', ';', '=', '\uffff', 'é').map((unit) => unit.repeat(most)),
  );
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 2 ** 53, Number.MAX_VALUE, Number.MIN_VALUE, 1e21, 0.1 + 0.2),
);
const features = fc.dictionary(
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/),
  fc.oneof(fc.boolean(), number, text(40)),
  { maxKeys: 6 },
);
const ALIASES = ['gateway', 'GATEWAY', 'gateway-preview', 'Gateway-Preview', 'g', 'x'.repeat(100)];
const skuList = fc.array(
  text(64).filter((sku) => sku !== '*'),
  { minLength: 1, maxLength: 5 },
);
const longestSkus = fc
  .constantFrom('x', '"', '\u0001', '\n', '\u{10348}')
  .map((unit) => Array.from({ length: 500 }, () => unit.repeat(64 / unit.length)));
const skus = fc.oneof(
  { arbitrary: fc.constant('*'), weight: 20 },
  { arbitrary: skuList, weight: 20 },
  { arbitrary: longestSkus, weight: 1 },
);
const uuid = fc.uuid();
const seats = fc.oneof(fc.constantFrom('unlimited', 0, -0, 100_000), fc.nat(100_000));
const overage = fc.oneof(
  seats,
  fc.nat(9_999).map((share) => `${share}%`),
);
const duration = (from: number, to: number) =>
  fc.integer({ min: from / 1_000, max: to / 1_000 }).map((seconds) => formatDuration(seconds * 1_000));

const offers = fc
  .record(
    {
      productAliases: fc.array(fc.constantFrom(...ALIASES), { maxLength: 10 }),
      mode: fc.constantFrom('marketplace', 'licensed'),
      status: fc.constantFrom('active', 'suspended'),
      clouds: fc.oneof(fc.constant('*'), fc.subarray([...CLOUD_NAMES], { minLength: 1 })),
      skus,
      seats,
      overage,
      trial: fc.option(fc.record({ days: fc.integer({ min: 1, max: 400 }), seats })),
      lifetime: duration(SHORTEST_LIFETIME, MAX_DURATION),
      renewAfter: duration(0, MAX_DURATION),
      grace: duration(0, MAX_DURATION),
      lease: duration(0, MAX_DURATION),
      requireKey: fc.boolean(),
      keyChanges: fc.oneof(fc.constant(-0), fc.nat(50)),
      withoutPlan: fc.boolean(),
      onForeignPlan: fc.constantFrom('refuse', 'none'),
      earlyRelease: fc.boolean(),
      offline: fc.boolean(),
      offlineLifetime: duration(SHORTEST_LIFETIME, MAX_DURATION),
      features,
    },
    { requiredKeys: ['mode'] },
  )
  .map((entry) => ({ offer: 'contoso/gateway/pro', ...entry }));

const name = text(200).filter((one) => one !== '');
const scope = fc.oneof(
  fc.record({ cloud: fc.constantFrom(...CLOUD_NAMES), subscription: uuid }),
  fc.constant({ cloud: 'emulator', subscriptions: '*' }),
  fc.record({
    subscriptions: fc.uniqueArray(
      fc.record(
        { cloud: fc.constantFrom(...CLOUD_NAMES), subscription: uuid, until: fc.option(instant) },
        { requiredKeys: ['cloud', 'subscription'] },
      ),
      { minLength: 1, maxLength: 6, selector: (one) => `${one.cloud} ${one.subscription}` },
    ),
  }),
);
const terms = fc.record(
  {
    status: fc.constantFrom('active', 'suspended', 'revoked'),
    class: fc.constantFrom('production', 'development'),
    overage,
    validFrom: fc.option(instant),
    validUntil: fc.option(instant),
    vmIds: fc.oneof(fc.constant('*'), fc.array(uuid, { minLength: 1, maxLength: 5 })),
    skus,
    features,
    customer: fc.option(
      fc.record({ name, reference: fc.option(name), contact: fc.option(name) }, { requiredKeys: ['name'] }),
    ),
    note: text(1_000),
  },
  { requiredKeys: [] },
);
const licences = fc
  .tuple(scope, seats, terms)
  .map(([where, count, rest]) => ({ id: 'one', offer: 'contoso/gateway/pro', seats: count, ...where, ...rest }));
const overrides = fc.record(
  {
    status: fc.constantFrom('active', 'suspended'),
    seats: fc.option(seats),
    overage: fc.option(overage),
    validUntil: fc.option(instant),
    features,
    note: text(1_000),
  },
  { requiredKeys: [] },
);

/** As it comes over the wire or out of a file. */
const onWire = (value: unknown) => parsePlainJson(JSON.stringify(value));

test('whatever an offer says, what is answered of it is the same offer', () => {
  fc.assert(
    fc.property(offers, (given) => {
      const read = offerEntry.safeParse(onWire(given));
      fc.pre(read.success);
      expect(offerEntry.parse(onWire(writeOffer(read.data)))).toEqual(read.data);
    }),
    { numRuns: 300 },
  );
});

test('whatever a licence says, both forms of file and an answer give it back', () => {
  let taken = 0;
  fc.assert(
    fc.property(licences, (given) => {
      const read = licenceEntry.safeParse(onWire(given));
      fc.pre(read.success);
      taken += 1;
      const licence = read.data;
      expect(licenceEntry.parse(onWire(writeLicence(licence)))).toEqual(licence);
      const csv = finish(parseLicenceFile('text/csv', finish(writeLicenceFile([licence])), parsePlainJsonPieces));
      expect(csv.map((one) => one.licence)).toEqual([licence]);
    }),
    { numRuns: 600 },
  );
  expect(taken).toBeGreaterThan(200);
});

test('whatever an override says, what is answered of it is the same override', () => {
  fc.assert(
    fc.property(overrides, (given) => {
      const read = overrideEntry.safeParse(onWire(given));
      fc.pre(read.success);
      expect(overrideEntry.parse(onWire(writeOverride(read.data)))).toEqual(read.data);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['the first', '0000-01-01T00:00:00Z', '0000-01-01T00:00:00Z'],
  ['the last', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ['the first, by its offset', '0000-01-01T23:59:00+23:59', '0000-01-01T00:00:00Z'],
  ['a day more than the last has, west of it', '9999-12-31T00:00:00-23:59', '9999-12-31T23:59:00Z'],
  ['a leap day of year 0', '0000-02-29T12:00:00Z', '0000-02-29T12:00:00Z'],
  ['a fraction of many digits', '2027-01-31T00:00:00.123456789+01:00', '2027-01-30T23:00:00.123Z'],
])('%s time is kept', (_, given, kept) => {
  expect(writeOverride(overrideEntry.parse({ validUntil: given })).validUntil).toBe(kept);
});

const YEARS = 'must be within the years 0000 to 9999 in UTC';
const FORM = 'must be a time with its zone, such as "2027-01-31T00:00:00Z"';

test.each([
  ['before the first', '0000-01-01T00:00:00+00:01', YEARS],
  ['after the last', '9999-12-31T23:59:59-00:01', YEARS],
  ['of five digits', '+10000-01-01T00:00:00Z', FORM],
  ['a day that is none', '2027-02-29T00:00:00Z', FORM],
  ['a leap second', '2026-12-31T23:59:60Z', FORM],
  ['hour 24', '2026-12-31T24:00:00Z', FORM],
  ['an offset of a day', '2026-12-31T00:00:00+24:00', FORM],
  ['a number', 1_800_000_000, FORM],
])('a time %s is refused with its reason', (_, validUntil, message) => {
  const { error } = overrideEntry.safeParse({ validUntil });
  expect(error?.issues).toMatchObject([{ path: ['validUntil'], message }]);
});

/** Samples of what is taken, each under a name of its own. */
function sample<T, N extends object>(
  of: fc.Arbitrary<T>,
  schema: z.ZodType,
  numRuns: number,
  rename: (index: number) => N,
) {
  return fc
    .sample(of, { seed: 13, numRuns })
    .map((entry, index) => ({ ...(onWire(entry) as object), ...rename(index) }))
    .filter((entry) => schema.safeParse(entry).success);
}

const entries = {
  offers: sample(offers, offerEntry, 300, (index) => ({ offer: `contoso${index}/gateway/pro` })),
  licences: sample(licences, licenceEntry, 300, (index) => ({ id: `l${index}`, offer: `contoso/l${index}/pro` })),
};
/** Each licence has an offer of its own, so that none stands in another's way. */
const offersOfLicences = entries.licences.map(({ offer }) => ({ offer, mode: 'licensed' }));

interface Terms {
  readonly offers: readonly object[];
  readonly licences: readonly object[];
}

test('what was taken is unchanged when it comes again, and can be suspended, resumed and changed in every other field', async () => {
  const { connectionString, tablePrefix } = tables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  const parse = ({ offers: ours, licences: theirs }: Terms) =>
    parseCatalogue(onWire({ offers: [...ours, ...offersOfLicences], licences: theirs }));
  const apply = (file: Terms) => applyCatalogue(store, parse(file), options);
  const expectUnchanged = async (file: Terms) => {
    const { offers: ours, licences: theirs } = await apply(file);
    expect([ours.updated, ours.created, theirs.updated, theirs.created]).toEqual([0, 0, 0, 0]);
  };
  await apply(entries);
  await expectUnchanged(entries);
  const stored = await readStored(store);
  const answered = {
    offers: stored.offers.map(({ value }) => writeOffer(value)).filter(({ offer }) => offer.endsWith('/gateway/pro')),
    licences: stored.licences.map(({ value }) => writeLicence(value)),
  };
  await expectUnchanged(answered);
  const csv = finish(writeLicenceFile(stored.licences.map(({ value }) => value)));
  expect(finish(parseLicenceFile('text/csv', csv, parsePlainJsonPieces)).map(({ licence }) => licence)).toEqual(
    stored.licences.map(({ value }) => value),
  );
  const withTerms = (members: object): Terms => ({
    offers: answered.offers.map((offer) => ({ ...offer, ...members })),
    licences: answered.licences.map((licence) => ({ ...licence, ...members })),
  });
  await apply(withTerms({ status: 'suspended' }));
  await apply(withTerms({ features: { 'x.y': 'z'.repeat(4_000) } }));
  await apply(withTerms({ skus: Array.from({ length: 500 }, () => '\u0001'.repeat(64)) }));
  await apply(answered);
  await expectUnchanged(entries);
});
