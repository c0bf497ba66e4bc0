import { afterEach, expect, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { createDocumentMaker } from '../../../src/emulator/endpoints/attestedDocuments.ts';
import { provideSecondReader } from '../../../src/verifier/secondReader.ts';
import { findReadingDifference } from '../../../src/verifier/secondReading.ts';
import { askChallenge, createKey, post } from '../../endToEnd/protocolClient.ts';
import { startVault } from '../../support/keyVault.ts';
import { DAY, HOUR, MINUTE } from '../../support/licensing.ts';
import { runKeys } from '../../support/runKeys.ts';
import { setFleetSeats } from '../../support/seating.ts';
import type { Scene } from '../../support/serviceScene.ts';
import { evaluateQuery } from '../kusto/evaluate.ts';
import { START, passDay, tell, tellFor, useRecordings } from './recordings.ts';
import { firingTimes, isMet, readAlertRules } from './rules.ts';
import type { TraceRow } from './traceRows.ts';
import { readWorkbookQueries } from './workbook.ts';

/**
 * Each alert on lines that the service wrote while something went wrong, and all of them on the lines of a quiet day. The
 * queries run in the evaluator of `../kusto`, which is no Kusto engine: none could be had.
 */

const { record, now } = useRecordings();
afterEach(() => {
  provideSecondReader(findReadingDifference);
});

const RULES = readAlertRules();

const firing = (rows: readonly TraceRow[]) =>
  RULES.filter((rule) => firingTimes(rule, rows).length > 0).map(({ name }) => name);

/** A document that says that a CA issued its signer's certificate which is pinned, and whose certificate was not synced. */
async function sendUnderMissing({ urls: [url] }: Scene): Promise<unknown> {
  const names = { intermediate: 'Microsoft Azure RSA TLS Issuing CA 03' };
  const authority = await createAuthority({
    ...{ domain: 'metadata.azure.com', at: START, names },
    keys: runKeys('emulator'),
  });
  const { challenge, nonce } = await askChallenge(url);
  const vm = {
    ...{ vmId: '11111111-0000-4000-8000-000000000001', subscriptionId: 'aaaaaaaa-0000-4000-8000-000000000001' },
    ...{ sku: 'standard-2', licenseType: '', plan: { publisher: 'contoso', product: 'gateway', name: 'standard' } },
  };
  const of = { vm, apiVersion: '2021-02-01', region: 'westeurope', createdOn: START, nonce, faults: [] } as const;
  const signature = Buffer.from(await createDocumentMaker(authority)(of)).toString('base64');
  return post(`${url}/v1/licences`, { challenge, document: { encoding: 'pkcs7', signature } });
}

test('no alert fires on a quiet day', async () => {
  const recorded = await record();
  await passDay(recorded, 26);
  const events = new Set(recorded.rows.map(({ Message }) => (JSON.parse(Message) as { event: string }).event));
  for (const event of ['licence_issued', 'licence_refused', 'evidence_refused', 'store_cleaned', 'path_watched'])
    expect(events).toContain(event);
  expect(firing(recorded.rows)).toEqual([]);
  const isShown = (query: string) => evaluateQuery(query, { AppTraces: recorded.rows }).length > 0;
  const shown = readWorkbookQueries().filter(({ query }) => isShown(query));
  expect(shown.map(({ name }) => name)).toEqual([
    ...['licences-answered', 'slow-licences', 'decisions', 'readiness', 'trust', 'keys', 'seats', 'lines'],
  ]);
});

test('unknown-issuer: at the first request, and by the hour for as long as they come', async () => {
  const recorded = await record();
  await recorded.at(0, () => recorded.scene.boot('wrong-signer'));
  expect(firing(recorded.rows)).toEqual(['unknown-issuer']);
  const first = recorded.rows.length;
  await recorded.at(HOUR, () => recorded.scene.run('watchState'));
  expect(firing(recorded.rows.slice(first))).toEqual(['unknown-issuer']);
});

test('unknown-issuer fires where a crowd’s lines are only counted', async () => {
  const recorded = await record();
  const { scene, rows, at } = recorded;
  await at(0, ...Array.from({ length: 31 }, () => () => scene.boot('altered-content')));
  await at(1_000, () => scene.boot('wrong-signer'));
  await at(2 * MINUTE, () => scene.boot('fleet-1'));
  expect(rows.some(({ Message }) => Message.includes('"code":"issuer_unknown"'))).toBe(false);
  expect(firing(rows)).toEqual(['unknown-issuer']);
});

test('missing-issuer-certificate', async () => {
  const recorded = await record({ settings: { ACCEPTED_CLOUDS: 'emulator,AzurePublicCloud' } });
  await recorded.at(0, () => sendUnderMissing(recorded.scene));
  expect(firing(recorded.rows)).toEqual(['missing-issuer-certificate']);
});

test('readings-differ', async () => {
  provideSecondReader(() => 'serial number');
  const recorded = await record();
  await recorded.at(0, () => recorded.scene.boot('fleet-1'));
  expect(firing(recorded.rows)).toEqual(['readings-differ']);
});

test('ending-trust: less than 60 days before the end of a pin or of the best path, and not a day earlier', async () => {
  const recorded = await record();
  const end = 5 * 365 * DAY;
  await recorded.at(end - 61 * DAY, () => recorded.scene.run('watchState'));
  expect(firing(recorded.rows)).toEqual([]);
  const first = recorded.rows.length;
  await recorded.at(end - 59 * DAY, () => recorded.scene.run('watchState'));
  expect(firing(recorded.rows.slice(first))).toEqual(['ending-trust']);
});

test('failed-requests: where the store fails again and again, and not at once', async () => {
  const recorded = await record();
  const { scene, rows, at } = recorded;
  const fail = () => {
    scene.proxy.fail(/activations/, ...Array.from({ length: 100 }, () => 'refuse' as const));
    return scene.boot('fleet-1');
  };
  await at(0, () => scene.boot('fleet-2'));
  await at(MINUTE, fail, fail);
  expect(firing(rows)).toEqual([]);
  await at(2 * MINUTE, fail, fail, fail, fail);
  expect(firing(rows)).toEqual(['failed-requests']);
});

test('not-ready: begins with the first offer', async () => {
  const fresh = await record({ catalogue: '{"offers":[]}' });
  await tellFor(fresh, 0, HOUR);
  expect(firing(fresh.rows)).toEqual([]);
  const down = await record();
  await down.at(0, tell(down));
  down.scene.proxy.fail(/./, ...Array.from({ length: 500 }, () => 'refuse' as const));
  await tellFor(down, 5 * MINUTE, 30 * MINUTE);
  expect(firing(down.rows)).toEqual(['not-ready']);
});

test('signing-errors: where the vault does not sign, asked by VMs or by the probe', async () => {
  const vault = await startVault();
  vault.now = now;
  vault.addVersion({ created: START - DAY });
  const recorded = await record({ vault });
  const { scene, rows, at } = recorded;
  await at(0, () => scene.boot('fleet-1'));
  vault.fail('sign', ...Array.from({ length: 100 }, () => ({ status: 403, code: 'Forbidden' })));
  await at(MINUTE, ...[1, 2, 3].map((number) => () => scene.boot(`fleet-${number}`)));
  expect(firing(rows)).toEqual(['signing-errors']);
});

test('seats-exhausted', async () => {
  const recorded = await record();
  const { scene, rows, at } = recorded;
  await setFleetSeats(scene.store, 1);
  await at(0, () => scene.boot('fleet-1'));
  expect(firing(rows)).toEqual([]);
  await at(MINUTE, () => scene.boot('fleet-2'));
  expect(firing(rows)).toEqual(['seats-exhausted']);
});

test('cleaning-missed: where the store was not cleaned, and where no timer runs at all', async () => {
  const recorded = await record();
  const { rows, at } = recorded;
  await at(0, tell(recorded));
  await tellFor(recorded, 24 * HOUR, 25 * HOUR);
  const early = rows.slice(1);
  expect(firing(early)).toEqual([]);
  await tellFor(recorded, 26 * HOUR, 28 * HOUR);
  expect(firing(rows.slice(1))).toEqual(['cleaning-missed']);
  const silent = await record();
  await silent.at(0, tell(silent));
  await silent.at(3 * HOUR, () => silent.scene.boot('fleet-1'));
  expect(firing(silent.rows)).toEqual(['cleaning-missed']);
});

test('cap-near: at 80 % of the day’s octets, by the number of lines', async () => {
  const recorded = await record();
  const key = createKey();
  await recorded.at(0, () => recorded.scene.boot('fleet-1', { key }));
  await recorded.at(0, () => recorded.scene.boot('fleet-1', { key }));
  const [, renewal] = recorded.rows;
  const rule = RULES.find(({ name }) => name === 'cap-near');
  if (renewal === undefined || rule === undefined) throw new Error('A row and a rule are expected.');
  const rows = (count: number) => new Array<TraceRow>(count).fill(renewal);
  // The default cap is 5 GB.
  expect(rule.threshold).toBe(5 * 326_500);
  // A hundredth of it: the query counts so many as any.
  const small = { ...rule, threshold: rule.threshold / 100 };
  expect(isMet(small, rows(small.threshold))).toBe(false);
  expect(isMet(small, rows(small.threshold + 1))).toBe(true);
  // The workspace's day begins at an hour of its own, and the lines of an evening and a morning count together.
  const midnight = new Date(Math.ceil(START / DAY) * DAY);
  const over = rows(small.threshold + 1).map((row, index) => ({
    ...row,
    TimeGenerated: new Date(midnight.getTime() + (index % 2 === 0 ? -HOUR : HOUR)),
  }));
  expect(isMet(small, over)).toBe(true);
});
