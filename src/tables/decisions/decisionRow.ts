import type { TableEntity } from '@azure/data-tables';
import * as z from 'zod';

import { DECISION_CODES, attestedPlan, decisionCheck } from '../../contract/operators/decision.ts';
import type { DecisionRecord } from '../../decisions/decisionRecord.ts';
import { decisionDay, decisionRow } from '../kit/keys.ts';
import { parseJsonProperty, readRow, rowInstant, ROW_SCHEMA } from '../kit/readRow.ts';

const row = z.object({
  id: z.string(),
  at: rowInstant,
  code: z.enum(DECISION_CODES),
  cloud: z.string(),
  subscriptionId: z.string(),
  vmId: z.string(),
  plan: z.string().transform(parseJsonProperty).pipe(attestedPlan.nullable()),
  claimedOffer: z.string().optional(),
  offer: z.string().optional(),
  licenceId: z.string().optional(),
  region: z.string().optional(),
  sku: z.string().optional(),
  checks: z.string().transform(parseJsonProperty).pipe(z.array(decisionCheck)),
});

/** What is looked for stands in columns of its own. */
export function decisionEntity(decision: DecisionRecord): TableEntity {
  const { at, plan, checks, claimedOffer, offer, licenceId, region, sku, ...rest } = decision;
  return {
    partitionKey: decisionDay(at),
    rowKey: decisionRow(decision.id),
    schema: ROW_SCHEMA,
    ...rest,
    at: new Date(at),
    plan: JSON.stringify(plan),
    checks: JSON.stringify(checks),
    ...(claimedOffer !== null && { claimedOffer }),
    ...(offer !== null && { offer }),
    ...(licenceId !== null && { licenceId }),
    ...(region !== null && { region }),
    ...(sku !== null && { sku }),
  };
}

/** @throws StoreUnavailableError */
export function readDecisionRow(entity: unknown): DecisionRecord {
  const { claimedOffer, offer, licenceId, region, sku, ...rest } = readRow('decision', row, entity);
  return {
    ...rest,
    claimedOffer: claimedOffer ?? null,
    offer: offer ?? null,
    licenceId: licenceId ?? null,
    region: region ?? null,
    sku: sku ?? null,
  };
}
