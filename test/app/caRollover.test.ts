import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import type { KeyRing } from '../../src/emulator/authority/keys.ts';
import { startEmulator } from '../../src/emulator/server/startEmulator.ts';
import { boot, createKey } from '../endToEnd/protocolClient.ts';
import { createClientFleet, fleetOf, statesOf } from '../support/clientFleet.ts';
import { openCommandLine } from '../support/operatorTerminal.ts';
import { runKeys } from '../support/runKeys.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';

/**
 * The drill of docs/runbooks.md for a change of Azure's CAs, from the pins of the day before: the shipped client under three
 * instances, and an operator at the command line. The genuine change of 2026 is in genuineRollover.test.ts.
 */

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
let ahead = 0;
const createScene = useScenes(() => ahead);

beforeEach(() => {
  ahead = 0;
});

const CA = 'Contoso Azure CA 02';
const own = runKeys('emulator');
const other = runKeys('other');
/** The keys of the cloud that the pins know, but for these labels. */
const renewed =
  (...labels: string[]): KeyRing =>
  (label, kind) =>
    (labels.includes(label) ? other : own)(label, kind);

interface Shape {
  readonly names: Readonly<Record<string, string>>;
  readonly keys: KeyRing;
  /** What an operator pins, in this order. */
  readonly pinned: (authority: Authority) => readonly Authority['root'][];
}

const SHAPES: Readonly<Record<string, Shape>> = {
  'under a root that is pinned': {
    names: { intermediate: CA },
    keys: renewed('intermediate', 'leaf'),
    pinned: ({ intermediate }) => [intermediate],
  },
  'under a new root, which a pinned one has certified': {
    names: { root: 'Contoso Trust Root 2026', intermediate: CA },
    keys: renewed('root', 'intermediate', 'leaf'),
    pinned: ({ crossSignedRoot, intermediate }) => [crossSignedRoot, intermediate],
  },
};

/** The cloud after its CA has changed: the same VMs, with other signers. */
async function moveCloud({ now }: Scene, { names, keys }: Shape) {
  const authority = await createAuthority({ at: now(), names, keys });
  const vmFile = resolve(import.meta.dirname, '../endToEnd/vms.json');
  const moved = await startEmulator({ port: 0, vmFile, clock: now, authority, rateLimit: Infinity });
  onTestFinished(() => moved.close());
  return moved;
}

const alarmsOf = ({ log }: Scene) =>
  log()
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter(({ event }) => event === 'evidence_refused');

/** A VM of each instance's own boots there, again and again with one key. */
function createProbes({ urls, imdsUrl: own }: Scene) {
  const keys = urls.map(createKey);
  const ask = async (instance: number, imdsUrl: string) => {
    const [baseUrl = '', key] = [urls[instance], keys[instance]];
    const answer = await boot({
      baseUrl,
      issuer: urls[0],
      imdsUrl,
      vm: `fleet-${100 + instance}`,
      ...(key && { key }),
    });
    return answer.status === 200 ? 'licensed' : answer.body['code'];
  };
  const askEach = (imdsUrl = own) => Promise.all(urls.map((_, instance) => ask(instance, imdsUrl)));
  return { ask, askEach };
}

test.each(Object.entries(SHAPES))('a new CA %s: no client loses its licence', async (_, shape) => {
  const scene = await createScene({ instances: [{}, {}, {}] });
  const { ask, askEach } = createProbes(scene);
  const check = createClientFleet({ issuer: scene.urls[0], imdsUrl: scene.imdsUrl, now: scene.now, vms: fleetOf(3) });
  expect(statesOf(await check())).toEqual(['licensed undefined']);
  ahead = 20 * HOUR;
  const moved = await moveCloud(scene, shape);

  // The first request is the alarm, with the issuer and the cloud; nobody is denied.
  expect(await ask(1, moved.url)).toBe('issuer_unknown');
  expect(alarmsOf(scene)).toEqual([
    expect.objectContaining({
      ...{ level: 'error', code: 'issuer_unknown' },
      facts: expect.objectContaining({ cloud: 'emulator', issuer: CA }) as object,
    }),
  ]);
  expect(statesOf(await check({ imdsUrl: moved.url }))).toEqual(['licensed issuer_unknown']);
  ahead = 25 * HOUR;
  expect(statesOf(await check({ imdsUrl: moved.url }))).toEqual(['grace issuer_unknown']);

  await pinByHand(scene, shape.pinned(moved.authority));
  // Every instance that is asked again and again follows within a minute, and does not go back.
  const taken = await watchInstances(() => askEach(moved.url));
  expect(taken[0]).toBe(0);
  expect(Math.max(...taken)).toBeLessThanOrEqual(60);
  expect(statesOf(await check({ imdsUrl: moved.url }))).toEqual(['licensed undefined']);
  // VMs whose signer has not changed yet are licensed as before.
  expect(await askEach()).toEqual(['licensed', 'licensed', 'licensed']);
});

/** What an operator types, who has compared the certificates with what their CA publishes. */
async function pinByHand(scene: Scene, certificates: readonly Authority['root'][]): Promise<void> {
  const { folder, run } = openCommandLine(scene);
  expect((await run('trust', 'issuers')).stdout).toContain(`"${CA}", key identifier `);
  for (const [place, { pem, facts }] of certificates.entries()) {
    writeFileSync(join(folder, `${place}.pem`), pem);
    const added = await run('trust', 'add', `${place}.pem`, '--cloud', 'emulator', '--note', 'announced');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain(facts.sha256);
  }
}

/** Seconds until each instance gave a licence, asked every ten seconds. */
async function watchInstances(askEach: () => Promise<readonly unknown[]>): Promise<readonly number[]> {
  const began = ahead;
  const since: number[] = [];
  for (let seconds = 0; seconds <= 80; seconds += 10) {
    ahead = began + seconds * SECOND;
    for (const [instance, answer] of (await askEach()).entries()) {
      if (answer === 'licensed') since[instance] ??= seconds;
      else expect([answer, since[instance]]).toEqual(['issuer_unknown', undefined]);
    }
  }
  return since;
}
