import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { createDocumentMaker } from '../../../src/emulator/endpoints/attestedDocuments.ts';
import { provideSecondReader } from '../../../src/verifier/secondReader.ts';
import { findReadingDifference } from '../../../src/verifier/secondReading.ts';
import { askChallenge, createKey, post } from '../../endToEnd/protocolClient.ts';
import { startVault } from '../../support/keyVault.ts';
import { DAY, HOUR, MINUTE } from '../../support/licensing.ts';
import { runKeys } from '../../support/runKeys.ts';
import { setFleetSeats } from '../../support/seating.ts';
import { LOADED_AT, useScenes } from '../../support/serviceScene.ts';
import type { Scene, SceneOptions } from '../../support/serviceScene.ts';
import { firingTimes, isMet, readAlertRules } from './rules.ts';
import { traceRow } from './traceRows.ts';
import type { TraceRow } from './traceRows.ts';

/**
 * Each alert on lines that the service wrote while something went wrong, and all of them on the lines of a quiet day. The
 * queries run in the evaluator of `../kusto`, which is no Kusto engine: none could be had.
 */

/** Midnight: bins begin where they do whenever this runs. */
const START = Math.floor(LOADED_AT / DAY) * DAY;
let ahead = 0;
const createScene = useScenes(
  () => ahead,
  () => START,
);
beforeEach(() => {
  ahead = 0;
});
afterEach(() => {
  provideSecondReader(findReadingDifference);
});

const RULES = readAlertRules();

/** A scene whose lines are rows, with the time at which they were written. */
async function record(options: SceneOptions = {}) {
  const scene = await createScene(options);
  const rows: TraceRow[] = [];
  let taken = 0;
  const at = async (time: number, ...acts: readonly (() => Promise<unknown>)[]) => {
    ahead = time;
    for (const act of acts) await act();
    for (const line of scene.log().slice(taken)) rows.push(traceRow(line, START + time));
    taken = scene.log().length;
  };
  return { scene, rows, at };
}

type Recorded = Awaited<ReturnType<typeof record>>;

const firing = (rows: readonly TraceRow[]) =>
  RULES.filter((rule) => firingTimes(rule, rows).length > 0).map(({ name }) => name);

const tell =
  ({ scene }: Recorded) =>
  () =>
    scene.run('tellReadiness');

async function tellFor(recorded: Recorded, from: number, until: number): Promise<void> {
  for (let time = from; time <= until; time += 5 * MINUTE) await recorded.at(time, tell(recorded));
}

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

/** What an ordinary day has: VMs come, some are refused, strangers send what they like, timers run, somebody works. */
async function passDay(recorded: Recorded, hours: number): Promise<void> {
  const { scene, at } = recorded;
  const keys = [createKey(), createKey()];
  const visit = async () => {
    for (const [index, key] of keys.entries()) await scene.boot(`fleet-${index + 1}`, { key });
    for (const vm of ['unknown-plan', 'altered-content', 'too-old', 'ended', 'suspended']) await scene.boot(vm);
    await post(`${scene.urls[0]}/v1/licences`, '{');
    await scene.operate('GET /operator/v1/overview', { as: 'Reader' });
  };
  for (let hour = 0; hour < hours; hour += 1) {
    const begin = hour * HOUR;
    await at(begin, tell(recorded), ...(hour % 6 === 1 ? [visit] : []));
    await tellFor(recorded, begin + 5 * MINUTE, begin + 40 * MINUTE);
    if (hour % 24 === 3) await at(begin + 41 * MINUTE, () => scene.run('cleanStore'));
    await at(
      begin + 43 * MINUTE,
      () => scene.run('projectViews'),
      () => scene.run('watchState'),
    );
    await tellFor(recorded, begin + 45 * MINUTE, begin + 55 * MINUTE);
  }
}

test('no alert fires on a quiet day', async () => {
  const recorded = await record();
  await passDay(recorded, 26);
  const events = new Set(recorded.rows.map(({ Message }) => (JSON.parse(Message) as { event: string }).event));
  for (const event of ['licence_issued', 'licence_refused', 'evidence_refused', 'store_cleaned', 'path_watched'])
    expect(events).toContain(event);
  expect(firing(recorded.rows)).toEqual([]);
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
  vault.now = () => START + ahead;
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
  expect(isMet(rule, rows(rule.threshold))).toBe(false);
  expect(isMet(rule, rows(rule.threshold + 1))).toBe(true);
});
