import { expect, test } from 'vitest';
import { loadOperatorsLater } from '../../src/app/operatorRoutes.ts';
import { OPERATOR_ENDPOINTS } from '../../src/contract/endpoints.ts';
import type { ServedRoute } from '../../src/http/edge.ts';
import { replyJson } from '../../src/http/problems.ts';
import { createRequest } from './edgeRequest.ts';

const ROUTE: ServedRoute = {
  name: 'listOffers',
  ...OPERATOR_ENDPOINTS.listOffers,
  useCase: () => Promise.resolve(replyJson(200, [])),
};

function useCaseOf(routes: readonly ServedRoute[], name: string) {
  const route = routes.find((one) => one.name === name);
  if (route === undefined) throw new Error(`There is no route ${name}.`);
  return route.useCase;
}

test('every operators’ route is registered before anything of them is loaded', async () => {
  let loads = 0;
  const routes = loadOperatorsLater(() => {
    loads += 1;
    return Promise.resolve([ROUTE]);
  });
  expect(loads).toBe(0);
  expect(Object.fromEntries(routes.map(({ name, method, path }) => [name, { method, path }]))).toEqual(
    OPERATOR_ENDPOINTS,
  );
  const listOffers = useCaseOf(routes, 'listOffers');
  const replies = await Promise.all([listOffers(createRequest()), listOffers(createRequest())]);
  expect([replies.map(({ status }) => status), loads]).toEqual([[200, 200], 1]);
  await expect(useCaseOf(routes, 'putOffer')(createRequest())).rejects.toThrow('putOffer is not served');
});

test('what could not be loaded is loaded by the next request', async () => {
  let loads = 0;
  const routes = loadOperatorsLater(() => {
    loads += 1;
    return loads === 1 ? Promise.reject(new Error('no such file')) : Promise.resolve([ROUTE]);
  });
  const listOffers = useCaseOf(routes, 'listOffers');
  await expect(listOffers(createRequest())).rejects.toThrow('no such file');
  expect((await listOffers(createRequest())).status).toBe(200);
});
