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
