import { TableClient } from '@azure/data-tables';
import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { isConnectionString } from '../../../src/tables/kit/connectionString.ts';

function isTakenByClient(text: string): boolean {
  try {
    TableClient.fromConnectionString(text, 'offers', {});
    return true;
  } catch {
    return false;
  }
}

const KEY = 'AccountKey=c2VjcmV0';
const TAKEN = [
  'UseDevelopmentStorage=true',
  `DefaultEndpointsProtocol=https;AccountName=a;${KEY};EndpointSuffix=core.windows.net`,
  `DefaultEndpointsProtocol=http;AccountName=a;${KEY};TableEndpoint=http://127.0.0.1:10002/a`,
  `DefaultEndpointsProtocol=http;AccountName=a;${KEY};TableEndpoint=http://127.0.0.1:10002/a/;`,
  `DefaultEndpointsProtocol=odd;AccountName=a;${KEY};TableEndpoint=https://a.table.example`,
  'TableEndpoint=https://a.table.core.windows.net/;SharedAccessSignature=sv=1&sig=2',
  'SharedAccessSignature=sv=1&sig=2;TableEndpoint=http://127.0.0.1:10002/a',
];
const REFUSED = [
  '',
  'secret',
  'UseDevelopmentStorage=false',
  `AccountName=a;${KEY}`,
  `DefaultEndpointsProtocol=https;AccountName=;${KEY};EndpointSuffix=core.windows.net`,
  'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=;EndpointSuffix=core.windows.net',
  `DefaultEndpointsProtocol=ftp;AccountName=a;${KEY};EndpointSuffix=core.windows.net`,
  `DefaultEndpointsProtocol=https;AccountName=a;${KEY}`,
  `DefaultEndpointsProtocol=https;AccountName=a b;${KEY};EndpointSuffix=core.windows.net`,
  `DefaultEndpointsProtocol=https;AccountName=a;${KEY};TableEndpoint=nowhere`,
  `DefaultEndpointsProtocol=https;AccountName=a;${KEY};odd;EndpointSuffix=core.windows.net`,
  'TableEndpoint=https://a.table.core.windows.net/',
  'TableEndpoint=https://127.0.0.1:10002;SharedAccessSignature=sv=1',
  'SharedAccessSignature=sv=1&sig=2',
];

test.each(TAKEN)('takes %s, as the client does', (text) => {
  expect([isConnectionString(text), isTakenByClient(text)]).toEqual([true, true]);
});

test.each(REFUSED)('refuses %o, as the client does', (text) => {
  expect([isConnectionString(text), isTakenByClient(text)]).toEqual([false, false]);
});

const PARTS = [
  ...['AccountName=a', 'accountname=', 'AccountName=a b', 'AccountName', KEY, 'AccountKey=', 'ACCOUNTKEY=a=='],
  ...['DefaultEndpointsProtocol=https', 'defaultendpointsprotocol=HTTP', 'DefaultEndpointsProtocol=ftp', '=', ' ', ''],
  ...['EndpointSuffix=core.windows.net', 'EndpointSuffix=', 'EndpointSuffix=a b', ' EndpointSuffix=e ', 'odd', 'a=b'],
  ...['TableEndpoint=https://a.table.example/', 'TableEndpoint=http://127.0.0.1:1', 'TableEndpoint=http://[::1]/a//'],
  ...['TableEndpoint=', 'TableEndpoint=/', 'TableEndpoint=a:b', 'TableEndpoint=https://.table.x', 'TableEndpoint=x'],
  ...[
    'SharedAccessSignature=sv=1&sig=2',
    'sharedaccesssignature=',
    'SharedAccessSignature',
    'UseDevelopmentStorage=true',
  ],
];

test('judges every text as the client does', () => {
  const part = fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...PARTS) }, { weight: 1, arbitrary: fc.string() });
  const texts = fc.array(part, { maxLength: 7 }).map((parts) => parts.join(';'));
  fc.assert(
    fc.property(texts, (text) => {
      expect(isConnectionString(text)).toBe(isTakenByClient(text));
    }),
    { numRuns: 2_000 },
  );
});
