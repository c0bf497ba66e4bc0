import { isChanged } from '../../catalogue/file/cataloguePlan.ts';
import type { CataloguePlan, CatalogueProblem, Upsert } from '../../catalogue/file/cataloguePlan.ts';
import type { FileRowJson } from '../../contract/operators/records.ts';
import { inTurns, mapPieces } from '../../contract/pieces.ts';
import type { FieldProblem } from '../../contract/wire.ts';
import { pickDifferent } from '../writes/effects.ts';
import { describedLicence } from './licenceRoutes.ts';
import { describedOffer } from './offerRoutes.ts';
import type { Described } from '../writes/oneRow.ts';

/** Where in the file it stands. */
export type Place = (problem: CatalogueProblem) => FieldProblem;

/** What a file would write, object by object, each with its place in the file. */
export async function describeRows({ offers, licences }: CataloguePlan, place: Place): Promise<FileRowJson[]> {
  const rows = [
    ...(await describeList(offers, 'offers', { place, describe: describedOffer })),
    ...(await describeList(licences, 'licences', { place, describe: describedLicence })),
  ];
  return rows.filter((row) => row !== null);
}

interface RowsOf<T> {
  readonly place: Place;
  readonly describe: (value: T) => Described<T>;
}

function describeList<T>(
  upserts: readonly Upsert<T>[],
  list: CatalogueProblem['list'],
  { place, describe }: RowsOf<T>,
): Promise<(FileRowJson | null)[]> {
  const kind = list === 'offers' ? 'offer' : 'licence';
  return inTurns(
    mapPieces(upserts, (upsert, index) => {
      if (!isChanged(upsert)) return null;
      const { key, show } = describe(upsert.value);
      const { line, field } = place({ list, index, code: 'request_malformed', field: '', message: '' });
      const at = line === undefined ? { field } : { line };
      return { kind, id: key, ...at, ...describeMembers(show, upsert) } as const;
    }),
  );
}

function describeMembers<T>(
  show: (value: T) => object,
  { value, stored }: Upsert<T>,
): Pick<FileRowJson, 'old' | 'new'> {
  const changed = show(value);
  if (stored === null) return { old: null, new: { ...changed } };
  const old = show(stored.value);
  return { old: pickDifferent(old, changed), new: pickDifferent(changed, old) };
}
