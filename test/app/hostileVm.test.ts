import fc from '../support/properties.ts';
import { expect, test } from 'vitest';

import { createKey, readPayload } from '../endToEnd/protocolClient.ts';
import type { Answer, ClientKey } from '../endToEnd/protocolClient.ts';
import { FLEET_LICENCE, setFleetSeats } from '../support/seating.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import { putOffer } from '../support/putOffer.ts';

/**
 * One VM with root in hostile hands, through HTTP alone: it boots, renews, gives back whatever licence it has and makes new
 * keys in any order, on two instances whose clocks are two minutes apart, while another VM waits for the one seat.
 */

const MINUTE = 60_000;
let ahead = 0;
const createScene = useScenes(() => ahead);
const RUNS = Number(process.env['HOSTILE_VMS'] ?? 12);

type Action =
  | { readonly does: 'boot' | 'release'; readonly key: number; readonly licence: number; readonly instance: number }
  | { readonly does: 'other'; readonly instance: number }
  | { readonly does: 'wait'; readonly minutes: number };

const instance = fc.integer({ min: 0, max: 1 });
const key = fc.integer({ min: 0, max: 4 });
const licence = fc.nat({ max: 20 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('boot' as const), key, licence, instance }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('release' as const), key, licence, instance }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('other' as const), instance }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('wait' as const),
      minutes: fc.constantFrom(2, 61, 721, 1_439, 1_441, 1_445),
    }),
  },
);

interface Held {
  readonly token: string;
  readonly sub: string;
  readonly jkt: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Everything that was ever given out, with the keys that the hostile VM made. */
class Hands {
  readonly #scene: Scene;
  readonly #keys: readonly ClientKey[] = Array.from({ length: 5 }, createKey);
  readonly #otherKey = createKey();
  readonly #held: Held[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  async act(one: Action): Promise<void> {
    if (one.does === 'wait') ahead += one.minutes * MINUTE;
    else if (one.does === 'other') this.#keep(await this.#scene.boot('fleet-2', { key: this.#otherKey, ...one }));
    else if (one.does === 'boot') this.#keep(await this.#scene.boot('fleet-1', { ...one, key: this.#keyOf(one.key) }));
    else await this.#release(one);
  }

  async #release({ key: number, licence: index, instance: at }: Extract<Action, { does: 'boot' | 'release' }>) {
    const held = this.#held[index % Math.max(1, this.#held.length)];
    if (held === undefined) return;
    const answer = await this.#scene.release('fleet-1', held.token, { key: this.#keyOf(number), instance: at });
    if (answer.status !== 200) return;
    // Nothing is free before the licence given back has expired, by anybody's clock.
    expect(Date.parse(String(answer.body['seatFreeAt']))).toBeGreaterThan(held.until);
  }

  #keep({ status, body }: Answer): void {
    if (status !== 200) return;
    const token = String(body['licence']);
    const { sub, exp, cnf } = readPayload(token);
    this.#held.push({ token, sub: String(sub), jkt: (cnf as { jkt: string }).jkt, until: Number(exp) * 1000 });
  }

  #keyOf(number: number): ClientKey {
    return this.#keys[number] ?? this.#otherKey;
  }

  live(): readonly Held[] {
    return this.#held.filter(({ until }) => until > this.#scene.now());
  }
}

test.each([0, 1, 2])('with %i changes of key allowed', async (keyChanges) => {
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
      ahead = 0;
      const scene = await createScene({ instances: [{ skew: MINUTE }, { skew: -MINUTE }] });
      await setFleetSeats(scene.store, 1);
      await allowKeyChanges(scene, keyChanges);
      const hands = new Hands(scene);
      for (const one of actions) {
        await hands.act(one);
        const live = hands.live();
        granted += live.length;
        const keys = new Set(live.filter(({ sub }) => sub === live[0]?.sub).map(({ jkt }) => jkt));
        expect(keys.size, 'keys with live licences').toBeLessThanOrEqual(keyChanges + 1);
        expect(new Set(live.map(({ sub }) => sub)).size, 'VMs with live licences').toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: RUNS },
  );
  expect(granted).toBeGreaterThan(RUNS);
});

async function allowKeyChanges({ store }: Scene, keyChanges: number): Promise<void> {
  const stored = await store.readOffer(FLEET_LICENCE.plan);
  if (stored === null) throw new Error('The catalogue has no offer for the fleet.');
  await putOffer(store, { ...stored.value, keyChanges });
}
