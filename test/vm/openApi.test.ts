import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createOpenApi } from '../../src/vm/openApi.ts';
import { createRequest } from '../app/edgeRequest.ts';

test('the document is made at the first request, and once', async () => {
  let made = 0;
  const describeApi = () => Promise.resolve({ openapi: '3.1.1', made: (made += 1) });
  const serve = createOpenApi({ describeApi });
  expect(made).toBe(0);
  const [first, again] = await Promise.all([serve(createRequest()), serve(createRequest())]);
  const known = await serve(createRequest({ headers: { 'if-none-match': first.headers['ETag'] ?? '' } }));
  expect([first.status, again, known.status, known.body, made]).toEqual([200, first, 304, '', 1]);
});

test('where it could not be made, the next request makes it', async () => {
  let made = 0;
  const describeApi = () => ((made += 1) === 1 ? Promise.reject(new Error('no such file')) : Promise.resolve({ made }));
  const serve = createOpenApi({ describeApi });
  await expect(serve(createRequest())).rejects.toThrow('no such file');
  expect((await serve(createRequest())).body).toBe('{"made":2}');
});

const serveOne = createOpenApi({ describeApi: () => Promise.resolve({ openapi: '3.1.1', text: 'x'.repeat(1_000) }) });
const ask = (headers: Readonly<Record<string, string>> = {}) => serveOne(createRequest({ headers }));

test.each(['gzip', 'gzip, deflate, br', 'br;q=1.0, GZIP;q=0.5', 'deflate,gzip ;q=1'])(
  'is compressed for %s',
  async (accepted) => {
    const { status, headers, body, encodedBody = '' } = await ask({ 'accept-encoding': accepted });
    expect([status, headers['Content-Encoding'], headers['Vary']]).toEqual([200, 'gzip', 'Accept-Encoding']);
    expect(encodedBody.length).toBeLessThan(200);
    expect(gunzipSync(encodedBody).toString()).toBe(body);
  },
);

test.each(['', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.00', 'x-gzip-like'])(
  'is not compressed for "%s"',
  async (accepted) => {
    const { headers, encodedBody } = await ask({ 'accept-encoding': accepted });
    expect([headers['Content-Encoding'], headers['Vary'], encodedBody]).toEqual([
      undefined,
      'Accept-Encoding',
      undefined,
    ]);
  },
);

test('the compressed document has an ETag of its own, and both are known', async () => {
  const [plain, gzipped] = [await ask(), await ask({ 'accept-encoding': 'gzip' })];
  expect(gzipped.headers['ETag']).not.toBe(plain.headers['ETag']);
  for (const eTag of [plain, gzipped].map(({ headers }) => headers['ETag'] ?? '')) {
    for (const accepted of ['', 'gzip']) {
      const answer = await ask({ 'if-none-match': eTag, 'accept-encoding': accepted });
      expect([answer.status, answer.body, answer.encodedBody]).toEqual([304, '', undefined]);
    }
  }
});
