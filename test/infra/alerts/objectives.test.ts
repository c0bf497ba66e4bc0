import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { startEmulator } from '../../../src/emulator/server/startEmulator.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { HOUR, MINUTE } from '../../support/licensing.ts';
import { runKeys } from '../../support/runKeys.ts';
import { evaluateQuery } from '../kusto/evaluate.ts';
import { START, useRecordings } from './recordings.ts';
import type { TraceRow } from './traceRows.ts';
import { readWorkbookQueries } from './workbook.ts';

/** The queries of the objectives, on lines of a service that meets them and misses them. */

const { record } = useRecordings();

function run(name: string, rows: readonly TraceRow[]) {
  const { query = '' } = readWorkbookQueries().find((one) => one.name === name) ?? {};
  return evaluateQuery(query, { AppTraces: rows });
}

test('licences answered: refusals are answers, and a store that is down makes failures', async () => {
  const { scene, rows, at } = await record();
  await at(0, ...['fleet-1', 'fleet-2', 'unknown-plan'].map((vm) => () => scene.boot(vm)));
  scene.proxy.fail(/activations/, ...Array.from({ length: 50 }, () => 'refuse' as const));
  await at(MINUTE, () => scene.boot('fleet-1'));
  const day = new Date(START);
  expect(run('licences-answered', rows)).toEqual([
    { TimeGenerated: day, failed: false, count_: 3 },
    { TimeGenerated: day, failed: true, count_: 1 },
  ]);
});

test('slow licences are those whose line tells of more than a second', async () => {
  const { scene, rows, at } = await record();
  await at(0, () => scene.boot('fleet-1'));
  const taking = (ms: number) =>
    rows.map((row) => ({ ...row, Message: row.Message.replace(/"ms":\d+/, `"ms":${ms}`) }));
  const counts = run('slow-licences', [...taking(1_000), ...taking(1_001), ...taking(1_002)]);
  expect(counts.map(({ slow, count_ }) => [slow, count_])).toEqual([
    [false, 1],
    [true, 2],
  ]);
});

test('a new CA: the quarter of an hour in which it came first, and that of its pin', async () => {
  const { scene, rows, at } = await record();
  const names = { root: 'New Root', secondRoot: 'New Second Root', intermediate: 'New Issuing CA' };
  const authority = await createAuthority({ names, at: START, keys: runKeys('other') });
  const moved = await startEmulator({ port: 0, authority, rateLimit: Infinity, clock: scene.now });
  const visit = () => {
    const [baseUrl] = scene.urls;
    return boot({ baseUrl, issuer: baseUrl, imdsUrl: moved.url, vm: 'fleet-1', key: createKey() });
  };
  const pin =
    ({ pem }: { readonly pem: string }, newAnchor: boolean) =>
    () =>
      scene.operate('POST /trust/pins', {
        ...{ as: 'Admin', body: { cloud: 'emulator', certificate: pem, newAnchor } },
      });
  await at(0, visit);
  await at(3 * HOUR, pin(authority.root, true), pin(authority.intermediate, false));
  await at(3 * HOUR + MINUTE, visit);
  await moved.close();
  expect(run('new-ca', rows)).toEqual([
    { TimeGenerated: new Date(START), event: 'evidence_refused', count_: 1 },
    { TimeGenerated: new Date(START + 3 * HOUR), event: 'operator_wrote', count_: 2 },
  ]);
  expect(rows.at(-1)?.Message).toContain('licence_');
});
