import { hash, randomBytes } from 'node:crypto';
import { request as sendRaw } from 'node:http';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { startIssuer } from '../../../src/dev/issuer/startIssuer.ts';
import { OPERATOR_ROLES } from '../../../src/operators/access/roles.ts';
import { runKeys } from '../../support/runKeys.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const REDIRECT = 'http://127.0.0.1:7071/console/';
const VERIFIER = randomBytes(32).toString('base64url');

async function started() {
  const clock = { now: AT };
  const issuer = await startIssuer({ clock: () => clock.now, keys: runKeys('directory') });
  onTestFinished(() => issuer.close());
  issuer.allowRedirect(REDIRECT);
  const asked = {
    ...{ client_id: issuer.audience, redirect_uri: REDIRECT, response_type: 'code', scope: 'openid x/.default' },
    ...{ state: 'a state', nonce: 'a nonce' },
    ...{ code_challenge: hash('sha256', VERIFIER, 'base64url'), code_challenge_method: 'S256' },
  };
  return { issuer, clock, asked };
}

type Started = Awaited<ReturnType<typeof started>>;

const addressOf = ({ issuer, asked }: Started, changed: Readonly<Record<string, string>> = {}) =>
  `${issuer.url}/authorize?${new URLSearchParams({ ...asked, ...changed }).toString()}`;

async function askCode(scene: Started, role = 'Operator'): Promise<string> {
  const answer = await fetch(addressOf(scene), {
    ...{ method: 'POST', body: new URLSearchParams({ role }), redirect: 'manual' },
  });
  expect(answer.status).toBe(303);
  const location = new URL(answer.headers.get('location') ?? '');
  expect(location.href.startsWith(`${REDIRECT}?`)).toBe(true);
  expect(location.searchParams.get('state')).toBe('a state');
  return location.searchParams.get('code') ?? '';
}

function redeem({ issuer }: Started, code: string, changed: Readonly<Record<string, string>> = {}) {
  const form = { grant_type: 'authorization_code', client_id: issuer.audience, redirect_uri: REDIRECT };
  const body = new URLSearchParams({ ...form, code, code_verifier: VERIFIER, ...changed });
  return fetch(`${issuer.url}/token`, { method: 'POST', body, headers: { Origin: 'http://127.0.0.1:7071' } });
}

test.each(OPERATOR_ROLES)('somebody who chooses to be %s gets tokens of that role', async (role) => {
  const scene = await started();
  const page = await fetch(addressOf(scene));
  expect(await page.text()).toContain(`Be ${role}`);
  const answer = await redeem(scene, await askCode(scene, role));
  expect(answer.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:7071');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const tokens = (await answer.json()) as { access_token: string; id_token: string; expires_in: number };
  const { settings, audience, tenant, url } = scene.issuer;
  const keySet = createRemoteJWKSet(new URL(`${url}/${tenant}/discovery/v2.0/keys`));
  const rules = { issuer: settings.ENTRA_ISSUER, audience, currentDate: new Date(AT) };
  const { payload: access } = await jwtVerify(tokens.access_token, keySet, rules);
  expect(access).toMatchObject({
    roles: [role],
    name: `${role} on this machine`,
    azp: audience,
    exp: AT / 1000 + 3600,
  });
  const { payload: id } = await jwtVerify(tokens.id_token, keySet, rules);
  expect(id).toMatchObject({ nonce: 'a nonce', oid: access['oid'] });
  // An ID token opens nothing: what the service asks for is in access tokens alone.
  expect(id['azp']).toBeUndefined();
});

test('each role is another person, and no application', async () => {
  const scene = await started();
  const ids = new Set<unknown>();
  for (const role of OPERATOR_ROLES) {
    const { access_token } = (await (await redeem(scene, await askCode(scene, role))).json()) as {
      access_token: string;
    };
    ids.add(decodeJwt(access_token)['oid']);
    ids.add(decodeJwt(await scene.issuer.issueToken({ roles: [role] }))['oid']);
  }
  expect(ids.size).toBe(6);
});

test.each([
  ['redirect_uri', 'http://127.0.0.1:7071/console'],
  ['redirect_uri', 'http://127.0.0.1:7071/console/?x'],
  ['redirect_uri', 'http://localhost:7071/console/'],
  ['redirect_uri', 'https://example.com/console/'],
  ['client_id', 'another'],
  ['response_type', 'token'],
  ['code_challenge_method', 'plain'],
  ['code_challenge', ''],
  ['scope', 'x/.default'],
])('with another %s, %s, nobody is sent back', async (name, value) => {
  const scene = await started();
  for (const method of ['GET', 'POST']) {
    const body = method === 'POST' ? { body: new URLSearchParams({ role: 'Admin' }) } : {};
    const answer = await fetch(addressOf(scene, { [name]: value }), { method, redirect: 'manual', ...body });
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  }
});

test('a role that there is not gives no code', async () => {
  const scene = await started();
  const body = new URLSearchParams({ role: 'Owner' });
  expect((await fetch(addressOf(scene), { method: 'POST', body, redirect: 'manual' })).status).toBe(400);
});

test.each([
  ['code_verifier', 'another'],
  ['redirect_uri', 'http://127.0.0.1:7071/'],
  ['client_id', 'another'],
  ['grant_type', 'password'],
  ['code', 'another'],
])('a code is not redeemed with another %s', async (name, value) => {
  const scene = await started();
  const code = await askCode(scene);
  const answer = await redeem(scene, code, { [name]: value });
  expect(answer.status).toBe(400);
  // And the attempt has used it up.
  if (name !== 'code') expect((await redeem(scene, code)).status).toBe(400);
});

test('a code is good once, and for a minute', async () => {
  const scene = await started();
  const code = await askCode(scene);
  expect((await redeem(scene, code)).status).toBe(200);
  expect(await (await redeem(scene, code)).json()).toEqual({ error: 'invalid_grant' });
  const late = await askCode(scene);
  scene.clock.now += 60_000;
  expect((await redeem(scene, late)).status).toBe(400);
});

test('pages of other origins read nothing', async () => {
  const { issuer } = await started();
  const address = `${issuer.settings.ENTRA_ISSUER}/.well-known/openid-configuration`;
  const known = await fetch(address, { headers: { Origin: 'http://127.0.0.1:7071' } });
  expect(known.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:7071');
  const other = await fetch(address, { headers: { Origin: 'http://127.0.0.1:7072' } });
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
});

test('under a name that is not a loopback’s there is nothing, however it leads here', async () => {
  const { issuer } = await started();
  const { port } = new URL(issuer.url);
  for (const [host, expected] of [
    [`localhost:${port}`, 400],
    [`127.0.0.1:${port}`, 400],
    [`rebound.example:${port}`, 421],
  ] as const) {
    const status = await new Promise((resolve, reject) => {
      const sent = sendRaw({ host: '127.0.0.1', port, path: '/authorize', headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
    expect(status, host).toBe(expected);
  }
});

test('what a request has in it is text on the page, and its policy runs nothing', async () => {
  const scene = await started();
  const answer = await fetch(addressOf(scene, { state: '"><script>alert(1)</script>' }));
  expect(await answer.text()).not.toContain('<script');
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(answer.headers.get('content-security-policy')).toContain("form-action 'self' http://127.0.0.1:7071;");
});
