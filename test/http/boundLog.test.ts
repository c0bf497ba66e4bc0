import fc from '../support/properties.ts';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLogBounds, timePort } from '../../src/http/boundLog.ts';
import { createHideIds } from '../../src/http/hideIds.ts';
import type { HideIds } from '../../src/http/hideIds.ts';
import type { UseCase } from '../../src/http/edge.ts';
import { createRequest } from '../app/edgeRequest.ts';
import type { LogLine } from '../app/edgeRequest.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const REPLY = { status: 400, headers: {}, body: '' };

/** Sends requests of which each writes one line, and returns what of that was written. */
function createWriter() {
  const clock = { at: AT };
  const log: LogLine[] = [];
  const bound = createLogBounds({ trustedProxies: 0, now: () => clock.at });
  const write = async (event: string, facts: LogLine['facts'] = {}, address = '203.0.113.7') => {
    const useCase: UseCase = (request) => {
      request.log('info', event, facts);
      return Promise.resolve(REPLY);
    };
    await bound(useCase)(createRequest({ log, headers: { 'x-forwarded-for': address } }));
  };
  return { clock, log, write };
}

const refused = { code: 'request_malformed', path: '/v1/licences' };

test('refusals for load are counted, and told in one line after a minute with the number of addresses', async () => {
  const { clock, log, write } = createWriter();
  for (let times = 0; times < 500; times += 1) await write('request_refused', { code: 'rate_limited' });
  await write('request_refused', { code: 'rate_limited' }, '2001:db8::1');
  await write('request_refused', { code: 'rate_limited' }, '2001:db8::2');
  clock.at += 59_999;
  await write('licence_issued');
  expect(log.map(({ event }) => event)).toEqual(['licence_issued']);
  clock.at += 1;
  await write('licence_issued');
  await write('licence_issued');
  expect(log.map(({ event }) => event)).toEqual([
    'licence_issued',
    'refusals_counted',
    'licence_issued',
    'licence_issued',
  ]);
  expect(log[1]).toEqual({
    level: 'warn',
    event: 'refusals_counted',
    facts: { since: '2026-11-23T12:00:00Z', addresses: 2, counts: { rate_limited: 502 } },
  });
});

test('other refusals are a line each while there are few, then counted by code', async () => {
  const { clock, log, write } = createWriter();
  for (let times = 0; times < 100; times += 1) await write('request_refused', refused);
  for (let times = 0; times < 10; times += 1) await write('request_failed', { code: 'store_unavailable' });
  await write('trust_not_refreshed', { reason: 'x' });
  expect(log).toHaveLength(30);
  await write('request_refused', refused, '203.0.113.8');
  expect(log).toHaveLength(31);
  clock.at += 60_000;
  await write('request_refused', refused);
  expect(log.slice(31).map(({ event }) => event)).toEqual(['refusals_counted', 'request_refused']);
  expect(log[31]?.facts['counts']).toEqual({ request_malformed: 70, store_unavailable: 10, trust_not_refreshed: 1 });
});

test('all addresses together have 300 lines, then 300 a minute', async () => {
  const { clock, log, write } = createWriter();
  const flood = async () => {
    for (let address = 0; address < 1_000; address += 1)
      await write('evidence_refused', { code: 'issuer_unknown' }, `2001:db8:0:${address.toString(16)}::1`);
  };
  await flood();
  expect(log).toHaveLength(300);
  clock.at += 60_000;
  await flood();
  expect(log).toHaveLength(601);
  expect(log[300]?.facts).toMatchObject({ addresses: 700, counts: { issuer_unknown: 700 } });
});

test('what is decided about a VM, and what operators do, is always written', async () => {
  const { log, write } = createWriter();
  for (let times = 0; times < 1_000; times += 1) await write(times % 2 === 0 ? 'licence_refused' : 'operator_wrote');
  expect(log).toHaveLength(1_000);
});

test('counting holds on to no more than 1,000 addresses', async () => {
  const { clock, log, write } = createWriter();
  for (let address = 0; address < 3_000; address += 1)
    await write('request_refused', { code: 'rate_limited' }, `10.0.${address >> 8}.${address & 255}`);
  clock.at += 60_000;
  await write('licence_issued');
  expect(log[0]?.facts).toMatchObject({ addresses: 1_000, counts: { rate_limited: 3_000 } });
});

test('a clock that is set back does not keep what was counted', async () => {
  const { clock, log, write } = createWriter();
  await write('request_refused', { code: 'rate_limited' });
  clock.at -= 86_400_000;
  await write('licence_issued');
  expect(log[0]?.event).toBe('refusals_counted');
});

/** Facts as they come to the log. */
function written(facts: LogLine['facts'], hideIds: HideIds | null = null): LogLine['facts'] {
  const log: LogLine[] = [];
  const bound = createLogBounds({ trustedProxies: 0, now: () => AT, hideIds });
  const useCase: UseCase = (request) => {
    request.log('info', 'request_refused', facts);
    return Promise.resolve(REPLY);
  };
  void bound(useCase)(createRequest({ log }));
  return log[0]?.facts ?? {};
}

test('a path is cut after 256 characters, any other text after 512', () => {
  const { path, detail } = written({ path: `/${'x'.repeat(15_000)}`, detail: 'y'.repeat(15_000) });
  expect(path).toBe(`/${'x'.repeat(254)}…`);
  expect(detail).toBe(`${'y'.repeat(511)}…`);
});

test('what fits stays as it is, in every script', () => {
  const facts = {
    path: '/v1/licences',
    name: 'Größe 東京 🙂 e\u0301',
    count: 3,
    none: null,
    list: ['a', 1],
    of: { a: 'b' },
  };
  expect(written(facts)).toEqual(facts);
});

test('controls and what changes the direction of text are escaped', () => {
  const { name, of } = written({ name: 'a\n\u001b[31m\u009b\u202e\u2028b', of: { list: ['\u0000'] } });
  expect(name).toBe('a\\u000a\\u001b[31m\\u009b\\u202e\\u2028b');
  expect(of).toEqual({ list: ['\\u0000'] });
});

test('no text is longer than its bound, and none has a character that is not to be seen', () => {
  const text = fc.string({
    unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constant('\ud800')),
  });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 200 }), (parts) => {
      const { path, name } = written({ path: parts.join(''), name: parts.join('') });
      expect(String(path).length).toBeLessThanOrEqual(256);
      expect(String(name).length).toBeLessThanOrEqual(512);
      expect(String(name).isWellFormed() ? String(name) : '').not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }),
  );
});

/** A clock beside the one of times of day; it goes on when the test says so. */
function useMilliseconds() {
  const clock = { at: 0 };
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => clock.at);
  onTestFinished(() => {
    spy.mockRestore();
  });
  return clock;
}

/** Calls that end when the test says so. */
function createPort() {
  const ends: (() => void)[] = [];
  const wait = () => new Promise<void>((end) => void ends.push(end));
  return { wait, end: () => ends.shift()?.(), tell: () => 7, base: 3 };
}

/** A request that is answered when the test says so, and then writes its line. */
function startRequest(event: string, work: () => Promise<unknown>) {
  const log: LogLine[] = [];
  const useCase: UseCase = async (request) => {
    await work();
    request.log('info', event, { code: 'x' });
    return REPLY;
  };
  const answered = createLogBounds({ trustedProxies: 0, now: () => AT })(useCase)(createRequest({ log }));
  return { log, answered };
}

test('the line of a decision tells how long it took, and what of that store and signer took', async () => {
  const clock = useMilliseconds();
  const [store, signer] = [createPort(), createPort()];
  const [timedStore, timedSigner] = [timePort('store', store), timePort('signer', signer)];
  const { log, answered } = startRequest('licence_issued', async () => {
    clock.at += 1;
    const read = timedStore.wait();
    clock.at += 10;
    store.end();
    await read;
    clock.at += 100;
    const signed = timedSigner.wait();
    clock.at += 20.4;
    signer.end();
    await signed;
  });
  await answered;
  expect(log[0]?.facts).toEqual({ code: 'x', ms: 131, storeMs: 10, signerMs: 20 });
});

test('calls to the store at the same time count once, and those of another request not at all', async () => {
  const clock = useMilliseconds();
  const store = createPort();
  const timed = timePort('store', store);
  const waitForTwo = async () => {
    const both = Promise.all([timed.wait(), timed.wait()]);
    clock.at += 50;
    store.end();
    store.end();
    await both;
  };
  const { log, answered } = startRequest('licence_refused', waitForTwo);
  const other = startRequest('evidence_refused', () => Promise.resolve());
  await Promise.all([answered, other.answered]);
  expect([log[0]?.facts['storeMs'], other.log[0]?.facts['storeMs']]).toEqual([50, 0]);
});

test('lines that are no decisions tell no times', async () => {
  const { log, answered } = startRequest('operator_wrote', () => Promise.resolve());
  await answered;
  expect(log[0]?.facts).toEqual({ code: 'x' });
});

test('a timed port answers and fails as the port does, outside of requests too', async () => {
  const port = timePort('signer', { ...createPort(), fail: () => Promise.reject(new Error('no')) });
  expect([port.tell(), port.base]).toEqual([7, 3]);
  await expect(port.fail()).rejects.toThrow('no');
  const { answered } = startRequest('licence_issued', () => port.fail());
  await expect(answered).rejects.toThrow('no');
});

test('a port that a timed port answers with is timed too', async () => {
  const clock = useMilliseconds();
  const signer = { sign: () => ((clock.at += 30), Promise.resolve()) };
  const keys = timePort('signer', { readSigner: () => Promise.resolve(signer) }, 'readSigner');
  const { log, answered } = startRequest('licence_issued', async () => (await keys.readSigner()).sign());
  await answered;
  expect(log[0]?.facts).toMatchObject({ signerMs: 30 });
});

const VM = '11111111-0000-4000-8000-00000000000a';

test('hashed ids are alike for equal ids in any case, wherever they stand, and tell nothing without the key', () => {
  const hide = createHideIds(Buffer.alloc(32, 1));
  const facts = { vmId: VM, path: `/operator/v1/activations/${VM.toUpperCase()}`, of: { pools: [`a:${VM}`] } };
  const { vmId, path, of } = written(facts, hide);
  expect(vmId).toMatch(/^~[\w-]{16}$/);
  expect([path, of]).toEqual([`/operator/v1/activations/${String(vmId)}`, { pools: [`a:${String(vmId)}`] }]);
  expect(hide('vmId', VM.replace(/a$/, 'b'))).not.toBe(vmId);
  expect(createHideIds(Buffer.alloc(32, 2))('vmId', VM)).not.toBe(vmId);
});

test('ids of decisions and of operators are not hashed', () => {
  const facts = { correlationId: VM, operator: VM };
  expect(written(facts, createHideIds(Buffer.alloc(32, 1)))).toEqual(facts);
});
