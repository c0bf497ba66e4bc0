import { odata } from '@azure/data-tables';
import type { TableClient } from '@azure/data-tables';

import type { Catalogue, CatalogueStore, LicenceStore } from '../store.ts';
import { licenceEntity, offerEntity, readLicenceRow, readOfferRow } from './catalogueRow.ts';
import { licencePartition, OFFERS_PARTITION } from './keys.ts';
import { readAllRows, readFirstPage, writeRows } from './rows.ts';

const ALL_OFFERS = { filter: odata`PartitionKey eq ${OFFERS_PARTITION}` };

/** @param budget milliseconds for one operation */
export function catalogueTables(
  offers: TableClient,
  licences: TableClient,
  budget: number,
): Catalogue & CatalogueStore & Pick<LicenceStore, 'holdsAnOffer'> {
  const listOffers: CatalogueStore['listOffers'] = async () =>
    (await readAllRows(offers, { operation: 'read the offers', budget }, ALL_OFFERS)).map(readOfferRow);
  return {
    listOffers,
    readOffers: async () => (await listOffers()).map((row) => row.value),
    holdsAnOffer: async () =>
      (await readFirstPage(offers, { operation: 'look for an offer', budget }, ALL_OFFERS, 1)).length > 0,
    listLicences: async () =>
      (await readAllRows(licences, { operation: 'read the licences', budget }, {})).map(readLicenceRow),
    readLicences: async (cloud, subscriptionId) => {
      const filter = odata`PartitionKey eq ${licencePartition(cloud, subscriptionId)}`;
      const rows = await readAllRows(licences, { operation: "read a subscription's licences", budget }, { filter });
      return rows.map((row) => readLicenceRow(row).value);
    },
    writeOffer: (offer, version, change) =>
      writeRows(offers, { operation: 'write an offer', budget }, [{ entity: offerEntity(offer, change), version }]),
    writeLicence: (licence, version, change) =>
      writeRows(licences, { operation: 'write a licence', budget }, [
        { entity: licenceEntity(licence, change), version },
      ]),
  };
}
