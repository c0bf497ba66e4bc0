import type { Holding, HoldingKey } from '../../src/catalogue/holding.ts';
import { offerKey } from '../../src/catalogue/offers/offerNames.ts';
import type { CatalogueStore, RecordedLicence } from '../../src/catalogue/store.ts';
import { foldCase } from '../../src/contract/planName.ts';
import { MemoryRows } from './memoryRows.ts';

type LicenceMethods = 'readLicence' | 'writeLicence' | 'deleteLicence' | 'readHolding' | 'writeHolding';

/** The rows of licences and holdings in memory. */
export function createLicenceRows() {
  const licences = new MemoryRows<Omit<RecordedLicence, 'version'>>();
  const holdings = new MemoryRows<Holding>();
  const nameOf = ({ cloud, subscriptionId, plan }: HoldingKey) => `${cloud}/${subscriptionId}/${offerKey({ plan })}`;
  const readAll = (): readonly RecordedLicence[] =>
    [...licences.rows.values()].map(({ value, version }) => ({ ...value, version }));
  const store: Pick<CatalogueStore, LicenceMethods> = {
    readLicence: async (id) => {
      const row = await licences.read(foldCase(id));
      return row === null ? null : { ...row.value, version: row.version };
    },
    writeLicence: (value, version, change, claim = '') =>
      licences.write(foldCase(value.id), { value, change, claim }, version),
    deleteLicence: (id, version) => licences.delete(foldCase(id), version),
    readHolding: (key) => holdings.read(nameOf(key)),
    writeHolding: async (value, version) => (await holdings.write(nameOf(value), value, version)).outcome,
  };
  return { store, readAll, holdings: holdings.rows, nameOf };
}
