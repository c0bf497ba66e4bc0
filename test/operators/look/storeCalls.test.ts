import { expect, test } from 'vitest';

import { fillForOperators, subscriptionOf } from '../../support/operatorFilling.ts';
import { DAY, vmId } from '../../support/licensing.ts';
import { useScenes } from '../../support/serviceScene.ts';
import type { Scene } from '../../support/serviceScene.ts';

/** What each question costs in calls to the store: docs/decisions/table-keys.md has the table that this asserts. */

const createScene = useScenes();

async function ask(scene: Scene, path: string) {
  const before = scene.proxy.requests.length;
  const { status, body } = await scene.operate(`GET ${path}`, { as: 'Reader' });
  expect(status, `${path} ${JSON.stringify(body).slice(0, 200)}`).toBe(200);
  return { body, calls: scene.proxy.requests.slice(before) };
}

const instant = (at: number) => new Date(at).toISOString();
const CLOUD = 'cloud=AzurePublicCloud';
const SUBSCRIPTION = subscriptionOf(7);

/** Each question, and the most calls that it may cost. */
const questions = (now: number): readonly (readonly [path: string, most: number])[] => [
  ['/search?q=fabri', 4],
  ['/search?q=northwind%20telephone', 4],
  [`/search?q=${vmId(77)}`, 4],
  [`/search?q=${SUBSCRIPTION.slice(0, 30)}`, 4],
  ['/licences?limit=20', 1],
  ['/licences?limit=20&query=adventure', 1],
  ['/licences?limit=20&status=expired', 1],
  ['/licences?limit=20&sort=end', 1],
  ['/licences?limit=20&sort=customer&status=active', 1],
  ['/licences?limit=20&sort=changed', 1],
  ['/pools', 1],
  ['/pools?sort=fullest', 1],
  ['/decisions', 1],
  ['/decisions?code=key_changed&limit=5', 1],
  ['/decisions?code=trial_ended', 5],
  [`/decisions?${CLOUD}&subscription=${SUBSCRIPTION}`, 2],
  [`/decisions?${CLOUD}&subscription=${SUBSCRIPTION}&licence=licence-7&refused=true`, 2],
  ['/decisions?licence=licence-7&refused=true', 5],
  ['/licences?limit=20&counted=true', 21],
  ['/pools?kind=marketplace&sort=fullest', 1],
  [`/timeline?${CLOUD}&subscription=${SUBSCRIPTION}`, 2],
  [`/timeline?${CLOUD}&vm=${vmId(7)}`, 2],
  [`/statistics/decisions?from=${instant(now - 7 * DAY)}`, 2],
  [`/statistics/decisions?from=${instant(now - 10 * DAY)}&until=${instant(now - 3 * DAY)}`, 2],
  ['/overview', 6],
  ['/overview?period=7d', 6],
];

test('each question of operators costs no more calls than it may, and finds what there is', async () => {
  const scene = await createScene();
  const now = scene.now();
  await fillForOperators(scene.tables, { licences: 40, vms: 100, decisions: 500, now });
  const counts: Record<string, number> = {};
  for (const [path] of questions(now)) {
    // Offers, trust and how far the projector is are asked for at most every ten and twenty seconds, and every minute.
    await ask(scene, '/licences?limit=1');
    await ask(scene, '/trust');
    await ask(scene, `/timeline?vm=${vmId(1)}&${CLOUD}`);
    counts[path] = (await ask(scene, path)).calls.length;
  }
  const tooMany = questions(now).filter(([path, most]) => (counts[path] ?? 0) > most);
  expect(tooMany, JSON.stringify(counts, null, 1)).toEqual([]);
  expect(Object.values(counts).every((count) => count > 0)).toBe(true);
  await expectWhatThereIs(scene, now);
}, 120_000);

async function expectWhatThereIs(scene: Scene, now: number): Promise<void> {
  const found = await ask(scene, '/search?q=fabrikam%2015');
  expect(found.body['licences']).toMatchObject([{ id: 'licence-15', customer: 'Fabrikam 15' }]);
  expect((await ask(scene, `/search?q=${vmId(77)}`)).body['vms']).toMatchObject([{ id: vmId(77) }]);
  const { body } = await ask(scene, '/pools?sort=fullest&limit=200');
  const pools = body['items'] as readonly { readonly taken: number; readonly limit: number }[];
  expect(pools.length).toBeGreaterThanOrEqual(40);
  const fills = pools.map(({ taken, limit }) => (limit === 0 ? 0 : Math.floor((taken * 1_000) / limit)));
  expect(fills).toEqual(fills.toSorted((left, right) => right - left));
  const range = `from=${instant(now - 20 * DAY)}&until=${instant(now)}`;
  const counted = await ask(scene, `/statistics/decisions?by=day&limit=1000&${range}`);
  const sum = (counted.body['items'] as { count: number }[]).reduce((total, { count }) => total + count, 0);
  expect(sum).toBe(500);
}
