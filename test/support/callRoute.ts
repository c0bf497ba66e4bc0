import type { OperatorEndpoint } from '../../src/contract/endpoints.ts';
import { CLAIM_ROUTES } from '../../src/operators/sold/claimRoutes.ts';
import type { ClaimNeeds } from '../../src/operators/sold/claimRoutes.ts';
import { LICENCE_ROUTES } from '../../src/operators/sold/licenceRoutes.ts';
import type { LicenceNeeds } from '../../src/operators/sold/licenceRoutes.ts';
import { OFFER_ROUTES } from '../../src/operators/sold/offerRoutes.ts';
import type { OfferNeeds } from '../../src/operators/sold/offerRoutes.ts';
import { OVERRIDE_ROUTES } from '../../src/operators/sold/overrideRoutes.ts';
import type { OverrideNeeds } from '../../src/operators/sold/overrideRoutes.ts';
import { ANY_VERSION } from '../../src/operators/edge/versions.ts';

/** What the routes of offers, licences, overrides and claim codes need of a store. */
export type WriterStore = OfferNeeds['store'] & LicenceNeeds['store'] & OverrideNeeds['store'] & ClaimNeeds['store'];

const ROUTES = [...OFFER_ROUTES, ...LICENCE_ROUTES, ...OVERRIDE_ROUTES, ...CLAIM_ROUTES];

export interface RouteCall {
  readonly params: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Whether the request has `If-Match: *`. */
  readonly alters?: boolean;
  readonly query?: string;
}

/**
 * One request of an operator, without a service before the route.
 *
 * @param at milliseconds since the epoch
 * @throws {RequestError}
 */
export async function callRoute(
  store: WriterStore,
  name: OperatorEndpoint,
  { params, body, alters = false, query = '' }: RouteCall,
  at: number,
): Promise<unknown> {
  const route = ROUTES.find((one) => one.name === name);
  if (route === undefined) throw new Error(`There is no route ${name}.`);
  const readOffers = async () => (await store.listOffers()).map(({ value }) => value);
  const run = await route.prepare({
    needs: { store, catalogue: { readOffers }, licenceLife: 30 * 86_400, now: () => at },
    ...{ params, query: new URLSearchParams(query), mediaType: 'application/json' },
    text: JSON.stringify(body ?? null),
    expected: alters ? ANY_VERSION : null,
    change: { by: name, at },
    record: () => Promise.resolve({ drop: () => Promise.resolve(), leave: () => undefined }),
    log: () => undefined,
  });
  return (await run()).value;
}
