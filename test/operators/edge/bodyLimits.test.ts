import { expect, test } from 'vitest';
import { MAX_BODY } from '../../../src/contract/bodySize.ts';
import { REQUEST_BODY_LIMIT } from '../../../src/dev/stack.ts';
import { OPERATOR_ROUTES } from '../../../src/operators/routes.ts';
import { MAX_BODY_OCTETS } from '../../../src/vm/requestBody.ts';

test('no route takes a longer body than the platform lets through', () => {
  const limits = OPERATOR_ROUTES.map(({ name, body: { largest } }) => ({ name, largest }));
  expect(limits.length).toBeGreaterThan(30);
  expect(limits.filter(({ largest }) => largest > MAX_BODY)).toEqual([]);
  expect(MAX_BODY_OCTETS).toBeLessThan(MAX_BODY);
  expect(REQUEST_BODY_LIMIT).toBeGreaterThan(MAX_BODY);
});
