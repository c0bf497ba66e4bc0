import { expect, test } from 'vitest';
import { CONSOLE_PAGES } from '../../../src/contract/consolePages.ts';
import type { Reply } from '../../../src/http/edge.ts';
import { CONSOLE_ROUTES } from '../../../src/operators/console/routes.ts';

const CONFIG = {
  authority: 'https://login.microsoftonline.com/aaaaaaaa-0000-4000-8000-000000000001/v2.0',
  clientId: 'bbbbbbbb-0000-4000-8000-000000000001',
  scope: 'bbbbbbbb-0000-4000-8000-000000000001/.default',
  acceptedClouds: ['AzurePublicCloud'],
};

function request(name: keyof typeof CONSOLE_ROUTES, file?: string, issuer = 'https://licences.contoso.com') {
  const useCase = CONSOLE_ROUTES[name].serve({ issuer, console: CONFIG });
  return useCase({
    ...{ method: 'GET', path: '/console/', params: file === undefined ? {} : { file }, query: new URLSearchParams() },
    ...{ header: () => null, readBody: () => Promise.resolve(new Uint8Array()), log: () => undefined },
  });
}

const SECURITY = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self' https://login.microsoftonline.com; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

const isPage = ({ status, headers }: Reply) =>
  status === 200 && headers['Content-Type']?.startsWith('text/html') === true;

test('every page answers with the one file that is never cached, whatever follows in its address', async () => {
  for (const file of [undefined, '', ...CONSOLE_PAGES.map((page) => page), 'licences/contoso.eu', 'vms/a/b/c']) {
    const reply = await request('readConsoleFile', file);
    expect(isPage(reply), file).toBe(true);
    expect(reply.headers).toEqual({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      ...SECURITY,
    });
  }
});

test.each(['x', 'constructor', '__proto__', '../host.json', 'assets', 'assets/x.js', 'licences%2fx', 'Licences'])(
  'there is no file %s',
  async (file) => {
    const reply = await request('readConsoleFile', file);
    expect(reply.status).toBe(404);
    expect(reply.headers).toMatchObject(SECURITY);
  },
);

test('the configuration names the directory, the application and the scope', async () => {
  const { status, headers, body } = await request('readConsoleConfig');
  expect([status, JSON.parse(body)]).toEqual([200, CONFIG]);
  expect(headers).toEqual({ 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...SECURITY });
});
