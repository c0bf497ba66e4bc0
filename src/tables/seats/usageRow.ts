import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import type { UsageRow } from '../../seats/store.ts';
import type { LicensedVm, SummedHours, VmHours } from '../../usage/store.ts';
import { parseUsageRow, summedRow, usageRow, VM_ROWS } from '../kit/keys.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';

/** @param counts of the 24 hours */
export function sumEntity(
  partitionKey: string,
  { day, counts: hourly, ...of }: Omit<SummedHours, 'vmId'>,
): TableEntity {
  const { cloud, subscriptionId, licenceId, offer } = of;
  const rowKey = summedRow(day, of);
  const columns = { cloud, subscriptionId, licenceId, offer, counts: JSON.stringify(hourly) };
  return { partitionKey, rowKey, schema: ROW_SCHEMA, ...columns };
}

export function usageEntity(partitionKey: string, row: UsageRow): TableEntity {
  const { day, vmId, cloud, subscriptionId, licenceId, offer, hours } = row;
  const rowKey = usageRow(day, vmId);
  return { partitionKey, rowKey, schema: ROW_SCHEMA, cloud, subscriptionId, licenceId, offer, hours };
}

const licensed = { cloud: z.string(), subscriptionId: z.string(), licenceId: z.string(), offer: z.string() };

const hoursRow = z.object({ ...licensed, hours: z.int().min(1).max(0xff_ffff) });

const counts = z.array(z.int().min(0)).length(24);

const sumRow = z.object({ ...licensed, counts: z.string().transform(parseJsonProperty).pipe(counts) });

/** @throws StoreUnavailableError */
export function readUsageRow(entity: { readonly rowKey?: string }): VmHours | SummedHours {
  const { day, vmId } = parseUsageRow(entity.rowKey ?? '');
  if (vmId === null) return { day, vmId, ...readRow('summed hours', sumRow, entity) };
  return { day, vmId, ...readRow('hours', hoursRow, entity) };
}

const licensedRow = z.object({
  ...licensed,
  rowKey: z.string().startsWith(VM_ROWS.from),
  issuedAt: rowInstant,
  expiresAt: rowInstant,
  countedDay: z.int().nullish(),
  countedHours: z.int().nullish(),
  movedTo: z.string().nullish(),
});

/** The columns that {@link readLicensedRow} needs. */
export const LICENSED_COLUMNS = ['schema', ...Object.keys(licensedRow.shape)];

/** @throws StoreUnavailableError */
export function readLicensedRow(entity: unknown): LicensedVm {
  const { rowKey, countedDay, countedHours, movedTo = null, ...rest } = readRow('activation', licensedRow, entity);
  const counted = typeof countedDay === 'number' && typeof countedHours === 'number';
  return {
    ...rest,
    vmId: rowKey.slice(VM_ROWS.from.length),
    movedTo,
    counted: counted ? { day: countedDay, hours: countedHours } : null,
  };
}
