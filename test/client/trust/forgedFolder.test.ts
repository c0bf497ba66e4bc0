import { expect, test } from 'vitest';
import { createSigningKey, problem } from '../support/licenceService.ts';
import type { SigningKey } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';
import { DAY, NOW } from '../support/vectors.ts';

/*
 * The owner of a VM can write into the client's folder whatever he likes. Here he runs the client itself against a service
 * of his own that bears the vendor's name, and leaves what came of it: a key that he has, a licence for it, a key set that
 * vouches for both. Only the vendor's root is missing.
 */

type Forge = (scene: Scene) => Promise<void>;

/** @param key what the licence is signed with */
async function forge(scene: Scene, key: SigningKey): Promise<void> {
  const { service } = scene;
  const genuine = { key: service.key, roots: service.roots };
  const root = await createSigningKey();
  Object.assign(service, { key, roots: [root] });
  const answer = await scene.check({ trust: { rootKeys: [root.kid] } });
  Object.assign(service, genuine);
  // It is a good folder for whoever pins that root.
  expect(answer.state).toBe('licensed');
}

const forgeEverything: Forge = async (scene) => forge(scene, await createSigningKey());

const keepTheGenuineSet: Forge = async (scene) => {
  const keySet = await scene.service.signKeySet();
  await forgeEverything(scene);
  await scene.changeLicenceFile((file) => ({ ...file, keySet }));
};

const signTheSetWithAnotherRoot: Forge = async (scene) => {
  const keySet = await scene.service.signKeySet({ key: await createSigningKey() });
  await forgeEverything(scene);
  await scene.changeLicenceFile((file) => ({ ...file, keySet }));
};

/** The root has signed a set with the key that the thief has, but that set no longer counts, or never did. */
function presentASet(times: { readonly iat?: number; readonly exp: number }): Forge {
  return async (scene) => {
    const thief = await createSigningKey();
    const keySet = await scene.service.signKeySet({ claims: { ...times, keys: [thief.jwk] } });
    await forge(scene, thief);
    await scene.changeLicenceFile((file) => ({ ...file, keySet }));
  };
}

const SECONDS = NOW / 1000;
const DAYS = DAY / 1000;
const presentAnEndedSet = presentASet({ iat: SECONDS - 40 * DAYS, exp: SECONDS - 10 * DAYS });
const presentATooLongSet = presentASet({ exp: SECONDS + 93 * DAYS });

const FORGERIES: readonly (readonly [string, Forge])[] = [
  ['another key set, licence and key', forgeEverything],
  ['another licence and key beside the genuine key set', keepTheGenuineSet],
  ['the genuine keys in a set under another root', signTheSetWithAnotherRoot],
  ['a set that has ended', presentAnEndedSet],
  ['a set that lives too long', presentATooLongSet],
];

const CIRCUMSTANCES: readonly (readonly [string, (scene: Scene) => void])[] = [
  ['online', () => undefined],
  ['with the service away', (scene) => (scene.serviceIsAway = true)],
  ['with IMDS silent', (scene) => (scene.imdsIs = 'silent')],
  [
    'with both away',
    (scene) => {
      scene.serviceIsAway = true;
      scene.imdsIs = 'refused';
    },
  ],
  [
    'outside Azure',
    (scene) => {
      scene.imdsIs = 'no_route';
      scene.chassis = { readable: true, tag: 'Another hypervisor' };
    },
  ],
];

const CASES = FORGERIES.flatMap(([what, attempt]) =>
  CIRCUMSTANCES.flatMap(([where, arrange]) =>
    [false, true].map((wasLicensed) => ({ what, attempt, where, arrange, wasLicensed })),
  ),
);

test.each(CASES)('$what, $where, licensed before: $wasLicensed', async ({ attempt, arrange, wasLicensed }) => {
  const scene = await createScene();
  if (wasLicensed) await scene.check();
  await attempt(scene);
  scene.service.answer('/v1/licences', problem(403, 'subscription_not_licensed'));
  arrange(scene);
  for (const renew of [false, true]) {
    const answer = await scene.client({ once: true }).check({ renew });
    expect(answer.licence).toBeUndefined();
    expect(['refused', 'unreachable', 'not_in_azure', 'misconfigured']).toContain(answer.state);
  }
});
