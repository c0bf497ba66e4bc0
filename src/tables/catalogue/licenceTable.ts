import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import { ANY } from '../../contract/planName.ts';
import type { PlanName } from '../../contract/planName.ts';
import type { Catalogue, CatalogueStore, RecordedLicence } from '../../catalogue/store.ts';
import { inTurns, mapPieces } from '../../contract/pieces.ts';
import { licenceEntity, readLicenceRow } from './catalogueRow.ts';
import { licenceRow, LICENCES_PARTITION, planRow, productRange } from '../kit/keys.ts';
import { mapReadable, readPage } from '../kit/paging.ts';
import { deleteRow, readOneRow, searchAllRows, writeOwnRow } from '../kit/rows.ts';
import type { RowQuery } from '../kit/rows.ts';
import type { Budgets } from '../kit/storeCall.ts';

type LicenceMethods =
  | 'listLicences'
  | 'listLicencesOf'
  | 'lookUpLicence'
  | 'readLicence'
  | 'pageLicences'
  | 'writeLicence'
  | 'deleteLicence';

const ALL_LICENCES = { filter: odata`PartitionKey eq ${LICENCES_PARTITION}` };

/** Licences, by their ids. */
export function licenceTable(
  licences: TableClient,
  budgets: Budgets,
): Pick<Catalogue & CatalogueStore, LicenceMethods> {
  const call = (operation: string) => ({ operation, budget: budgets.call });
  const search = (operation: string) => ({ operation, budget: budgets.search });
  const readLicence: CatalogueStore['readLicence'] = async (id) => {
    const row = await readOneRow(licences, call('read a licence'), LICENCES_PARTITION, licenceRow(id));
    return row === null ? null : readLicenceRow(row);
  };
  return {
    readLicence,
    lookUpLicence: async (id) => (await readLicence(id))?.value ?? null,
    listLicences: async () => readLicenceRows(await searchAllRows(licences, search('read the licences'), ALL_LICENCES)),
    listLicencesOf: async (plan) =>
      readLicenceRows(await searchAllRows(licences, search("read a plan's licences"), ofPlan(plan))),
    pageLicences: async (page) =>
      mapReadable(await readPage(licences, search('list licences'), ALL_LICENCES, page), readLicenceRow),
    writeLicence: (licence, version, change, claim) =>
      writeOwnRow(licences, call('write a licence'), { entity: licenceEntity(licence, change, claim), version }),
    deleteLicence: (id, version) =>
      deleteRow(licences, call('delete a licence'), {
        partitionKey: LICENCES_PARTITION,
        rowKey: licenceRow(id),
        version,
      }),
  };
}

/** There may be tens of thousands. */
function readLicenceRows(rows: readonly unknown[]): Promise<RecordedLicence[]> {
  return inTurns(mapPieces(rows, readLicenceRow));
}

function ofPlan(plan: PlanName): RowQuery {
  const all = ALL_LICENCES.filter;
  if (plan.name !== ANY) return { filter: `${all} and ${odata`plan eq ${planRow(plan)}`}` };
  const { from, to } = productRange(plan);
  return { filter: `${all} and ${odata`plan ge ${from} and plan lt ${to}`}` };
}
