import { expect, test } from 'vitest';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import type { EmulatorOptions } from '../../../src/emulator/server/options.ts';
import { hasShared } from '../../support/shared.ts';
import { PassingTimer, get, withEmulator } from '../running.ts';
import { contentOf } from './contentOf.ts';
import { tableOf } from './readArticle.ts';

/* What the article says beside its examples and tables of fields: errors, and statements about documents. */

const INSTANCE = '/metadata/instance?api-version=2020-06-01';
const DOCUMENT = '/metadata/attested/document?api-version=2020-06-01';

const metadata = { Metadata: 'true' };

/** What leads to each status of the article's table of errors; 400 has two reasons. */
const LEADS_TO: Readonly<Record<string, readonly (readonly [string, RequestInit?, Partial<EmulatorOptions>?])[]>> = {
  200: [[INSTANCE]],
  400: [[INSTANCE, { headers: {} }], ['/metadata/instance/compute/vmId?api-version=2020-06-01']],
  404: [['/metadata/instance/compute/nothing?api-version=2020-06-01']],
  405: [[INSTANCE, { headers: metadata, method: 'PUT' }]],
  410: [[INSTANCE, { headers: metadata }, { faults: ['gone'] }]],
  429: [[INSTANCE, { headers: metadata }, { rateLimit: 0 }]],
  500: [[INSTANCE, { headers: metadata }, { faults: ['error'] }]],
};

test.skipIf(!hasShared)('every status of the article’s table of errors', async () => {
  const statuses = tableOf('error-and-debugging').map(([cell = '']) => cell.slice(0, 3));
  expect(statuses).toEqual(Object.keys(LEADS_TO));
  for (const expected of statuses) {
    for (const [path, init, options = {}] of LEADS_TO[expected] ?? []) {
      await withEmulator({ timer: new PassingTimer(), ...options }, async (emulator) => {
        const { status } = await get(emulator, path, init);
        expect({ path, status }).toEqual({ path, status: Number(expected) });
      });
    }
  }
});

test('a request without the header is told so', async () => {
  await withEmulator({}, async (emulator) => {
    const { text } = await get(emulator, INSTANCE, { headers: {} });
    expect(JSON.parse(text)).toEqual({ error: 'Bad request. Required metadata header not specified' });
  });
});

test('X-Forwarded-For is refused', async () => {
  await withEmulator({}, async (emulator) => {
    const headers = { ...metadata, 'X-Forwarded-For': '203.0.113.9' };
    expect((await get(emulator, INSTANCE, { headers })).status).toBe(400);
  });
});

test('the sixth request of a second is refused', async () => {
  await withEmulator({ rateLimit: 5, timer: new PassingTimer() }, async (emulator) => {
    const statuses: number[] = [];
    for (let index = 0; index < 6; index++) statuses.push((await get(emulator, INSTANCE)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });
});

test('410 passes within 70 seconds', async () => {
  const timer = new PassingTimer();
  await withEmulator({ faults: ['gone'], timer, goneFor: 70_000 }, async (emulator) => {
    expect((await get(emulator, INSTANCE)).status).toBe(410);
    timer.pass(70_000);
    expect((await get(emulator, INSTANCE)).status).toBe(200);
  });
});

async function readContent(
  path: string,
  options: Partial<EmulatorOptions> = {},
): Promise<Readonly<Record<string, unknown>>> {
  let text = '';
  await withEmulator(options, async (emulator) => {
    ({ text } = await get(emulator, path));
  });
  return contentOf(text);
}

test.skipIf(!hasShared)(
  'a document has the fields of the article’s table, two of them from their versions on',
  async () => {
    const rows = tableOf('sample-1-getting-attested-data');
    expect(rows).toHaveLength(7);
    for (const [cell = '', meaning = ''] of rows) {
      const [, since = '2018-10-01'] = /`(\d{4}-\d\d-\d\d)`/.exec(meaning) ?? [];
      for (const version of ['2018-10-01', '2019-04-30', '2019-11-01', '2020-06-01']) {
        const content = await readContent(`/metadata/attested/document?api-version=${version}`);
        const [name = '', part] = cell.replace('Tarif', 'plan').replace('timestamp', 'timeStamp').split('/');
        const found = part === undefined ? content[name] : (content[name] as Record<string, unknown>)[part];
        expect({ cell, version, isThere: found !== undefined }).toEqual({ cell, version, isThere: version >= since });
      }
    }
  },
);

test('without a nonce a document carries a time, its own end', async () => {
  expect((await readContent(DOCUMENT))['nonce']).toBe('20260701-180000');
});

test('a nonce can be one of an earlier request', async () => {
  await withEmulator({ faults: ['old-nonce'] }, async (emulator) => {
    const first = await get(emulator, `${DOCUMENT}&nonce=1111111111`);
    const second = await get(emulator, `${DOCUMENT}&nonce=2222222222`);
    expect([first, second].map(({ text }) => contentOf(text)['nonce'])[1]).toBe('1111111111');
  });
});

test('the plan is there for images of the Marketplace alone', async () => {
  expect((await readContent(DOCUMENT))['plan']).toMatchObject({ publisher: 'planPublisher' });
  const none = { name: '', product: '', publisher: '' };
  expect((await readContent(`/vms/without-plan${DOCUMENT}`))['plan']).toEqual(none);
});

test('of a classic VM there are the network and an attested vmId alone', async () => {
  const vms = [{ ...BUILT_IN_VMS[0], classic: true }] as const;
  const { vmId, subscriptionId, sku } = await readContent(DOCUMENT, { vms });
  expect({ vmId, subscriptionId, sku }).toEqual({ vmId: BUILT_IN_VMS[0].compute.vmId, subscriptionId: '', sku: '' });
  await withEmulator({ vms }, async (emulator) => {
    expect(Object.keys(JSON.parse((await get(emulator, INSTANCE)).text) as object)).toEqual(['network']);
  });
});
