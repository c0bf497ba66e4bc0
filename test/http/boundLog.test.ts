import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLogBounds } from '../../src/http/boundLog.ts';
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
function written(facts: LogLine['facts']): LogLine['facts'] {
  const log: LogLine[] = [];
  const bound = createLogBounds({ trustedProxies: 0, now: () => AT });
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
