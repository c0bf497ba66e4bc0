import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { MAX_REQUEST } from '../../../src/http/answerOnce.ts';
import { runAlone } from '../../../src/operators/writes/runAlone.ts';
import { RequestError } from '../../../src/http/requestError.ts';
import { useAzurite } from '../../support/azurite.ts';
import { AT } from '../../support/licensing.ts';

const tables = useAzurite();

/** Two instances, whose requests wait for each other without a pause. */
async function createInstances(at = () => AT) {
  const { connectionString, tablePrefix } = tables();
  const stores = [0, 1].map(() => createTablesStore({ connection: { connectionString }, tablePrefix }));
  await stores[0]?.ensureTables();
  return stores.map((store) => ({ store, now: at, log: () => undefined, pause: () => nextTurn() }));
}

test('requests of two instances run one after another, and a failure ends a turn as well', async () => {
  const instances = await createInstances();
  let running = 0;
  const work = async (number: number) => {
    running += 1;
    expect(running).toBe(1);
    await nextTurn();
    running -= 1;
    if (number === 1) throw new Error('failed');
    return number;
  };
  const runs = [...instances, ...instances].map((instance, number) => runAlone(instance, () => work(number)));
  const ends = await Promise.allSettled(runs);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
});

test('whoever waits in vain is told to come again; the turn of a process that ended is over after a while', async () => {
  let at = AT;
  const [first, second] = await createInstances(() => at);
  if (first === undefined || second === undefined) throw new Error('There are two.');
  const ended = { ...first, store: { ...first.store, deleteRequest: () => Promise.resolve('absent' as const) } };
  await runAlone(ended, () => Promise.resolve());
  at += MAX_REQUEST - 1;
  const refused = await runAlone(second, () => Promise.resolve()).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RequestError);
  expect(refused).toMatchObject({ code: 'busy', retryAfter: 60 });
  at += 1;
  expect(await runAlone(second, () => Promise.resolve('done'))).toBe('done');
});
