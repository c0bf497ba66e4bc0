import type { NetworkCondition } from '../world/network.ts';
import { FAULTS } from '../world/network.ts';
import type { IssuedLicence } from '../world/vendor.ts';
import { TERMS } from '../world/vendor.ts';
import { denialTruthOf } from './folderTruth.ts';
import type { DenialTruth, FolderTruth, VmTruth } from './folderTruth.ts';
import type { ServiceAct, Terms, Truth } from './model.ts';
import type { Scene } from './scene.ts';

/** The truth of a scene, in the terms of the model. More than one where it cannot be told from outside. */
export interface SceneTruth {
  readonly truth: Truth;
  readonly hand: IssuedLicence | undefined;
}

/** Milliseconds that a check may take: with a licence in hand that has not ended, and without. */
const PATIENCE_WITH_LICENCE = 10_000;
const PATIENCE = 90_000;

const NOTHING: VmTruth = { key: 'absent', jkt: undefined, licence: undefined, denial: undefined, hasKeySet: false };

/** What counts of one VM. */
interface Word {
  readonly vm: VmTruth;
  readonly hand: IssuedLicence | undefined;
  readonly denial: DenialTruth | undefined;
}

export function readSceneTruths(scene: Scene, folder: FolderTruth): readonly SceneTruth[] {
  const fromFolder = truthsOfWhole(scene, folder, false);
  // A process that goes on may hold what it could not write, and a key set that it has seen.
  const fromMemory = scene.isLongLived && scene.unwritten.size > 0 ? truthsOfWhole(scene, folder, true) : [];
  const found = [...fromFolder, ...fromMemory];
  // A set that the root key has signed may be used wherever in the folder it was kept.
  const maySeeKeySet = scene.isLongLived || [...folder.values()].some(({ hasKeySet }) => hasKeySet);
  const withKeySet = found.map((one) => ({ ...one, truth: { ...one.truth, hasKeySet: true } }));
  return maySeeKeySet ? [...found, ...withKeySet] : found;
}

function truthsOfWhole(scene: Scene, folder: FolderTruth, usesMemory: boolean): readonly SceneTruth[] {
  const own = wordOf(scene, folder, scene.vmId, usesMemory);
  const newest = presumed(scene, folder, usesMemory);
  return patiencesOf(scene, newest).flatMap((patience) =>
    patiencesOf(scene, own).map((ownPatience) =>
      imdsAnswers(scene, patience)
        ? truthOf(scene, own, 'answers', ownPatience === PATIENCE)
        : truthOf(scene, newest, 'away', ownPatience === PATIENCE),
    ),
  );
}

function truthOf(scene: Scene, { vm, hand, denial }: Word, imds: Truth['imds'], isPatient: boolean): SceneTruth {
  const { machine, world } = scene;
  const { times } = scene;
  const isWritable = !machine.disk.readOnly && !machine.disk.full;
  const hasUsableKey = vm.key === 'usable' || (vm.key === 'absent' && isWritable);
  const bounds = hand === undefined ? undefined : scene.knowledge.boundsOf(hand.token, hand.claims.iat * 1000, times);
  const truth: Truth = {
    hand: hand === undefined ? undefined : termsOf(hand),
    isDenied: denial !== undefined,
    time: bounds ?? { earliest: times.wall, latest: times.wall },
    imds,
    service: actOf(scene, isPatient),
    isPastNewLicence: times.wall >= world.time.now + TERMS.lifetime * 1000,
    hasKeySet: vm.hasKeySet || times.wall < world.service.vendor.keySetEnd(Math.floor(world.time.now / 1000)) * 1000,
    key: hasUsableKey ? 'usable' : vm.key === 'absent' ? 'unwritable' : 'unusable',
    isWritable,
  };
  return { truth, hand };
}

/** What counts while nobody says which VM this is: the newest word of the service. */
function presumed(scene: Scene, folder: FolderTruth, usesMemory: boolean): Word {
  const words = [...folder.keys()].map((vmId) => wordOf(scene, folder, vmId, usesMemory));
  const ageOf = ({ hand, denial }: Word): number => hand?.claims.iat ?? denial?.iat ?? -1;
  return words.toSorted((one, other) => ageOf(other) - ageOf(one))[0] ?? wordOf(scene, folder, scene.vmId, usesMemory);
}

function wordOf({ unwritten, world }: Scene, folder: FolderTruth, vmId: string, usesMemory: boolean): Word {
  const vm = folder.get(vmId) ?? NOTHING;
  const memory = usesMemory ? unwritten.get(vmId) : undefined;
  const remembered = memory?.licence === undefined ? undefined : world.service.licences.get(memory.licence);
  const licence = newer(vm.licence, remembered, ({ claims }) => claims.iat);
  const kept = newer(
    vm.denial,
    memory?.denial === undefined ? undefined : denialTruthOf(memory.denial),
    ({ iat }) => iat,
  );
  const denial = kept !== undefined && (licence === undefined || licence.claims.iat <= kept.iat) ? kept : undefined;
  const isPossessed = licence !== undefined && licence.claims.cnf.jkt === vm.jkt;
  return { vm, denial, hand: isPossessed && denial === undefined ? licence : undefined };
}

function newer<Value>(
  one: Value | undefined,
  other: Value | undefined,
  ageOf: (value: Value) => number,
): Value | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return ageOf(other) > ageOf(one) ? other : one;
}

/** Both where it cannot be told whether the licence in hand has ended. */
function patiencesOf({ knowledge, times }: Scene, { hand }: Word): readonly number[] {
  if (hand === undefined) return [PATIENCE];
  const { earliest, latest } = knowledge.boundsOf(hand.token, hand.claims.iat * 1000, times);
  const end = hand.claims.licence.graceUntil * 1000;
  return [...(earliest < end ? [PATIENCE_WITH_LICENCE] : []), ...(latest < end ? [] : [PATIENCE])];
}

/** Slow answers and one odd one are waited for. */
function imdsAnswers({ machine, world }: Scene, patience: number): boolean {
  const { condition } = machine.imds;
  switch (condition.kind) {
    case 'well':
    case 'slow':
    case 'odd':
      return true;
    case 'silent':
      return condition.until - world.time.now < patience / 2;
    case 'refused':
    case 'no_route':
    case 'broken':
      return false;
  }
}

function actOf({ vmId, world }: Scene, isPatient: boolean): ServiceAct {
  const { condition } = world.network;
  if (condition === FAULTS.unsigned403) return 'refuses';
  if (!reachesService(condition, isPatient)) return 'away';
  return world.service.suspended.has(vmId) ? 'denies' : 'issues';
}

/** A lost answer costs ten seconds: all that somebody with a licence in hand has. */
function reachesService(condition: NetworkCondition, isPatient: boolean): boolean {
  return condition === 'well' || ((condition === 'lost_once' || condition === 'licence_lost_once') && isPatient);
}

export function termsOf({ claims }: IssuedLicence): Terms {
  const { renewAfter, graceUntil } = claims.licence;
  return { renewAfter, exp: claims.exp, graceUntil };
}
