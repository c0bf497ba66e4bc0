import { expect, test } from 'vitest';
import { checkLicence } from '../../src/client/checkLicence.ts';
import { parseOptions } from '../../src/client/settings.ts';
import type { CheckOptions } from '../../src/client/settings.ts';

const SOUND: CheckOptions = {
  issuer: 'https://licences.example.test',
  product: 'contoso/widget',
  folder: '/var/lib/widget',
};

test('few options are enough', async () => {
  expect(await parseOptions(SOUND)).toMatchObject({
    files: {
      key: '/var/lib/widget/key.pem',
      licence: '/var/lib/widget/licence.json',
      newestTime: '/var/lib/widget/newest-time',
    },
    claimedProduct: undefined,
    once: false,
    patience: 90_000,
    keySet: undefined,
    imdsUrl: undefined,
  });
});

test.each([
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
  ['plan', 'widget/standard'],
  ['folder', 'var/lib/widget'],
  ['folder', ''],
  ['client', 'two\nlines'],
  ['client', 'x'.repeat(129)],
  ['patience', -1],
  ['patience', NaN],
  ['imdsUrl', 'https://169.254.169.254'],
  ['imdsUrl', 'http://127.0.0.1:1/'],
])('%s cannot be %j', async (name, value) => {
  const check = await checkLicence({ ...SOUND, [name]: value });
  expect(check).toMatchObject({ state: 'misconfigured', code: 'options_invalid' });
  expect(check.reason).toContain(`(${name}: `);
});

test.each(['http://localhost:7071', 'http://127.0.0.1:7071', 'http://[::1]:7071', 'https://example.test/licences'])(
  '%s can be an issuer',
  async (issuer) => {
    expect(await parseOptions({ ...SOUND, issuer })).toMatchObject({ issuer });
  },
);

test('everything that is wrong is said at once', async () => {
  const { reason } = await checkLicence({ ...SOUND, issuer: 'x', product: 'y', folder: 'z' });
  expect(reason).toMatch(/issuer: .*; product: .*; folder: /);
});

test('a key set in the options is checked like any other', async () => {
  expect(await checkLicence({ ...SOUND, keySet: { keys: [] } })).toMatchObject({ code: 'key_set_unusable' });
});
