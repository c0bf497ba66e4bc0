import { expect, test } from 'vitest';
import { countPlan } from '../../../src/catalogue/file/cataloguePlan.ts';
import { parseLicenceFile, writeLicenceFile } from '../../../src/catalogue/file/licenceFile.ts';
import { parseCatalogue, parseCataloguePieces } from '../../../src/catalogue/file/parseCatalogue.ts';
import { planCataloguePieces } from '../../../src/catalogue/file/planCatalogue.ts';
import { writeUsageFile } from '../../../src/catalogue/file/usageFile.ts';
import { finish } from '../../../src/contract/pieces.ts';
import type { Pieces } from '../../../src/contract/pieces.ts';
import { parsePlainJsonPieces } from '../../../src/contract/plainJson.ts';

/* Files of operators are worked on in pieces, so that no request holds an instance for long (npm run bench measures it). */

const COUNT = 2_000;
const subscriptionOf = (index: number) => `aaaaaaaa-0000-4000-8000-${String(index).padStart(12, '0')}`;
const FILE = {
  offers: [{ offer: 'a/b/c', mode: 'licensed' }],
  licences: Array.from({ length: COUNT }, (_, index) => ({
    ...{
      id: `licence-${index}`,
      cloud: 'AzurePublicCloud',
      subscription: subscriptionOf(index),
      offer: 'a/b/c',
      seats: 1,
    },
  })),
};
const TEXT = JSON.stringify(FILE);
const catalogue = parseCatalogue(FILE);
const csv = finish(writeLicenceFile(catalogue.licences));
const change = { by: 'test', at: 0 };
const stored = {
  offers: catalogue.offers.map((value) => ({ value, version: '1', change })),
  licences: catalogue.licences.map((value) => ({ value, version: '1', change })),
};
const planned = finish(planCataloguePieces(stored, catalogue));
const usage = Array.from({ length: COUNT }, (_, index) => ({
  ...{ period: '2026-11-01', licence: `licence-${index}`, offer: 'a/b/c', vmHours: 1, mostAtOnce: 1 },
}));

function countPieces(pieces: Pieces<unknown>): number {
  let count = 0;
  while (pieces.next().done !== true) count += 1;
  return count;
}

test.each<[string, () => Pieces<unknown>, number]>([
  ['JSON is read', () => parsePlainJsonPieces(TEXT), (COUNT * 5) / 500],
  ['a catalogue is judged', () => parseCataloguePieces(FILE), COUNT],
  ['a CSV is read and judged', () => parseLicenceFile('text/csv', csv, parsePlainJsonPieces), COUNT],
  [
    'JSON of licences is judged',
    () => parseLicenceFile('application/json', `{"licences":${JSON.stringify(FILE.licences)}}`, parsePlainJsonPieces),
    COUNT,
  ],
  ['a file is planned', () => planCataloguePieces(stored, catalogue), COUNT],
  ['licences are written as CSV', () => writeLicenceFile(catalogue.licences), COUNT],
  ['usage is written as CSV', () => writeUsageFile(usage), COUNT / 100],
  ['what changes is counted', () => countPlan(planned.ok ? planned.plan : { offers: [], licences: [] }), COUNT],
])('%s in pieces', (_, work, least) => {
  expect(countPieces(work())).toBeGreaterThanOrEqual(least);
});
