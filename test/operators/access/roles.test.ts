import { expect, test } from 'vitest';
import { hasRole } from '../../../src/operators/access/roles.ts';

test.each([
  [['Reader'], 'Reader', true],
  [['Reader'], 'Operator', false],
  [['Operator'], 'Reader', true],
  [['Operator'], 'Admin', false],
  [['Admin'], 'Operator', true],
  [['Admin'], 'Admin', true],
  [['admin'], 'Reader', false],
  [[], 'Reader', false],
] as const)('the roles %j reach %s: %s', (roles, asked, reaches) => {
  expect(hasRole(roles, asked)).toBe(reaches);
});
