import * as z from 'zod';
import { MAX_BODY } from '../../contract/bodySize.ts';
import type { FieldProblem } from '../../contract/wire.ts';
import { countPlan, isChanged, placeInCatalogue } from '../../catalogue/file/cataloguePlan.ts';
import type { CatalogueFile, CataloguePlan, CatalogueProblem, Upsert } from '../../catalogue/file/cataloguePlan.ts';
import { findLongOffers } from '../../catalogue/file/licenceLife.ts';
import {
  CatalogueError,
  MAX_LICENCES,
  catalogueSchema,
  parseCataloguePieces,
} from '../../catalogue/file/parseCatalogue.ts';
import {
  LICENCE_COLUMNS,
  jsonFileSchema,
  parseLicenceFile,
  placeProblem,
  writeLicenceFile,
} from '../../catalogue/file/licenceFile.ts';
import type { FileLicence } from '../../catalogue/file/licenceFile.ts';
import { planCataloguePieces } from '../../catalogue/file/planCatalogue.ts';
import { readStored } from '../../catalogue/file/readStored.ts';
import { writeTogether } from '../../catalogue/file/writeTogether.ts';
import { writeLicence } from '../../contract/operators/licence.ts';
import { writeOffer } from '../../contract/operators/offer.ts';
import { must } from '../../contract/operators/fields.ts';
import { applyReport, catalogueAnswer } from '../../contract/operators/records.ts';
import { inTurns, mapPieces } from '../../contract/pieces.ts';
import type { Pieces } from '../../contract/pieces.ts';
import { RequestError } from '../../http/requestError.ts';
import { NO_BODY, parseJson } from '../edge/bodies.ts';
import { describeRows } from './fileRows.ts';
import type { Place } from './fileRows.ts';
import type { BodyForm } from '../edge/bodies.ts';
import { describedLicence } from './licenceRoutes.ts';
import { describedOffer } from './offerRoutes.ts';
import { codeOf, describeChange } from '../writes/oneRow.ts';
import type { Described } from '../writes/oneRow.ts';
import type { Changed } from '../edge/recordChanges.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { Call, OperatorRoute } from '../edge/route.ts';
import { runAlone } from '../writes/runAlone.ts';
import type { OfferStore } from '../../catalogue/offers/changeOffers.ts';
import type { CatalogueStore } from '../../catalogue/store.ts';
import type { RequestStore } from '../../http/requestStore.ts';

export interface FileNeeds {
  readonly store: CatalogueStore & OfferStore & RequestStore;
  /** Seconds: the most from a licence's issue to the end of its grace. */
  readonly licenceLife: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const defineRoute = routesThatNeed<FileNeeds>();

/*
 * Offers and licences as files. A file is judged whole, with all that the store holds, before anything is written; then it
 * is written whole or not at all.
 */

const readCatalogue = defineRoute({
  ...{ name: 'readCatalogue', role: 'Reader' },
  summary: `All offers and licences as one file, which can be applied again, at most ${MAX_LICENCES} licences at a time`,
  ...{ params: NOTHING, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: catalogueAnswer },
  codes: [],
  handle: async ({ needs: { store } }) => {
    const [offers, licences] = await Promise.all([store.listOffers(), store.listLicences()]);
    const value = {
      offers: offers.map((row) => writeOffer(row.value)),
      licences: await inTurns(mapPieces(licences, (row) => writeLicence(row.value))),
    };
    return { value };
  },
});

const MAX_PROBLEMS = 1_000;

function refuseFile(problems: readonly FieldProblem[], code: CatalogueProblem['code'] = 'request_malformed') {
  const detail = `Nothing was written. ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}: see "errors".`;
  return new RequestError(code, detail, null, problems.slice(0, MAX_PROBLEMS));
}

/** @throws {RequestError} with the problems of the file */
function* refusing<T>(parsing: Pieces<T>): Pieces<T> {
  try {
    return yield* parsing;
  } catch (error) {
    if (error instanceof CatalogueError) throw refuseFile(error.problems);
    throw error;
  }
}

const catalogueBody: BodyForm<CatalogueFile> = {
  content: { 'application/json': catalogueSchema },
  largest: MAX_BODY,
  *parse(_, text) {
    return yield* refusing(parseCataloguePieces(yield* parseJson(text)));
  },
};

const fileQuery = z.strictObject({
  rows: z
    .enum(['true', 'false'], must('be true or false'))
    .default('false')
    .describe('true: with dryRun=true, answer also each object that is created or changed, old and new.'),
});

const applyCatalogue = defineRoute({
  ...{ name: 'applyCatalogue', role: 'Operator' },
  summary: 'Makes the store hold what a file of offers and licences says; what it does not name stays',
  ...{ params: NOTHING, query: fileQuery, body: catalogueBody, dryRun: 'answer' },
  answer: { mediaType: 'application/json', schema: applyReport },
  codes: ['name_taken', 'in_use', 'busy', 'changed_meanwhile'],
  handle: (call) => apply(call, call.body, placeInCatalogue),
});

const licenceFileBody: BodyForm<readonly FileLicence[]> = {
  content: {
    'text/csv': z
      .string()
      .describe(
        `RFC 4180 with a header: ${LICENCE_COLUMNS.join(', ')}. Lists have semicolons. Fields may have them instead of commas.`,
      ),
    'application/json': jsonFileSchema,
  },
  largest: MAX_BODY,
  parse: (mediaType, text) => refusing(parseLicenceFile(mediaType, text, parseJson)),
};

const importLicences = defineRoute({
  ...{ name: 'importLicences', role: 'Operator' },
  summary: `Creates and updates at most ${MAX_LICENCES} licences from a file, CSV or JSON: what it leaves out of a licence that is there stays. Every problem is told with its line`,
  ...{ params: NOTHING, query: fileQuery, body: licenceFileBody, dryRun: 'answer' },
  answer: { mediaType: 'application/json', schema: applyReport },
  codes: ['name_taken', 'in_use', 'busy', 'changed_meanwhile'],
  handle: (call) => {
    const licences = call.body.map(({ licence }) => licence);
    const kept = new Map(call.body.map(({ licence, leftOut }) => [licence, leftOut]));
    return apply(call, { offers: [], licences, kept }, ({ index, ...problem }) =>
      placeProblem(call.body[index]?.place ?? { field: '' }, problem),
    );
  },
});

const exportLicences = defineRoute({
  ...{ name: 'exportLicences', role: 'Reader' },
  summary: `All licences as CSV, which can be imported again: above ${MAX_LICENCES} in parts, split by lines`,
  ...{ params: NOTHING, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'text/csv', schema: z.string() },
  codes: [],
  handle: async ({ needs }) => {
    const rows = await needs.store.listLicences();
    return { value: await inTurns(writeLicenceFile(rows.map((row) => row.value))) };
  },
});

export const FILE_ROUTES: readonly OperatorRoute<FileNeeds>[] = [
  readCatalogue,
  applyCatalogue,
  importLicences,
  exportLicences,
];

type FileCall = Call<FileNeeds, unknown, z.output<typeof fileQuery>>;

function apply(call: FileCall, file: CatalogueFile, place: Place): Promise<{ value: z.input<typeof applyReport> }> {
  const { store, now } = call.needs;
  // A trial writes nothing that another could find.
  if (call.dryRun) return applyNow(call, file, place);
  return runAlone({ store, now, log: call.log }, () => applyNow(call, file, place));
}

async function applyNow({ needs, query, dryRun, change, record }: FileCall, file: CatalogueFile, place: Place) {
  const planned = await inTurns(planCataloguePieces(await readStored(needs.store), file));
  if (!planned.ok) throw refuseFile(planned.problems.map(place), codeOf(planned.problems));
  const tooLong = findLongOffers(planned.plan.offers, needs.licenceLife * 1_000);
  if (tooLong.length > 0) throw refuseFile(tooLong.map(place));
  if (!dryRun) await record(...(await describePlan(planned.plan)));
  if (!dryRun && !(await writeTogether(needs.store, planned.plan, change))) {
    throw new RequestError(
      'changed_meanwhile',
      'Somebody else wrote one of the rows at the same time. Nothing was written.',
    );
  }
  const rows = dryRun && query.rows === 'true' ? { rows: await describeRows(planned.plan, place) } : {};
  return { value: { dryRun, ...(await inTurns(countPlan(planned.plan))), ...rows } };
}

/** One record for each object that is changed. */
async function describePlan({ offers, licences }: CataloguePlan): Promise<readonly Changed[]> {
  const described = [
    ...(await inTurns(mapPieces(offers, (upsert) => describeUpsert(describedOffer(upsert.value), upsert)))),
    ...(await inTurns(mapPieces(licences, (upsert) => describeUpsert(describedLicence(upsert.value), upsert)))),
  ];
  return described.filter((changed) => changed !== null);
}

function describeUpsert<T>(described: Described<T>, upsert: Upsert<T>): Changed | null {
  return isChanged(upsert) ? describeChange(described, upsert) : null;
}
