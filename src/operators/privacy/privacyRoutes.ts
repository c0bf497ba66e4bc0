import * as z from 'zod';
import { cloud, uuid } from '../../contract/operators/fields.ts';
import { erasureReport, privacyItem } from '../../contract/operators/privacy.ts';
import { pageOf } from '../../contract/operators/records.ts';
import { parsePoolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import { RequestError } from '../../http/requestError.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { eraseSubscription } from './erasePrivacy.ts';
import { exportPrivacy } from './exportPrivacy.ts';
import { reportTrial } from '../writes/oneRow.ts';
import { pageQuery, readPageQuery, writePage } from '../edge/pages.ts';
import type { PrivacyStore } from './privacySubject.ts';
import { routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

export interface PrivacyNeeds {
  readonly store: PrivacyStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const defineRoute = routesThatNeed<PrivacyNeeds>();

const params = z.strictObject({ cloud, subscription: uuid });

/** Milliseconds: the platform ends a request after 230 seconds. */
const MAX_TIME = 150_000;

const exportPersonal = defineRoute({
  ...{ name: 'exportPrivacy', role: 'Admin' },
  summary: 'Everything that is kept of a subscription: what operators wrote, activations, hours, decisions',
  ...{ params, query: z.strictObject(pageQuery), body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(privacyItem) },
  codes: [],
  handle: async ({ needs, params: { cloud: name, subscription }, query, log }) => {
    const of = { cloud: name, subscriptionId: subscription };
    const page = await exportPrivacy(needs.store, of, readPageQuery(query));
    return { value: writePage(page, (item) => item, { log, cloud: name }) };
  },
});

const eraseQuery = z.strictObject({
  continuation: z.string().min(1).max(512).optional().describe('The continuation of the answer before.'),
});

const erasePersonal = defineRoute({
  ...{ name: 'erasePrivacy', role: 'Admin' },
  summary: 'Erases what names VMs and people of a subscription, keeps sums, and lists what must stay',
  ...{ params, query: eraseQuery, body: NO_BODY, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: erasureReport },
  codes: [],
  handle: async ({ needs, params: { cloud: name, subscription }, query, dryRun, change: { at }, record, log }) => {
    const of = { cloud: name, subscriptionId: subscription };
    const after = readPlace(query.continuation);
    const isLate = () => needs.now() - at >= MAX_TIME;
    const erasure = { kind: 'privacy', key: `${name}/${subscription}`, version: null, old: null } as const;
    if (!dryRun) await record({ ...erasure, new: null });
    const { licences, ...report } = await eraseSubscription(needs.store, { of, at, after, isTrial: dryRun, isLate });
    const { erased, kept, keptInAll, complete } = report;
    if (dryRun) {
      const [old, after] = [{ activations: erased.vms }, { activations: 0, kept, keptInAll }];
      const effect = { vms: complete ? erased.vms : null, licences: [...licences] };
      const affected = [{ id: erasure.key, version: null }];
      return { value: reportTrial({ old, new: after, effect, affected }), kept: null };
    }
    await record({ ...erasure, new: { ...erased, kept: keptInAll, complete } });
    log('info', 'privacy_erased', { ...erased, kept: keptInAll, complete });
    // The answer names VMs, and an erasure that is sent again does no harm.
    return { value: report, kept: null };
  },
});

/** The pool after which an erasure goes on. */
function readPlace(continuation: string | undefined): SeatPool | null {
  if (continuation === undefined) return null;
  const pool = parsePoolName(continuation);
  if (pool !== null) return pool;
  throw new RequestError('request_malformed', 'The continuation is not one of an erasure: leave it out to start over.');
}

export const PRIVACY_ROUTES: readonly OperatorRoute<PrivacyNeeds>[] = [exportPersonal, erasePersonal];
