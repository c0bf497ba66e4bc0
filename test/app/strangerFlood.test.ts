import { expect, test } from 'vitest';
import { post } from '../endToEnd/protocolClient.ts';
import { LOADED_AT, useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import { STRANGER_ROWS, sendStranger } from '../support/strangerRequests.ts';
import type { StrangerRequest } from '../support/strangerRequests.ts';

/** A stranger sends everything that there is, from one address, as often as it can. */

const MINUTE = 60_000;
const REQUESTS = 10_000;
const STRANGER = '203.0.113.7';
const OTHER = '198.51.100.9';
let ahead = 0;
const createScene = useScenes(
  () => ahead,
  () => LOADED_AT,
);

async function createFlooded() {
  ahead = 0;
  const settings = { RATE_LIMIT_PER_SECOND: '20', TRUSTED_PROXIES: '1' };
  const scene = await createScene({ instances: [{ settings }] });
  scene.proxy.requests.length = 0;
  return { scene, url: scene.urls[0] };
}

/** The last row, of what is over the limit, comes by itself. */
function makeAll({ urls: [url], imdsUrl }: Scene): Promise<readonly StrangerRequest[]> {
  const where = { url, issuer: url, imdsUrl };
  return Promise.all(STRANGER_ROWS.slice(0, -1).map(({ make }) => make(where)));
}

const octetsOf = (lines: readonly string[]) => Buffer.byteLength(lines.map((line) => `${line}\n`).join(''));
const isWrite = (request: string) => !request.startsWith('GET ');

test('10,000 requests of all kinds in a minute: little log, nothing written but one unknown issuer a minute, and others are answered', async () => {
  const { scene, url } = await createFlooded();
  const requests = await makeAll(scene);
  const statuses = new Map<number, number>();
  for (let index = 0; index < REQUESTS; index += 1) {
    ahead = (index / REQUESTS) * MINUTE;
    const request = requests[index % requests.length];
    if (request === undefined) throw new Error('There is no request.');
    const { status } = await sendStranger(url, request, STRANGER);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (index % 100 > 0) continue;
    const asked = await post(`${url}/v1/challenges`, {}, { 'x-forwarded-for': OTHER });
    expect(asked.status).toBe(201);
  }
  expect(statuses.get(429)).toBeGreaterThan(REQUESTS / 2);
  expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
  expect(octetsOf(scene.log())).toBeLessThan(50_000);
  expect(scene.proxy.requests.filter(isWrite)).toEqual(['POST issuers']);
  // What was not written is told.
  ahead = 2 * MINUTE;
  await sendStranger(url, { method: 'GET', path: '/healthz' }, OTHER);
  const [told = '{}'] = scene.log().slice(-1);
  const { event, counts } = JSON.parse(told) as { event: string; counts: Readonly<Record<string, number>> };
  expect([event, (counts['rate_limited'] ?? 0) > 0]).toEqual(['refusals_counted', true]);
});

test('1,000 refused requests with a path of 15 KB write less than 20 KB of log', async () => {
  const { scene, url } = await createFlooded();
  const path = `/operator/v1/licences/${'x'.repeat(15_000)}`;
  for (let times = 0; times < 1_000; times += 1) {
    expect([401, 429]).toContain((await sendStranger(url, { method: 'GET', path }, STRANGER)).status);
  }
  expect(octetsOf(scene.log())).toBeLessThan(20_000);
  expect(scene.proxy.requests).toEqual([]);
});

test('of 400 requests that are not JSON 40 are told so, and 360 are over the limit', async () => {
  const { url } = await createFlooded();
  const statuses: number[] = [];
  for (let times = 0; times < 400; times += 1) {
    const request = {
      method: 'POST',
      path: '/v1/licences',
      headers: { 'content-type': 'application/json' },
      body: '{',
    };
    statuses.push((await sendStranger(url, request, STRANGER)).status);
  }
  expect(statuses).toEqual([...new Array<number>(40).fill(400), ...new Array<number>(360).fill(429)]);
});
