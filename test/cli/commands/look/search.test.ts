import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { runIn } from '../../documentFiles.ts';

const VM = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';

test('of an answer that is not all it is said what to do, for a word and for a whole id', async () => {
  const found = { licences: [], subscriptions: [], vms: [], decisions: [] };
  const service = createServer((_, response) => {
    response.end(JSON.stringify({ query: VM, cloud: null, ...found, complete: false }));
  });
  onTestFinished(() => void service.close());
  await new Promise<void>((done) => service.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const { code, complaints } = await runIn('.', ['search', VM], {
    env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token' },
  });
  expect({ code, complaints }).toEqual({
    code: 0,
    complaints:
      'There may be more. Write more of the word or of the id. If the id is whole, search again in some minutes.\n',
  });
});
