import { UnsecuredJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { OPERATOR_ROLES } from '../../src/operators/access/roles.ts';
import type { OperatorRole } from '../../src/operators/access/roles.ts';
import { send } from '../endToEnd/protocolClient.ts';
import { useStack } from '../operators/useStack.ts';
import { listPlaces, readDocument } from './document.ts';
import type { Place } from './document.ts';

const stack = useStack();

let operators: readonly Place[];

beforeAll(async () => {
  const places = listPlaces(await readDocument(stack().serviceUrl));
  operators = places.filter(({ path }) => path.startsWith('/operator/'));
});

/** An address of the route, whose parameters need not name anything: a token is judged before they are looked at. */
function call({ method, path }: Place, authorization: string | null) {
  const url = `${stack().serviceUrl}${path.replaceAll(/\{[^}]*\}/g, 'x')}`;
  return send(url, {
    method,
    headers: { 'Content-Type': 'application/json', ...(authorization !== null && { Authorization: authorization }) },
    ...(method !== 'GET' && { body: '{}' }),
  });
}

const now = () => Math.floor(Date.now() / 1000);
const ROLES = [...OPERATOR_ROLES];
const OTHER = '99999999-0000-4000-8000-000000000001';

/** What each token is otherwise than a good one with every role. */
const BAD_TOKENS: Readonly<Record<string, () => Readonly<Record<string, unknown>>>> = {
  'another audience': () => ({ aud: OTHER }),
  'another tenant': () => ({ tid: OTHER }),
  'another issuer': () => ({ iss: `https://login.microsoftonline.com/${OTHER}/v2.0` }),
  expired: () => ({ iat: now() - 7_200, nbf: now() - 7_200, exp: now() - 3_600 }),
  'not yet valid': () => ({ nbf: now() + 3_600 }),
  'an ID token': () => ({ azp: undefined }),
};

test('there are operators’ routes to try', () => {
  expect(operators.length).toBeGreaterThan(20);
  expect(new Set(operators.map((place) => place['x-role']))).toEqual(new Set(OPERATOR_ROLES));
});

test('every operators’ route refuses a request without a token', async () => {
  for (const place of operators) {
    const { status, body, headers } = await call(place, null);
    expect([status, body['code'], headers.get('www-authenticate')], place.path).toEqual([
      401,
      'token_missing',
      'Bearer',
    ]);
  }
});

test.each(Object.entries(BAD_TOKENS))('every operators’ route refuses a token: %s', async (_, claims) => {
  const token = await stack().issuer.issueToken({ roles: ROLES, claims: claims() });
  for (const place of operators) {
    const { status, body, headers } = await call(place, `Bearer ${token}`);
    expect([status, body['code']], place.path).toEqual([401, 'token_invalid']);
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  }
});

test('every operators’ route refuses what is no token, and one that nobody signed', async () => {
  const good = stack().operatorTokens.Admin;
  const claims = JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const bad = [
    'Bearer x',
    'Basic YTpi',
    `Bearer ${new UnsecuredJWT(claims).encode()}`,
    `Bearer ${good.slice(0, -8)}AAAAAAAA`,
  ];
  for (const place of operators) {
    for (const authorization of bad) {
      expect((await call(place, authorization)).body['code'], `${place.path} ${authorization.slice(0, 9)}`).toBe(
        'token_invalid',
      );
    }
  }
});

/** Roles that do not reach the one asked for; a role of another application and none at all never do. */
function lesserRoles(asked: OperatorRole): readonly (readonly string[])[] {
  const lesser = OPERATOR_ROLES.slice(0, OPERATOR_ROLES.indexOf(asked));
  return [[], ['Gardener'], ['reader'], ...lesser.map((role) => [role])];
}

test('every operators’ route refuses every role below its own, and takes its own', async () => {
  for (const place of operators) {
    const asked = place['x-role'] ?? 'Admin';
    for (const roles of lesserRoles(asked)) {
      const { status, body, headers } = await call(place, `Bearer ${await stack().issuer.issueToken({ roles })}`);
      expect([status, body['code']], `${place.path} ${roles.join()}`).toEqual([403, 'role_missing']);
      expect(headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"');
    }
    const { status } = await call(place, `Bearer ${stack().operatorTokens[asked]}`);
    expect([401, 403].includes(status), place.path).toBe(false);
  }
});
