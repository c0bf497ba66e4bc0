import { WELL } from '../world/simulatedImds.ts';
import { FOLDER } from '../world/world.ts';
import { checkStep } from './checkStep.ts';
import type { CampaignEvent } from './events.ts';
import { readFolderTruth } from './folderTruth.ts';
import { OTHER_VM, OWN_VM, Scene } from './scene.ts';
import type { Beginning, SceneOptions } from './scene.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Between the two checks after each event: nothing is due yet, due, expired. */
const PAUSES = [MINUTE, 13 * HOUR, 26 * HOUR];

/**
 * Lets the events happen one after another, with a check at once and one later after each, then sets everything right.
 *
 * @returns what is wrong, or undefined
 */
export async function runSequence(
  beginning: Beginning,
  events: readonly CampaignEvent[],
  options: SceneOptions,
): Promise<string | undefined> {
  const scene = new Scene(beginning, options);
  const done: string[] = [];
  try {
    for (const { name, happen } of events) {
      // A licence that lifts a denial is a second younger at least.
      await scene.world.time.pass(2000);
      done.push(name);
      await happen(scene);
      await checkStep(scene);
      const pause = PAUSES[Math.floor(scene.world.random() * PAUSES.length)] ?? MINUTE;
      await scene.world.time.pass(pause);
      done.push(`${pause / MINUTE} min`);
      await checkStep(scene);
    }
    done.push('recovery');
    await recover(scene);
    return undefined;
  } catch (error) {
    return `[${done.join(', ')}] ${JSON.stringify(options)}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Everything is well again: the VM is licensed, with the key it had, and nothing is left of what happened. */
async function recover(scene: Scene): Promise<void> {
  const { machine, world } = scene;
  await world.time.pass(2000);
  scene.killAt = undefined;
  machine.wallError = 0;
  machine.imds.condition = WELL;
  world.network.condition = 'well';
  world.service.suspended.clear();
  machine.disk.readOnly = false;
  machine.disk.full = false;
  if (machine.disk.has(FOLDER)) removeBrokenKeys(scene);
  // Leftovers are swept when they are an hour old.
  await world.time.pass(2 * HOUR);
  await checkStep(scene);
  await checkStep(scene, true);
  expectLicensedAlone(scene);
  expectNoSeatTaken(scene);
}

/** A person does what the reason says. */
function removeBrokenKeys({ machine, world }: Scene): void {
  for (const [vmId, { key }] of readFolderTruth(machine.disk, world.service)) {
    if (key === 'unusable') machine.disk.delete(`${FOLDER}/${vmId}/key.jwk`);
  }
}

function expectLicensedAlone({ machine, vmId, world }: Scene): void {
  const files = machine.disk.list(FOLDER).sort();
  const expected = [`${vmId}/key.jwk`, `${vmId}/licence.json`, 'lock'];
  if (files.join() !== expected.join()) throw new Error(`left behind: ${files.join(', ')}`);
  const own = readFolderTruth(machine.disk, world.service).get(vmId);
  if (own?.licence === undefined || own.licence.claims.cnf.jkt !== own.jkt) throw new Error('not licensed in the end');
}

/** The service has seen no VM that IMDS did not name, and no key more than events have destroyed. */
function expectNoSeatTaken({ destroyedKeys, namedVms, world }: Scene): void {
  for (const [vmId, { jkts }] of world.service.activations) {
    if (vmId === OTHER_VM && jkts.length === 1) continue;
    if (!namedVms.has(vmId)) throw new Error(`a seat for ${vmId}`);
    // A licence for the other vmId deletes the key of this one.
    const deletions = namedVms.size > 1 ? 2 : 0;
    const most = 1 + (destroyedKeys.get(vmId) ?? 0) + deletions;
    if (jkts.length > most)
      throw new Error(`${jkts.length} keys of ${vmId === OWN_VM ? 'this VM' : vmId}, at most ${most} expected`);
  }
}
