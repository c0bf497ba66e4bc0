import { expect, test } from 'vitest';

import { projectViews } from '../../../src/app/projectViews.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../useStack.ts';

const stack = useStack();

const get = (path: string) => operate(stack(), `GET ${path}`, { as: 'Reader' });

/** The stack's own timer may have counted already. */
async function project(): Promise<void> {
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  await projectViews({ store, now: () => Date.now() + 86_400_000 }, () => undefined);
}

test('pools are listed, the fullest first, and a pool tells its days', async () => {
  const { serviceUrl: baseUrl, imdsUrl } = stack();
  const booted = await boot({ baseUrl, issuer: baseUrl, imdsUrl, vm: 'small-1', key: createKey() });
  expect(booted.status).toBe(200);
  await project();
  const { body } = await get('/pools?sort=fullest&limit=2');
  expect(body).toMatchObject({ cloud: null, items: [{ pool: 'licence:http-small', kind: 'licence', limit: 1 }, {}] });
  const { pool } = (body['items'] as { pool: string }[])[0] ?? { pool: '' };
  const history = await get(`/pools/${pool}/history`);
  expect(history.body).toMatchObject({ pool, limit: 1 });
  const days = history.body['days'] as { vmHours: number }[];
  expect(days).toHaveLength(30);
  expect(days.map(({ vmHours }) => vmHours)).toEqual([...new Array<number>(29).fill(0), expect.any(Number)]);
  expect(days.at(-1)?.vmHours).toBeGreaterThan(0);
});

test.each([
  ['/pools/licence:nobody/history', 404],
  ['/pools/nothing/history', 404],
  ['/pools/licence:http-small/history?from=2026-02-01&to=2026-01-01', 400],
  ['/pools/licence:http-small/history?from=2024-02-01&to=2026-01-01', 400],
  ['/pools/licence:http-small/history?to=0000-01-01', 400],
  ['/pools?sort=emptiest', 400],
  ['/pools?kind=lake', 400],
  ['/pools?kind=marketplace&sort=fullest', 200],
])('%s is answered %i', async (path, status) => {
  expect((await get(path)).status).toBe(status);
});
