import { createServer as createHttp } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ServiceFetch } from '../../../src/client/adapters.ts';
import { createServiceFetch } from '../../../src/client/adapters/serviceFetch.ts';
import { checkLicence } from '../../../src/client/index.ts';
import { createKeyRing } from '../../../src/emulator/authority/keys.ts';
import { issueCertificate } from '../../../src/emulator/authority/issueCertificate.ts';
import { createScene } from '../support/scene.ts';

const DAY = 86_400_000;
let certificate: { readonly pem: string; readonly key: string };

/** No name server knows it: only a proxy can reach it. */
const BEHIND = 'licences.invalid';

beforeAll(async () => {
  const { pem, keys } = await issueCertificate({
    subject: 'CN=localhost',
    keys: await createKeyRing()('service', 'p-256'),
    notBefore: Date.now() - DAY,
    notAfter: Date.now() + DAY,
    names: ['localhost', BEHIND].map((value) => ({ type: 'dns', value })),
  });
  certificate = { pem, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const echo: RequestListener = (request, response) => {
  response.writeHead(request.url === '/none' ? 204 : 200, { 'content-type': 'text/plain', 'retry-after': '7' });
  request.pipe(response);
};

const startSecure = async (listener: RequestListener = echo): Promise<string> =>
  `https://localhost:${await listen(createHttps({ cert: certificate.pem, key: certificate.key }, listener))}`;

interface Proxy {
  readonly url: string;
  /** What was asked of it: authority and credentials. */
  readonly asked: (readonly [string | undefined, string | undefined])[];
  /** Its tunnels. */
  readonly open: ReadonlySet<unknown>;
}

async function startProxy(status = 200): Promise<Proxy> {
  const asked: Proxy['asked'] = [];
  const open = new Set<unknown>();
  const server = createHttp((_, response) => response.writeHead(500).end());
  server.on('connect', (request, socket) => {
    asked.push([request.url, request.headers['proxy-authorization']]);
    const { port } = new URL(`http://${request.url ?? ''}`);
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    socket.write(`HTTP/1.1 ${status} x\r\n\r\n`);
    if (status !== 200) socket.end();
    else {
      const further = connect(Number(port), 'localhost').on('error', () => undefined);
      // So that the end of the client is seen after that of the server.
      further.on('close', () => socket.resume());
      socket.pipe(further).pipe(socket);
    }
  });
  return { url: `http://localhost:${await listen(server)}`, asked, open };
}

const post = (fetchIt: ServiceFetch, url: string, signal = AbortSignal.timeout(5000)): Promise<Response> =>
  fetchIt(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'hello',
    redirect: 'manual',
    signal,
  });

test('an authority of the option is trusted beside the others, and without it the server is not', async () => {
  const url = await startSecure();
  const response = await post(createServiceFetch({ ca: [certificate.pem] }), url);
  expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([200, '7', 'hello']);
  await expect(post(createServiceFetch({ ca: [] }), url)).rejects.toThrow(/self-signed|certificate/i);
});

test('the certificate must be for the name that is asked for', async () => {
  const url = (await startSecure()).replace('localhost', '127.0.0.1');
  await expect(post(createServiceFetch({ ca: [certificate.pem] }), url)).rejects.toThrow();
});

test('through a proxy the target is named, and the credentials go to the proxy alone', async () => {
  const seen: unknown[] = [];
  const url = await startSecure((request, response) => {
    seen.push(request.headers['proxy-authorization']);
    echo(request, response);
  });
  const proxy = await startProxy();
  const withUser = proxy.url.replace('http://', 'http://us%40er:pass@');
  const response = await post(createServiceFetch({ proxy: withUser, ca: [certificate.pem] }), `${url}/v1`);
  expect(await response.text()).toBe('hello');
  const credentials = `Basic ${Buffer.from('us@er:pass').toString('base64')}`;
  expect(proxy.asked).toEqual([[new URL(url).host, credentials]]);
  expect(seen).toEqual([undefined]);
});

test.each(['https:', 'http:'])('a service that only the proxy can reach is reached by %s', async (protocol) => {
  const ports = { 'https:': new URL(await startSecure()).port, 'http:': await listen(createHttp(echo)) };
  const proxy = await startProxy();
  const url = `${protocol}//${BEHIND}:${String(ports[protocol as keyof typeof ports])}/v1`;
  const response = await post(createServiceFetch({ proxy: proxy.url, ca: [certificate.pem] }), url);
  expect(await response.text()).toBe('hello');
  // Nothing is left open that would keep a process from ending.
  await expect.poll(() => proxy.open.size).toBe(0);
});

test('an address behind a proxy must be in the certificate, and nothing is warned of', async () => {
  const warned: Error[] = [];
  const listener = (warning: Error) => warned.push(warning);
  process.on('warning', listener);
  onTestFinished(() => void process.off('warning', listener));
  const url = (await startSecure()).replace('localhost', '127.0.0.1');
  const attempt = post(createServiceFetch({ proxy: (await startProxy()).url, ca: [certificate.pem] }), url);
  await expect(attempt).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  await new Promise(setImmediate);
  expect(warned).toEqual([]);
});

test.each([403, 407, 502])('a proxy that answers %d is named in the error', async (status) => {
  const proxy = await startProxy(status);
  const attempt = post(createServiceFetch({ proxy: proxy.url }), 'https://licences.example.test/v1');
  await expect(attempt).rejects.toMatchObject({ code: `PROXY_STATUS_${status}` });
});

test('a server behind a proxy is verified as well', async () => {
  const proxy = await startProxy();
  await expect(post(createServiceFetch({ proxy: proxy.url }), await startSecure())).rejects.toThrow();
  expect(proxy.asked).toHaveLength(1);
});

test('an answer without a body is one', async () => {
  const response = await post(createServiceFetch({ ca: [certificate.pem] }), `${await startSecure()}/none`);
  expect([response.status, await response.text()]).toEqual([204, '']);
});

test('a redirect is an answer', async () => {
  const url = await startSecure((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
  expect((await post(createServiceFetch({ ca: [certificate.pem] }), url)).status).toBe(302);
});

test('the signal ends a request, before the proxy, the server or the whole body has answered', async () => {
  const hanging = `https://localhost:${await listen(createHttps({ cert: certificate.pem, key: certificate.key }, () => undefined))}`;
  const half = await startSecure((_, response) => response.writeHead(200).write('{'));
  const silent = createHttp();
  silent.on('connect', () => undefined);
  const silentProxy = `http://localhost:${await listen(silent)}`;
  const ca = [certificate.pem];
  const read = async (route: Parameters<typeof createServiceFetch>[0], url: string): Promise<string> =>
    (await post(createServiceFetch(route), url, AbortSignal.timeout(200))).text();
  await expect(read({ ca }, hanging)).rejects.toThrow();
  await expect(read({ ca }, half)).rejects.toThrow();
  await expect(read({ proxy: silentProxy }, hanging)).rejects.toThrow();
});

test('a check goes through the proxy, and its requests to IMDS do not', async () => {
  const scene = await createScene();
  scene.time.now = Date.now();
  const proxy = await startProxy();
  const { issuer, product, folder, trust, imdsUrl } = scene.options;
  const answer = await checkLicence({ issuer, product, folder, trust, imdsUrl, proxy: proxy.url } as never);
  expect(answer).toMatchObject({ state: 'licensed' });
  expect(proxy.asked.map(([authority]) => authority)).toEqual(Array.from({ length: 3 }, () => new URL(issuer).host));
});

test('proxy and ca are checked like other options', async () => {
  const scene = await createScene();
  const { issuer, product, folder } = scene.options;
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  for (const wrong of [
    { proxy: 'https://proxy.example.test' },
    { proxy: 'http://proxy.example.test/path' },
    { proxy: 7 },
    { ca: 'none' },
    { ca: broken },
    { ca: [] },
    { ca: [certificate.pem, 7] },
    { ca: certificate.pem, adapters: { fetch } },
    { proxy: 'http://proxy.example.test', adapters: { fetch } },
  ]) {
    const { code, reason } = await checkLicence({ issuer, product, folder, ...wrong } as never);
    expect([code, reason]).toEqual(['options_invalid', expect.stringMatching(/\((proxy|ca): /)]);
  }
});
