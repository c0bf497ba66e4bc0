import { expect, onTestFinished, test } from 'vitest';
import { createFunctionsHost } from '../../../src/dev/functionsHost/createFunctionsHost.ts';
import { HostStartError } from '../../../src/dev/functionsHost/hostError.ts';
import { ECHO_APP } from './appFolder.ts';
import { recordLog } from './logRecord.ts';

const SETTINGS = { FIXTURE_SCHEDULE: '0 0 3 * * *', FIXTURE_SETTING: 'of this host', AzureWebJobsStorage: 'some' };

async function startLimited(limit: string) {
  const { log, lines } = recordLog();
  const env = { ...SETTINGS, FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: limit };
  const host = createFunctionsHost({ root: ECHO_APP, env, log });
  await host.start();
  const listening = await host.listen(0);
  onTestFinished(() => listening.close());
  const send = (body: RequestInit['body']) =>
    fetch(`${listening.url}/size`, { method: 'POST', body: body ?? null, duplex: 'half' } as RequestInit);
  return { lines, send };
}

/** A body that does not say its length. */
function chunked(octets: number): ReadableStream<Uint8Array> {
  const chunks = [new Uint8Array(1), new Uint8Array(octets - 1)];
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

test('with FUNCTIONS_REQUEST_BODY_SIZE_LIMIT a longer body is a 500, for every function', async () => {
  const { lines, send } = await startLimited('278528');
  for (const body of [new Uint8Array(278_528), chunked(278_528)])
    expect(await (await send(body)).text()).toBe('278528');
  expect(lines).toEqual([]);
  for (const body of [new Uint8Array(278_529), chunked(278_529)]) expect((await send(body)).status).toBe(500);
  expect(lines).toEqual(
    new Array(2).fill(expect.stringContaining('longer than the 278528 octets of FUNCTIONS_REQUEST_BODY_SIZE_LIMIT')),
  );
});

test.each(['0', '-1', '256KB', '1e6'])('the limit "%s" is refused at the start', async (limit) => {
  const error: unknown = await startLimited(limit).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HostStartError);
  expect(String(error)).toContain('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT must be a number of octets');
});
