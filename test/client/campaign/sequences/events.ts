import { posix } from 'node:path';
import type { ImdsReply } from '../../../../src/client/adapters.ts';
import { FAULTS, PORTALS } from '../world/network.ts';
import type { NetworkCondition } from '../world/network.ts';
import { WELL } from '../world/simulatedImds.ts';
import type { ImdsCondition } from '../world/simulatedImds.ts';
import { FOLDER } from '../world/world.ts';
import { readFolderTruth } from './folderTruth.ts';
import { CHANGED_VM, OTHER_VM, OWN_VM } from './scene.ts';
import type { Scene } from './scene.ts';

/** Something that happens to the machine, its folder, IMDS, or the service. What it changes stays changed. */
export interface CampaignEvent {
  readonly name: string;
  readonly happen: (scene: Scene) => void | Promise<void>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

const event = (name: string, happen: CampaignEvent['happen']): CampaignEvent => ({ name, happen });

const clock = (name: string, shift: number): CampaignEvent =>
  event(`clock ${name}`, ({ machine, knowledge }) => {
    machine.wallError += shift;
    knowledge.noteWall(machine.now);
  });

const network = (name: string, condition: NetworkCondition): CampaignEvent =>
  event(name, ({ world }) => {
    world.network.condition = condition;
  });

const imds = (name: string, condition: (now: number) => ImdsCondition): CampaignEvent =>
  event(`IMDS ${name}`, ({ machine, world }) => {
    machine.imds.condition = condition(world.time.now);
  });

const odd = (name: string, reply: ImdsReply): CampaignEvent => imds(`${name} once`, () => ({ kind: 'odd', reply }));

const answer = (status: number, text: string): ImdsReply => ({ kind: 'answer', status, text });

/** Somebody changes the licence's file. */
const edit = (name: string, change: (text: string) => string): CampaignEvent =>
  event(`licence ${name}`, (scene) => {
    const path = pathOf(scene, 'licence.json');
    const text = scene.machine.disk.text(path);
    if (text !== undefined) scene.machine.disk.put(path, change(text));
    scene.knowledge.forget();
  });

function pathOf({ vmId }: Scene, name: string): string {
  return posix.join(FOLDER, vmId, name);
}

function destroyKeys(scene: Scene, vmIds: readonly string[]): void {
  for (const vmId of vmIds) {
    if (scene.machine.disk.has(posix.join(FOLDER, vmId, 'key.jwk'))) {
      scene.destroyedKeys.set(vmId, (scene.destroyedKeys.get(vmId) ?? 0) + 1);
    }
  }
}

function deleteFolder(scene: Scene): void {
  destroyKeys(scene, [OWN_VM, CHANGED_VM]);
  scene.machine.disk.delete(FOLDER);
  scene.knowledge.forget();
}

/** Breaks every token in it. */
function breakTokens(text: string): string {
  return text.replace(/(?<=\.[\w-]{20,})[\w-](?=[\w-]{9}")/g, (letter) => (letter === 'A' ? 'B' : 'A'));
}

const CLOCKS = {
  core: [clock('forward 30 h', 30 * HOUR), clock('forward ten years', 10 * YEAR), clock('back a day', -DAY)],
  others: [
    clock('forward a minute', MINUTE),
    clock('back a minute', -MINUTE),
    clock('forward 13 h', 13 * HOUR),
    clock('forward 9 days', 9 * DAY),
    clock('back an hour', -HOUR),
    clock('back ten years', -10 * YEAR),
  ],
  right: event('clock set right', ({ machine }) => {
    machine.wallError = 0;
  }),
};

const reboot = event('reboot', ({ machine }) => machine.reboot(MINUTE));
const powerLoss = event('power loss', (scene) => losePowerInRest(scene));
const off = (days: number): CampaignEvent => event(`off for ${days} days`, ({ machine }) => machine.reboot(days * DAY));

/** What the last check has written lasts. */
async function losePowerInRest(scene: Scene): Promise<void> {
  const { machine, world } = scene;
  const describe = (): string =>
    JSON.stringify([...readFolderTruth(machine.disk, world.service)].sort(([one], [other]) => (one < other ? -1 : 1)));
  const before = describe();
  scene.wasCutOff = true;
  await machine.losePower(MINUTE);
  if (describe() !== before) throw new Error(`lost with the power: ${before}, now ${describe()}`);
}

const denial = event('denial', ({ vmId, world }) => {
  world.service.suspended.add(vmId);
});

const lifted = event('denial lifted', ({ world }) => {
  world.service.suspended.clear();
});

const readOnly = event('read-only folder', ({ machine, knowledge }) => {
  machine.disk.readOnly = true;
  knowledge.isBlurred = true;
});

const deniedReadOnly = event('denial on a read-only folder', async (scene) => {
  await denial.happen(scene);
  await readOnly.happen(scene);
});

const diskFull = event('disk full', ({ machine, knowledge }) => {
  machine.disk.full = true;
  knowledge.isBlurred = true;
});

const deleted = (name: string): CampaignEvent =>
  event(`${name} deleted`, (scene) => {
    scene.machine.disk.delete(pathOf(scene, name));
    if (name === 'licence.json') scene.knowledge.forget();
  });

const keyLost = event('key lost', (scene) => {
  destroyKeys(scene, [scene.vmId]);
  scene.machine.disk.delete(pathOf(scene, 'key.jwk'));
});

const keyCut = event('key cut short', (scene) => {
  const path = pathOf(scene, 'key.jwk');
  const text = scene.machine.disk.text(path);
  if (text === undefined) return;
  destroyKeys(scene, [scene.vmId]);
  scene.machine.disk.put(path, text.slice(0, text.length / 2));
});

/** The disk of another machine, in the place of this one's. */
const copied = event('folder copied from another VM', (scene) => {
  deleteFolder(scene);
  for (const name of ['key.jwk', 'licence.json']) copyOther(scene, name, OTHER_VM);
});

/** Somebody puts the other machine's licence under this one's name, and leaves the key. */
const copiedLicence = event("another VM's licence under this VM's name", (scene) => {
  copyOther(scene, 'licence.json', scene.vmId);
});

const copiedAll = event("another VM's key and licence under this VM's name", (scene) => {
  destroyKeys(scene, [scene.vmId]);
  for (const name of ['key.jwk', 'licence.json']) copyOther(scene, name, scene.vmId);
});

function copyOther({ beginning, machine, knowledge }: Scene, name: string, vmId: string): void {
  const text = beginning.otherDisk.text(posix.join(FOLDER, OTHER_VM, name)) ?? '';
  machine.disk.put(posix.join(FOLDER, vmId, name), text);
  knowledge.forget();
}

const changedVm = event('vmId changed', (scene) => {
  const { imds } = scene.machine;
  imds.vmId = imds.vmId === OWN_VM ? CHANGED_VM : OWN_VM;
  scene.namedVms.add(imds.vmId);
  scene.knowledge.isBlurred = true;
});

/** The n-th change of the disk in the next check is the process's last. */
export const killed = (n: number, losesPower = false): CampaignEvent =>
  event(`${losesPower ? 'power loss' : 'killed'} at change ${n}`, (scene) => {
    scene.killAt = n;
    scene.losesPower = losesPower;
  });

const killedSomewhere = (losesPower: boolean): CampaignEvent =>
  event(`${losesPower ? 'power loss' : 'killed'} at any change`, (scene) =>
    killed(1 + Math.floor(scene.world.random() * MAX_CHANGES), losesPower).happen(scene),
  );

/** A renewal changes the disk about so often. */
const MAX_CHANGES = 20;

/** What sequences of three are made of. */
export const CORE_EVENTS: readonly CampaignEvent[] = [
  ...CLOCKS.core,
  CLOCKS.right,
  reboot,
  off(9),
  network('service hung', 'hung'),
  network('portal 403', PORTALS.html403),
  network('service 503', FAULTS.own503),
  network('service 429', FAULTS.own429),
  network('unsigned refusal', FAULTS.unsigned403),
  network('answer lost once', 'licence_lost_once'),
  network('service well', 'well'),
  denial,
  lifted,
  deniedReadOnly,
  edit('edited', breakTokens),
  copied,
  deleted('licence.json'),
  event('folder deleted', deleteFolder),
  keyLost,
  changedVm,
  imds('slow', () => ({ kind: 'slow', milliseconds: 2500 })),
  imds('silent for 30 s', (now) => ({ kind: 'silent', until: now + 30_000 })),
  odd('403', answer(403, '<html>Forbidden</html>')),
  imds('away', () => ({ kind: 'no_route' })),
  killedSomewhere(false),
];

/** Variants: with these, all that sequences of two are made of, and those of four are drawn from. */
export const ALL_EVENTS: readonly CampaignEvent[] = [
  ...CORE_EVENTS,
  ...CLOCKS.others,
  powerLoss,
  off(2),
  network('service refused', 'refused'),
  network('portal 404', PORTALS.html404),
  network('portal 200', PORTALS.html200),
  network('redirect', PORTALS.redirect),
  network('gateway 502', FAULTS.plain500),
  network('any answer lost once', 'lost_once'),
  readOnly,
  diskFull,
  edit('cut short', (text) => text.slice(0, text.length / 2)),
  edit('emptied', () => ''),
  copiedLicence,
  copiedAll,
  deleted('denial.json'),
  keyCut,
  odd('421', answer(421, '')),
  odd('empty 200', answer(200, '')),
  odd('half an answer', { kind: 'cut' }),
  imds('refused', () => ({ kind: 'refused' })),
  imds('well', () => WELL),
  killedSomewhere(true),
];
