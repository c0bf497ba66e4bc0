import { expect, test } from 'vitest';
import { CONSOLE_ENDPOINTS, OPERATOR_ENDPOINTS, VM_ENDPOINTS } from '../../src/contract/endpoints.ts';
import { OPERATOR_ROUTES } from '../../src/operators/routes.ts';

test('every operators’ endpoint is served once', () => {
  const served = OPERATOR_ROUTES.map(({ name }) => name);
  expect(served.toSorted()).toEqual(Object.keys(OPERATOR_ENDPOINTS).toSorted());
});

test('no two endpoints have the same method and path', () => {
  const every = { ...VM_ENDPOINTS, ...CONSOLE_ENDPOINTS, ...OPERATOR_ENDPOINTS };
  const all = Object.values(every).map(({ method, path }) => `${method} ${path}`);
  expect(all.length).toBeGreaterThan(35);
  expect(new Set(all).size).toBe(all.length);
});
