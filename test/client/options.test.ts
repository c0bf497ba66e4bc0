import { expect, test } from 'vitest';
import { checkLicence, createLicenceClient } from '../../src/client/index.ts';
import { parseOptions } from '../../src/client/options.ts';
import type { ClientOptions } from '../../src/client/options.ts';
import { createScene } from './support/scene.ts';
import { DAY } from './support/vectors.ts';

const PIN = 'A'.repeat(43);
const SOUND: ClientOptions = {
  issuer: 'https://licences.example.test',
  product: 'contoso/widget',
  folder: '/nonexistent/countersign',
  trust: { rootKeys: [PIN] },
};

test('few options are enough', () => {
  expect(parseOptions(SOUND)).toMatchObject({
    trust: { kind: 'rootKeys', rootKeys: [PIN] },
    offer: undefined,
    label: undefined,
    client: '@countersign/client/0.1.0',
    once: false,
    patience: 90_000,
    imdsUrl: undefined,
    fault: undefined,
  });
});

test.each<[string, unknown]>([
  ['issuer', 'http://licences.example.test'],
  ['issuer', 'https://licences.example.test/'],
  ['issuer', 'https://licences.example.test?a=b'],
  ['issuer', 'https://licences.example.test#a'],
  ['issuer', 'https://user:secret@licences.example.test'],
  ['issuer', 'http://127.0.0.1.example.test'],
  ['issuer', 'licences.example.test'],
  ['issuer', undefined],
  ['product', 'contoso'],
  ['product', 'contoso/widget/standard'],
  ['product', 7],
  ['folder', 'var/lib/widget'],
  ['folder', ''],
  ['trust', undefined],
  ['trust', 'always'],
  ['trust', null],
  ['trust', {}],
  ['trust', { rootKeys: [] }],
  ['trust', { rootKeys: PIN }],
  ['trust', { rootKeys: ['A'.repeat(42)] }],
  ['trust', { rootKeys: [`${'A'.repeat(42)}B`] }],
  ['trust', { rootKeys: Array.from({ length: 9 }, () => PIN) }],
  ['trust', { rootKeys: [PIN], keySet: { keys: [] } }],
  ['trust', { rootKeys: [PIN], also: 1 }],
  ['trust', { keySet: 'keys' }],
  ['adapters', 'none'],
  ['adapters', { clock: {} }],
  ['offer', 'contoso/widget'],
  ['label', ''],
  ['label', 'two\nlines'],
  ['label', 'right\u202eleft'],
  ['label', 'x'.repeat(65)],
  ['label', 'e\u0301'],
  ['claim', ''],
  ['claim', 'two\nlines'],
  ['claim', 'caf\u00e9'],
  ['claim', 'x'.repeat(129)],
  ['claim', 7],
  ['client', 'two\nlines'],
  ['client', 'x'.repeat(129)],
  ['patienceMs', -1],
  ['patienceMs', NaN],
  ['patienceMs', '90'],
  ['once', 'yes'],
  ['progress', {}],
  ['imdsUrl', 'http://127.0.0.1:1'],
])('%s cannot be %j', async (name, value) => {
  const answer = await checkLicence({ ...SOUND, [name]: value });
  expect(answer).toMatchObject({ state: 'misconfigured', code: 'options_invalid' });
  expect(answer.reason).toContain(`(${name}: `);
});

test.each(['https://169.254.169.254', 'http://127.0.0.1:1/', 'http://127.0.0.1:1?a', 7])(
  'imdsUrl cannot be %j with a loopback issuer either',
  (imdsUrl) => {
    const options = { ...SOUND, issuer: 'http://127.0.0.1:7071', imdsUrl } as never;
    expect(parseOptions(options).fault?.message).toContain('imdsUrl: ');
  },
);

test('a claim code that cannot be used is not repeated', async () => {
  const answer = await checkLicence({ ...SOUND, claim: 'secret\ncode' });
  expect(answer).toMatchObject({ state: 'misconfigured', code: 'options_invalid' });
  expect(JSON.stringify(answer)).not.toContain('secret');
});

test('with a loopback issuer imdsUrl may be given, and trust may be left out: then it is first use', () => {
  const { product, folder } = SOUND;
  const settings = parseOptions({
    product,
    folder,
    issuer: 'http://[::1]:7071',
    imdsUrl: 'http://127.0.0.1:7080/vms/a',
  });
  expect(settings).toMatchObject({
    trust: { kind: 'first-use' },
    imdsUrl: 'http://127.0.0.1:7080/vms/a',
    fault: undefined,
  });
});

test.each(['plan', 'keySet', 'patience', 'surroundings', '__proto', 'tru\u0007st'])(
  '%j is no option, and is named',
  (name) => {
    const { fault } = parseOptions({ ...SOUND, [name]: 1 });
    expect(fault?.message).toContain(`${name.replace('\u0007', '?')}: no such option`);
  },
);

test('a wrong option beside a licence in hand makes no check, and takes no licence away', async () => {
  const scene = await createScene();
  await scene.check();
  scene.forget();
  const wrong = { patience: 7 } as never;
  expect(await scene.check(wrong)).toMatchObject({ state: 'licensed', code: 'options_invalid' });
  scene.time.pass(2 * DAY);
  expect(await scene.check(wrong)).toMatchObject({ state: 'grace', code: 'options_invalid' });
  expect(scene.service.requests).toEqual([]);
  scene.imds.vmId = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
  expect(await scene.check(wrong)).toMatchObject({ state: 'misconfigured', code: 'options_invalid' });
});

test('wrong options are answered by every method, and thrown by none', async () => {
  const client = createLicenceClient({ ...SOUND, issuer: 'x' });
  expect(await client.check()).toMatchObject({ state: 'misconfigured', code: 'options_invalid' });
  expect(await client.status()).toMatchObject({ state: 'misconfigured', code: 'options_invalid' });
  expect(await client.release()).toMatchObject({ released: false, code: 'options_invalid' });
  const stop = new AbortController();
  for await (const answer of client.watch({ signal: stop.signal })) {
    expect(answer).toMatchObject({ state: 'misconfigured', code: 'options_invalid' });
    stop.abort();
  }
  for (const options of [undefined, null, 'x', []]) {
    expect(await checkLicence(options as never)).toMatchObject({ code: 'options_invalid' });
  }
});

test.each(['http://localhost:7071', 'http://127.0.0.1:7071', 'http://[::1]:7071', 'https://example.test/licences'])(
  '%s can be an issuer',
  (issuer) => {
    expect(parseOptions({ ...SOUND, issuer })).toMatchObject({ issuer });
  },
);

test('everything that is wrong is said at once', async () => {
  const { reason } = await checkLicence({ ...SOUND, issuer: 'x', product: 'y', folder: 'z' });
  expect(reason).toMatch(/issuer: .*; product: .*; folder: /);
});
