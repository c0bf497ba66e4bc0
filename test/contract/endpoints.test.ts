import { expect, test } from 'vitest';
import { OPERATOR_ENDPOINTS, VM_ENDPOINTS } from '../../src/contract/endpoints.ts';
import { OPERATOR_PREFIX } from '../../src/operators/route.ts';
import { OPERATOR_ROUTES } from '../../src/operators/routes.ts';

test('the operators’ endpoints are the routes that are served, by the same names', () => {
  const served = OPERATOR_ROUTES.map(({ name, method, path }) => [name, { method, path: `${OPERATOR_PREFIX}${path}` }]);
  expect(Object.fromEntries(served)).toEqual(OPERATOR_ENDPOINTS);
});

test('no two endpoints have the same method and path', () => {
  const all = Object.values({ ...VM_ENDPOINTS, ...OPERATOR_ENDPOINTS }).map(({ method, path }) => `${method} ${path}`);
  expect(all.length).toBeGreaterThan(35);
  expect(new Set(all).size).toBe(all.length);
});
