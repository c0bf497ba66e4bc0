import { afterEach, expect, test } from 'vitest';
import { BoundedJudge } from '../../../src/dev/conformance/boundedJudge.ts';
import { parseLimboSuite } from '../../../src/dev/conformance/limboSuite.ts';
import { useTestClock } from '../../support/testClock.ts';

const clock = useTestClock();

const CASE = { trusted_certs: [], untrusted_intermediates: [], peer_certificate: 'none', expected_result: 'FAILURE' };

function request(id: string) {
  const [limboCase] = parseLimboSuite(JSON.stringify({ testcases: [{ ...CASE, id }] }));
  if (limboCase === undefined) throw new Error('one case expected');
  return { limboCase, now: 0 };
}

/** A thread that answers to the case's id: it takes its time, throws, or agrees. */
const FICKLE = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ limboCase: { id } }) => {
      if (id === 'slow') for (;;);
      if (id === 'broken') throw new Error('a fault of the thread');
      parentPort.postMessage({ accepted: true, code: null });
    });
    parentPort.postMessage('ready');
  `)}`,
);

const open: BoundedJudge[] = [];

function judgeWith(limit: number, script?: URL): BoundedJudge {
  const judge = new BoundedJudge(limit, script);
  open.push(judge);
  return judge;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (judge) => judge.close()));
});

test('the real thread answers, again and again', async () => {
  const judge = judgeWith(5000);
  for (let round = 0; round < 3; round++) {
    expect(await judge.judge(request('any'))).toMatchObject({ accepted: false, code: 'certificate_malformed' });
  }
});

test('a case that takes too long is ended and rejected, and the next one runs', async () => {
  const judge = judgeWith(200, FICKLE);
  expect(await judge.judge(request('quick'))).toEqual({ accepted: true, code: null });
  const slow = judge.judge(request('slow'));
  clock.pass(200);
  expect(await slow).toMatchObject({ accepted: false, code: 'timed_out' });
  expect(await judge.judge(request('quick'))).toEqual({ accepted: true, code: null });
});

test('a thread that fails is told, and the next case gets a new one', async () => {
  const judge = judgeWith(5000, FICKLE);
  await expect(judge.judge(request('broken'))).rejects.toThrow('a fault of the thread');
  expect(await judge.judge(request('quick'))).toEqual({ accepted: true, code: null });
});
