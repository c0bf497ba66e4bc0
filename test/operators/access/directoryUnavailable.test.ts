import { expect, test } from 'vitest';
import { operate, useStack } from '../useStack.ts';

const stack = useStack({ instances: 2 });

test('no token can be checked while the directory does not answer, and the answer says when to retry', async () => {
  const { serviceUrls, operatorTokens, issuer } = stack();
  await issuer.close();
  // This instance has not fetched the keys yet.
  const serviceUrl = serviceUrls[1] ?? '';
  const { status, body, headers } = await operate({ serviceUrl, operatorTokens }, 'GET /offers', { as: 'Reader' });
  expect([status, body['code'], headers.get('retry-after')]).toEqual([503, 'directory_unavailable', '30']);
  expect(body['retryable']).toBe(true);
});
