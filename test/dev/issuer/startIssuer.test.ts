import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { startIssuer } from '../../../src/dev/issuer/startIssuer.ts';

const AT = Date.UTC(2026, 10, 23, 12);

async function started() {
  const issuer = await startIssuer({ clock: () => AT });
  onTestFinished(() => issuer.close());
  return issuer;
}

async function discover(issuer: string): Promise<{ issuer: string; jwks_uri: string }> {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  return (await response.json()) as { issuer: string; jwks_uri: string };
}

test('a token verifies under the key set that discovery names, and has the claims of Entra’s version 2.0', async () => {
  const { settings, tenant, audience, issueToken } = await started();
  const discovered = await discover(settings.ENTRA_ISSUER);
  expect(discovered.issuer).toBe(settings.ENTRA_ISSUER);
  const token = await issueToken({ roles: ['Reader'] });
  const keySet = createRemoteJWKSet(new URL(discovered.jwks_uri));
  const { payload } = await jwtVerify(token, keySet, {
    ...{ issuer: settings.ENTRA_ISSUER, audience, algorithms: ['RS256'], currentDate: new Date(AT) },
  });
  expect(payload).toMatchObject({ tid: tenant, roles: ['Reader'], ver: '2.0', iat: AT / 1000, nbf: AT / 1000 });
  expect(payload.exp).toBe(AT / 1000 + 12 * 60 * 60);
  expect(Object.keys(payload)).toEqual(expect.arrayContaining(['azp', 'oid', 'sub', 'uti', 'aio']));
});

test('claims can be changed and taken out, for refusals', async () => {
  const { issueToken } = await started();
  const token = await issueToken({ roles: [], claims: { aud: 'other', azp: undefined } });
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
  expect(payload).toMatchObject({ aud: 'other', roles: [] });
  expect(payload).not.toHaveProperty('azp');
});

test('after a rotation tokens have another key, and the earlier one stays published', async () => {
  const { settings, issueToken, rotateKey, keySetRequests } = await started();
  const before = decodeProtectedHeader(await issueToken({ roles: ['Reader'] })).kid;
  await rotateKey();
  const after = decodeProtectedHeader(await issueToken({ roles: ['Reader'] })).kid;
  expect(after).not.toBe(before);
  const response = await fetch((await discover(settings.ENTRA_ISSUER)).jwks_uri);
  const { keys } = (await response.json()) as { keys: { kid: string; d?: string }[] };
  expect(keys.map(({ kid }) => kid)).toEqual([before, after]);
  expect(keys.every((key) => !('d' in key))).toBe(true);
  expect(keySetRequests()).toBe(1);
});

test('there is nothing elsewhere', async () => {
  const { url } = await started();
  expect((await fetch(`${url}/common/v2.0/.well-known/openid-configuration`)).status).toBe(404);
});
