import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import { runIn } from '../cli/documentFiles.ts';
import { boot, createKey } from '../endToEnd/protocolClient.ts';
import { createClientFleet, fleetOf, statesOf } from '../support/clientFleet.ts';
import { startCluster } from '../support/cluster.ts';
import type { Cluster, ClusterOptions, Settings } from '../support/cluster.ts';
import { startVault } from '../support/keyVault.ts';
import { LOADED_AT, useScenes } from '../support/serviceScene.ts';
import type { Scene, SceneOptions } from '../support/serviceScene.ts';

/**
 * The rotations of docs/runbooks.md under load: three instances behind one address are replaced one after the other, while
 * shipped clients renew and new VMs boot. Nobody is refused once, and every licence counts under the roots of the image.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LICENCE_LIFE = 30 * DAY;
let ahead = 0;
const useScene = useScenes(() => ahead);
/** Seats for every newcomer: the rotation is all that could refuse one. */
const OFFER = 'contoso/gateway/fleet';
const subscription = 'aaaaaaaa-0000-4000-8000-000000000003';
const CATALOGUE = JSON.stringify({
  offers: [{ offer: OFFER, mode: 'licensed' }],
  licences: [{ id: 'drill', cloud: 'emulator', subscription, offer: OFFER, seats: 500 }],
});
const createScene = (options: SceneOptions = {}) => useScene({ catalogue: CATALOGUE, ...options });

let vms = 0;
/** @returns the number of the first of so many VMs that no test has used */
const nextVm = (count: number) => (vms += count) - count;

beforeEach(() => {
  ahead = 0;
});

const createJwk = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const createSecret = (kid: string) => `${kid}:${randomBytes(32).toString('base64url')}`;
const keySet = (...keys: object[]) => JSON.stringify({ keys });
const kidOf = (jwk: object) => createLocalSigner(JSON.stringify(jwk)).kid;

/** An operator's folder, in which root keys are made as the runbook says. */
async function openFolder(scene: Scene) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-rotation-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const run = async (env: Readonly<Record<string, string>>, ...args: string[]) => {
    const done = await runIn(folder, args, { env, now: scene.now() });
    expect([done.code, args.join(' '), done.complaints]).toEqual([0, args.join(' '), expect.any(String)]);
    return done.out;
  };
  const createRoot = async (name: string) => {
    const { rootKey } = JSON.parse(await run({}, 'keys', 'create-root', '--out', `${name}.pem`, '--json')) as {
      readonly rootKey: string;
    };
    return { name: `${name}.pem`, file: join(folder, `${name}.pem`), rootKey };
  };
  return { run, old: await createRoot('root'), next: await createRoot('new-root') };
}

interface Load {
  /** Every VM renews, and one more boots. */
  readonly round: () => Promise<void>;
  /** The keys that signed the newcomers' licences, in their order. */
  readonly kids: string[];
}

/** @param images the root keys of each sort of image */
function createLoad(scene: Scene, { url }: Cluster, images: readonly (readonly string[])[]): Load {
  const { imdsUrl, now } = scene;
  const fleets = images.map((rootKeys) =>
    createClientFleet({ issuer: url, imdsUrl, now, vms: fleetOf(2, nextVm(2)), trust: { rootKeys } }),
  );
  const kids: string[] = [];
  const round = async () => {
    const [newcomer = ''] = fleetOf(1, nextVm(1));
    const [{ body }, ...checks] = await Promise.all([
      boot({ baseUrl: url, issuer: url, imdsUrl, vm: newcomer, key: createKey() }),
      ...fleets.map((check) => check({ renew: true })),
    ]);
    for (const answers of checks) expect(statesOf(answers)).toEqual(['licensed undefined']);
    kids.push(decodeProtectedHeader(String(body['licence'])).kid ?? '');
  };
  return { round, kids };
}

interface Step {
  readonly settings: Settings;
  /** Milliseconds that the runbook waits before the next one. */
  readonly wait: number;
}

/** Lets the wait pass in two parts, with a round after each. */
async function waitUnderLoad(wait: number, { round }: Load): Promise<void> {
  for (let part = 0; part < 2; part += 1) {
    ahead += wait / 2;
    await round();
  }
}

async function start(scene: Scene, options: Omit<ClusterOptions, 'size'>, ...images: readonly (readonly string[])[]) {
  const cluster = await startCluster(scene, { size: 3, ...options });
  const load = createLoad(scene, cluster, images);
  await load.round();
  const rotate = async (steps: readonly Step[]) => {
    for (const { settings, wait } of steps) {
      await cluster.deploy(settings, load.round);
      await waitUnderLoad(wait, load);
    }
  };
  return { cluster, load, rotate };
}

function expectNoRefusal({ refusals, answered }: Cluster, atLeast: number, passing: readonly string[] = []): void {
  expect(refusals.filter((refusal) => !passing.includes(refusal))).toEqual([]);
  expect(answered()).toBeGreaterThan(atLeast);
}

test('the challenge secrets', async () => {
  const scene = await createScene();
  const { old } = await openFolder(scene);
  const [first, second] = [createSecret('a'), createSecret('b')];
  const settings = (...secrets: string[]) => ({ ROOT_KEY_FILE: old.file, CHALLENGE_SECRETS: secrets.join(',') });
  const { cluster, rotate } = await start(scene, { settings: settings(first) }, [old.rootKey]);
  await rotate(
    [[first, second], [second, first], [second]].map((secrets) => ({
      settings: settings(...secrets),
      wait: 10 * MINUTE,
    })),
  );
  expectNoRefusal(cluster, 60);
});

test('the signing key in a setting', async () => {
  const scene = await createScene();
  const { old } = await openFolder(scene);
  const [first, second] = [createJwk(), createJwk()];
  const settings = (...keys: object[]) => ({ ROOT_KEY_FILE: old.file, SIGNING_KEY: keySet(...keys) });
  const { cluster, load, rotate } = await start(scene, { settings: settings(first) }, [old.rootKey]);
  await rotate([
    { settings: settings(first, second), wait: HOUR },
    { settings: settings(second, first), wait: LICENCE_LIFE },
    { settings: settings(second), wait: HOUR },
  ]);
  expectNoRefusal(cluster, 60);
  expect([...new Set(load.kids)]).toEqual([kidOf(first), kidOf(second)]);
});

test('the signing key in a vault: a new version', async () => {
  const vault = await startVault();
  vault.now = () => LOADED_AT + ahead;
  const first = vault.addVersion({ created: LOADED_AT - DAY });
  const scene = await createScene({ vault });
  const { old } = await openFolder(scene);
  const settings = { ROOT_KEY_FILE: old.file, SIGNING_KEY: null, SIGNING_KEY_URL: vault.keyUrl };
  const { cluster, load } = await start(scene, { settings, vault: vault.access }, [old.rootKey]);
  const second = vault.addVersion();
  for (let passed = 0; passed < 2 * HOUR; passed += HOUR) await waitUnderLoad(HOUR, load);
  expectNoRefusal(cluster, 20);
  expect([...new Set(load.kids)]).toEqual([first.kid, second.kid]);
});

test('the root key, with images of both sorts', async () => {
  const scene = await createScene();
  const { old, next } = await openFolder(scene);
  const settings = (...roots: { readonly file: string }[]) => ({
    ROOT_KEY_FILE: roots.map(({ file }) => file).join(','),
  });
  const images = [[old.rootKey], [next.rootKey, old.rootKey]];
  const { cluster, rotate } = await start(scene, { settings: settings(old) }, ...images);
  await rotate([
    { settings: settings(old, next), wait: HOUR },
    { settings: settings(next, old), wait: HOUR },
  ]);
  // No image pins the old one alone any more.
  const last = createLoad(scene, cluster, [[next.rootKey]]);
  await cluster.deploy(settings(next), last.round);
  await waitUnderLoad(HOUR, last);
  // An instance without the new root is asked for its set by whoever met one with it: then the old root is asked for.
  expectNoRefusal(cluster, 60, ['GET /.well-known/jwks.jwt 404 not_found']);
});

test('the signing key under a root key that is offline, by signed key sets', async () => {
  const scene = await createScene();
  const { old, run } = await openFolder(scene);
  const [first, second] = [createJwk(), createJwk()];
  const settings = (...keys: object[]) => ({ ROOT_THUMBPRINTS: old.rootKey, SIGNING_KEY: keySet(...keys) });
  const cluster = await startCluster(scene, { size: 3, settings: settings(first) });
  let sets = 0;
  const bringKeySet = async () => {
    const env = { COUNTERSIGN_URL: cluster.url, COUNTERSIGN_TOKEN: await scene.issueToken('Admin') };
    await run(env, 'keys', 'status', '--out', 'keys.json');
    const previous = sets > 0 ? ['--previous', `set-${sets}.jwt`] : [];
    sets += 1;
    const out = ['--issuer', cluster.url, '--out', `set-${sets}.jwt`, '--days', '92', '--yes'];
    await run({}, 'keys', 'sign-set', '--root', old.name, '--keys', 'keys.json', ...previous, ...out);
    await run(env, 'keys', 'upload', `set-${sets}.jwt`);
    ahead += 30 * SECOND;
  };
  await bringKeySet();
  const load = createLoad(scene, cluster, [[old.rootKey]]);
  await load.round();
  await cluster.deploy(settings(first, second), load.round);
  await bringKeySet();
  await waitUnderLoad(HOUR, load);
  await cluster.deploy(settings(second, first), load.round);
  await waitUnderLoad(LICENCE_LIFE, load);
  await cluster.deploy(settings(second), load.round);
  await bringKeySet();
  await waitUnderLoad(HOUR, load);
  expectNoRefusal(cluster, 60);
  expect([...new Set(load.kids)]).toEqual([kidOf(first), kidOf(second)]);
});
