import { expect, test } from 'vitest';
import { problem } from '../support/licenceService.ts';
import type { Reply } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { HOUR } from '../support/vectors.ts';

const busy = (retryAfter?: string): Reply => {
  const reply = problem(429, 'rate_limited');
  return retryAfter === undefined ? reply : { ...reply, headers: { ...reply.headers, 'retry-after': retryAfter } };
};

/** These answers first, from that path; then the faithful one. */
function answerFirst(scene: Scene, path: string, ...replies: readonly (Reply | 'reset')[]): void {
  const left = [...replies];
  scene.service.alter.set(path, (reply) => left.shift() ?? reply);
}

function count(scene: Scene, path: string): number {
  return scene.service.requests.filter((requested) => requested.startsWith(path)).length;
}

test.each(['challenge_expired', 'challenge_replayed'])('%s starts over, three times at most', async (code) => {
  const scene = await createScene();
  scene.service.answer('/v1/licences', problem(409, code));
  // With a claim code, so that the fifth request to IMDS in this second is the last one.
  expect(await scene.check({ claim: 'K7QF' })).toMatchObject({ state: 'unreachable', code });
  expect(count(scene, '/v1/challenges')).toBe(4);
  expect(scene.time.sleeps.filter((milliseconds) => milliseconds > 1000)).toEqual([]);
});

test('starting over once is enough where the second challenge is taken', async () => {
  const scene = await createScene();
  answerFirst(scene, '/v1/licences', problem(400, 'challenge_expired'));
  expect(await scene.check({ once: true })).toMatchObject({ state: 'licensed' });
  expect(scene.events).toContainEqual({ step: 'starting_over', times: 1 });
});

test('a lost answer costs a new challenge, and no second key', async () => {
  const scene = await createScene();
  answerFirst(scene, '/v1/licences', 'reset', problem(409, 'challenge_replayed'));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(count(scene, '/v1/challenges')).toBe(2);
});

test('a step that failed for a passing reason is tried again from that step', async () => {
  const scene = await createScene();
  answerFirst(scene, '/v1/licences', problem(503, 'store_unavailable'), 'reset', busy());
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(count(scene, '/v1/challenges')).toBe(1);
  expect(count(scene, '/.well-known/')).toBe(1);
  expect(scene.imds.count('attested')).toBe(1);
  const challenges = scene.service.licenceRequests.map(({ challenge }) => challenge);
  expect(challenges).toHaveLength(4);
  expect(new Set(challenges).size).toBe(1);
  expect(new Set(scene.service.licenceRequests.map(({ proof }) => proof)).size).toBe(4);
});

test('but from the start when the challenge has less than a minute left', async () => {
  const scene = await createScene();
  answerFirst(scene, '/v1/licences', busy('150'));
  expect(await scene.check({ patienceMs: 1_000_000 })).toMatchObject({ state: 'licensed' });
  expect(count(scene, '/v1/challenges')).toBe(1);
  const later = await createScene();
  answerFirst(later, '/v1/licences', busy('161'));
  expect(await later.check({ patienceMs: 1_000_000 })).toMatchObject({ state: 'licensed' });
  expect(count(later, '/v1/challenges')).toBe(2);
  expect(later.imds.count('attested')).toBe(2);
});

test('pauses are an own one that doubles from 1 to 30 seconds, times a number between 1 and 2', async () => {
  const scene = await createScene();
  scene.service.answer('/v1/challenges', problem(503, 'store_unavailable'));
  expect(await scene.check({ patienceMs: 400_000 })).toMatchObject({ code: 'store_unavailable' });
  const waits = scene.events.filter((event) => event.step === 'waiting').map(({ milliseconds }) => milliseconds);
  expect(waits).toEqual([1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000, 45_000, 45_000, 45_000, 45_000]);
});

test('after a 429 the own pause begins at 4 seconds', async () => {
  const scene = await createScene();
  answerFirst(scene, '/v1/challenges', busy(), busy());
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  const waits = scene.events.filter((event) => event.step === 'waiting').map(({ milliseconds }) => milliseconds);
  expect(waits).toEqual([6000, 12_000]);
});

test.each([
  ['10', 15_000],
  ['2', 6000],
])('the larger of Retry-After (%s s) and the own pause counts', async (retryAfter, wait) => {
  const scene = await createScene();
  answerFirst(scene, '/v1/licences', busy(retryAfter));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.events).toContainEqual({ step: 'waiting', for: 'service', milliseconds: wait });
});

test('a Retry-After beyond the patience ends the check at once, and the next one keeps to it', async () => {
  const scene = await createScene();
  scene.service.answer('/v1/challenges', busy('100'));
  const { nextCheckAt, ...answer } = await scene.check();
  expect(answer).toMatchObject({ state: 'unreachable', code: 'rate_limited' });
  expect(scene.time.monotonic).toBeLessThan(1000);
  expect(Date.parse(nextCheckAt) - scene.time.now).toBe(150_000);
});

test('a Retry-After just within the patience is kept', async () => {
  const scene = await createScene();
  answerFirst(scene, '/v1/challenges', busy('80'));
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(scene.events).toContainEqual({ step: 'waiting', for: 'service', milliseconds: 85_000 });
});

test('an outage that ends in time ends in a licence', async () => {
  const scene = await createScene();
  answerFirst(scene, '/v1/challenges', 'reset', 'reset', 'reset');
  expect(await scene.check()).toMatchObject({ state: 'licensed' });
  expect(count(scene, '/v1/challenges')).toBe(4);
});

const FOREIGN: readonly (readonly [string, Reply])[] = [
  ['a page', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['a page with 201', { status: 201, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['broken JSON with 200', { status: 200, body: '{"a":' }],
  ['broken JSON with 201', { status: 201, body: '{"a":' }],
  ['a list', { status: 200, body: '[]' }],
  ['another service’s JSON', { status: 200, body: '{"hello":"world"}' }],
  ['a text that is not UTF-8', { status: 200, body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }],
  ['nothing', { status: 204, body: '' }],
  ['a 403 page', { status: 403, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['a 404 page', { status: 404, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['a redirect', { status: 302, body: '', headers: { location: '/portal' } }],
  ['a problem document of another service', problem(403, 'Forbidden')],
  ['a problem document without retryable', problem(403, 'plan_unknown', { retryable: undefined })],
  ['a problem document of another status', problem(403, 'plan_unknown', { status: 404 })],
  ['a problem document as JSON', { ...problem(403, 'plan_unknown'), headers: { 'content-type': 'application/json' } }],
  ['too much', { status: 200, body: `{"a":"${'x'.repeat(65_536)}"}` }],
];

const PATHS = ['/v1/challenges', '/.well-known/jwks.jwt', '/v1/licences'];

test.each(FOREIGN.flatMap(([name, reply]) => PATHS.map((path) => [name, path, reply] as const)))(
  '%s from %s is an outage: tried again until it is over',
  async (_, path, reply) => {
    const scene = await createScene();
    answerFirst(scene, path, reply, reply);
    expect(await scene.check()).toMatchObject({ state: 'licensed' });
    expect(scene.service.requests).not.toContain('/portal');
    scene.service.answer(path, reply);
    scene.time.pass(16 * 24 * HOUR);
    const before = scene.time.monotonic;
    const later = await scene.check({ patienceMs: 20_000 });
    if (path === '/.well-known/jwks.jwt') expect(later).toMatchObject({ state: 'licensed' });
    else expect(later).toMatchObject({ state: 'unreachable', code: 'service_answer_unusable' });
    expect(scene.time.monotonic - before).toBeLessThanOrEqual(21_000);
  },
);

test('a refusal of the service is not asked for again', async () => {
  const scene = await createScene();
  scene.service.answer('/v1/licences', problem(403, 'plan_unknown'));
  expect(await scene.check()).toMatchObject({ state: 'refused', code: 'plan_unknown' });
  expect(count(scene, '/v1/licences')).toBe(1);
});

test('a hung service takes no longer than ten seconds a request, and less where less time is left', async () => {
  const scene = await createScene();
  scene.hangsBelow = '/v1/challenges';
  expect(await scene.check({ patienceMs: 15_000 })).toMatchObject({ code: 'service_unreachable' });
  expect(scene.time.monotonic).toBeLessThanOrEqual(16_000);
  const patient = await createScene();
  patient.hangsBelow = '/v1/licences';
  const answer = await patient.check();
  expect(answer.reason).toContain('no answer in time');
  expect(patient.time.monotonic).toBeGreaterThan(60_000);
  expect(patient.time.monotonic).toBeLessThanOrEqual(91_000);
});
