import { expect, test } from 'vitest';
import { reachesAsFar, readOperator } from '../../../src/console/session/operator.ts';

const tokenOf = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

test('name, id and the furthest-reaching role are those of the token', () => {
  const token = tokenOf({ oid: 'an-id', name: 'Zoë Müller 🙂', roles: ['Reader', 'Admin', 'Owner'] });
  expect(readOperator(token)).toEqual({ id: 'an-id', name: 'Zoë Müller 🙂', role: 'Admin' });
});

test.each(['', 'x', 'a.b.c', tokenOf(null), tokenOf({ roles: 'Admin' })])('%s gives nobody a role', (token) => {
  expect(readOperator(token).role).toBeNull();
});

test('each role reaches as far as those before it', () => {
  expect(reachesAsFar('Operator', 'Reader')).toBe(true);
  expect(reachesAsFar('Operator', 'Admin')).toBe(false);
  expect(reachesAsFar(null, 'Reader')).toBe(false);
});
