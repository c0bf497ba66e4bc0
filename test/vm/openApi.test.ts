import { expect, test } from 'vitest';
import { createOpenApi } from '../../src/vm/openApi.ts';
import { createRequest } from '../app/edgeRequest.ts';

test('the document is made at the first request, and once', async () => {
  let made = 0;
  const describeApi = () => ({ openapi: '3.1.1', made: (made += 1) });
  const serve = createOpenApi({ describeApi });
  expect(made).toBe(0);
  const first = await serve(createRequest());
  const again = await serve(createRequest());
  const known = await serve(createRequest({ headers: { 'if-none-match': first.headers['ETag'] ?? '' } }));
  expect([first.status, again, known.status, known.body, made]).toEqual([200, first, 304, '', 1]);
});
