import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readStartPage } from '../../src/vm/startPage.ts';
import type { Readiness } from '../../src/vm/readiness.ts';

async function readPage(state: Readiness['state'], consolePath: string | null) {
  const probe = { state, detail: '' };
  const probes = { store: probe, signingKey: probe, root: probe, pins: probe, challengeSecret: probe };
  const readReadiness = () => Promise.resolve({ state, probedAt: '2026-11-23T12:00:00.000Z', probes });
  return readStartPage({ readReadiness, consolePath })({
    ...{ method: 'GET', path: '/', params: {}, query: new URLSearchParams('a=<b>') },
    ...{ header: () => null, readBody: () => Promise.resolve(new Uint8Array()), log: () => undefined },
  });
}

test('the page says what this is and whether it is ready, and names the console where there is one', async () => {
  const { status, headers, body } = await readPage('ok', '/console/');
  expect([status, headers['Cache-Control']]).toEqual([200, 'no-store']);
  expect(body).toContain('It is ready.');
  expect(body).toContain('href="console/"');
  expect(body).not.toContain('<b>');
  expect((await readPage('degraded', null)).body).not.toContain('console/');
  expect((await readPage('failed', null)).body).toContain('It is not ready.');
});

test('its policy allows its own style, and nothing else', async () => {
  const { headers, body } = await readPage('ok', null);
  const [, style = ''] = /<style>(.*)<\/style>/s.exec(body) ?? [];
  expect(headers['Content-Security-Policy']).toBe(
    `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
});
