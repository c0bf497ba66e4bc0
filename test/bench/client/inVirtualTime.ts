import type { Answer } from '../../../src/client/index.ts';
import type { Machine } from '../../client/campaign/world/machine.ts';
import { World } from '../../client/campaign/world/world.ts';

/** What takes seconds, or is counted: the real client on a machine whose time passes at once. */

export interface VirtualFigures {
  /** Requests of a check, to IMDS and the service together. */
  readonly warm: number;
  readonly cold: number;
  /** Milliseconds of a start in grace while the service hangs. */
  readonly graceStart: number;
  /** Milliseconds until a machine that is not Azure's knows it, whatever its network does with requests to IMDS. */
  readonly foreign: number;
}

const DAY = 86_400_000;
const VM_ID = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';

export async function measureInVirtualTime(): Promise<VirtualFigures> {
  const world = new World();
  const machine = world.createMachine(VM_ID);
  const cold = await check(machine, 'licensed');
  const warm = await check(machine, 'licensed');
  world.network.condition = 'hung';
  await world.time.pass(2 * DAY);
  const grace = await check(machine, 'grace');
  const foreign = await measureForeign();
  return { warm: warm.requests, cold: cold.requests, graceStart: grace.milliseconds, foreign };
}

/** The longest of all ways in which there is no IMDS. */
async function measureForeign(): Promise<number> {
  const conditions = [{ kind: 'silent', until: Infinity }, { kind: 'refused' }, { kind: 'no_route' }] as const;
  const longest: number[] = [];
  for (const condition of conditions) {
    const machine = new World().createMachine(VM_ID);
    machine.chassis = { readable: true, tag: 'VMware' };
    machine.imds.condition = condition;
    longest.push((await check(machine, 'not_in_azure')).milliseconds);
  }
  return Math.max(...longest);
}

/** A new process checks once. */
async function check(machine: Machine, expected: Answer['state']) {
  const { network, time } = machine.world;
  const count = () => network.requests.length + machine.imds.requestTimes.length;
  const [requests, begun] = [count(), time.now];
  const answer = await time.run(machine.start().createClient().check());
  if (answer?.state !== expected) throw new Error(`${expected} was expected, not ${answer?.state ?? 'nothing'}.`);
  return { requests: count() - requests, milliseconds: time.now - begun };
}
