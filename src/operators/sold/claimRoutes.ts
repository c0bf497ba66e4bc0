import * as z from 'zod';
import { claimIdOf, createCode } from '../../catalogue/claimCode.ts';
import type { ClaimCode } from '../../catalogue/claimCode.ts';
import type { CatalogueStore, ClaimStore } from '../../catalogue/store.ts';
import { formatInstant, formatNullable } from '../../contract/instants.ts';
import { claimEntry, claimSchema, createdClaim } from '../../contract/operators/claim.ts';
import type { ClaimJson } from '../../contract/operators/claim.ts';
import { licenceId } from '../../contract/operators/fields.ts';
import { deletedSchema, pageOf } from '../../contract/operators/records.ts';
import { RequestError } from '../../http/requestError.ts';
import { NO_BODY, jsonBody } from '../edge/bodies.ts';
import { pageQuery, readPageQuery, writePage } from '../edge/pages.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';

export interface ClaimNeeds {
  readonly store: ClaimStore & Pick<CatalogueStore, 'readLicence'>;
}

const defineRoute = routesThatNeed<ClaimNeeds>();

const listClaims = defineRoute({
  ...{ name: 'listClaims', role: 'Reader' },
  summary: 'The claim codes of all licences, or of one, and which subscriptions used them',
  ...{ params: NOTHING, query: z.strictObject({ licence: licenceId.optional(), ...pageQuery }), body: NO_BODY },
  answer: { mediaType: 'application/json', schema: pageOf(claimSchema) },
  codes: [],
  handle: async ({ needs, query, log }) => {
    const page = await needs.store.pageClaims(query.licence ?? null, readPageQuery(query));
    return { value: writePage(page, ({ value }) => writeClaim(value), { log }) };
  },
});

const createClaim = defineRoute({
  ...{ name: 'createClaim', role: 'Operator' },
  summary:
    'Creates a code that attaches subscriptions to a licence. It is shown once: the service keeps a digest of it',
  ...{ params: NOTHING, query: NOTHING, body: jsonBody(claimEntry), creates: true },
  answer: { mediaType: 'application/json', schema: createdClaim },
  codes: ['not_found', 'changed_meanwhile'],
  handle: async ({ needs: { store }, body, change, record }) => {
    const licence = await store.readLicence(body.licence);
    if (licence === null) throw noSuchLicence();
    if (body.until !== null && body.until <= change.at)
      throw new RequestError('request_malformed', 'until is in the past. Choose a later time, or leave it out.');
    const code = createCode();
    const value: ClaimCode = {
      id: claimIdOf(code) ?? '',
      ...{ licenceId: licence.value.id, uses: body.uses, used: [], until: body.until, note: body.note },
      ...{ createdBy: change.by, createdAt: change.at },
    };
    await record({ ...recordKey(value), version: null, old: null, new: writeClaim(value) });
    const written = await store.writeClaim(value, null);
    if (written.outcome !== 'written') throw new RequestError('changed_meanwhile');
    // Deleted in the same instant: the code is not to attach anything to a later licence of this id.
    if ((await store.readLicence(value.licenceId)) === null) {
      await store.deleteClaim(value.id);
      throw noSuchLicence();
    }
    const claim = writeClaim(value);
    return { value: { claim, code }, kept: { claim, code: null }, isNew: true };
  },
});

const deleteClaim = defineRoute({
  ...{ name: 'deleteClaim', role: 'Operator' },
  summary: 'Revokes a claim code. The subscriptions that it attached stay',
  params: z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/, 'must be the id of a claim code') }),
  ...{ query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: deletedSchema },
  codes: ['not_found'],
  handle: async ({ needs: { store }, params, record }) => {
    const stored = await store.readClaim(params.id);
    if (stored === null) throw noSuchClaim();
    await record({ ...recordKey(stored.value), version: stored.version, old: writeClaim(stored.value), new: null });
    if ((await store.deleteClaim(params.id)) === 'absent') throw noSuchClaim();
    return { value: { deleted: true as const } };
  },
});

export const CLAIM_ROUTES: readonly OperatorRoute<ClaimNeeds>[] = [listClaims, createClaim, deleteClaim];

function noSuchClaim(): RequestError {
  return new RequestError('not_found', 'There is no claim code with this id.');
}

/** The id says nothing about the code. */
function recordKey({ id }: ClaimCode) {
  return { kind: 'claim', key: id } as const;
}

function noSuchLicence(): RequestError {
  return new RequestError('not_found', 'There is no licence with this id.');
}

function writeClaim({ licenceId: licence, ...claim }: ClaimCode): ClaimJson {
  const { id, uses, used, until, note, createdBy, createdAt } = claim;
  return {
    ...{ id, licence, uses, until: formatNullable(until), note, createdBy },
    used: used.map(({ cloud, subscriptionId: subscription, at }) => ({ cloud, subscription, at: formatInstant(at) })),
    createdAt: formatInstant(createdAt),
  };
}
