import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as pauseFor } from 'node:timers/promises';
import type { Answer } from '../client/index.ts';
import { bootVm } from './bootVm.ts';
import type { Narrator } from './narrator.ts';
import type { Stack } from './stack.ts';

/** A VM of another customer, whose subscription has no licence yet. The offer of its plan is in the demonstration's file. */
const VM = { name: 'negasonic', product: 'bitnami/lampstack', subscription: '5f3a1c52-8e0d-4b7a-9c61-2d4e8f0a7b13' };
const LICENCE = 'second-customer';

const COMMAND_LINE = resolve(import.meta.dirname, '../cli/main.ts');

const GRANT = [
  ...['licences', 'grant', LICENCE, '--cloud', 'emulator', '--subscription', VM.subscription],
  ...['--offer', `${VM.product}/5-6`, '--seats', '5'],
];

export interface TourOptions {
  /** Where the VM keeps its key and its licence. */
  readonly folder: string;
  readonly narrator: Narrator;
}

/**
 * The operators' half of the demonstration: a licence is granted, a VM boots, the licence is suspended, the VM is denied,
 * and the denial is explained. Each step of an operator is the command line that an operator types.
 *
 * @returns the id of the decision that refused the VM
 * @throws Error where something went otherwise than it must
 */
export async function tourOperators(stack: Stack, { folder, narrator }: TourOptions): Promise<string | null> {
  const vmFolder = join(folder, 'second-vm');
  await mkdir(vmFolder, { recursive: true, mode: 0o700 });
  const boot = async (title: string): Promise<Answer> => {
    narrator.title(title);
    const options = { folder: vmFolder, once: true, progress: narrator.step, vm: VM.name, product: VM.product };
    const check = await bootVm(stack, options);
    narrator.outcome(check);
    return check;
  };
  await tourCustomer(stack, { folder, narrator });
  narrator.title('An operator grants a customer a licence');
  await operate(stack, narrator, GRANT);
  const { licence, state } = await boot("The customer's VM boots");
  if (licence === undefined) throw new Error(`The VM is ${state} although its subscription was licensed.`);
  narrator.title('The operator suspends the licence');
  await operate(stack, narrator, ['licences', 'suspend', LICENCE, '--yes']);
  // The offer asks for a renewal after a second, so that the denial can be seen.
  await pauseFor(Math.max(0, Date.parse(licence.renewAfter) - Date.now()) + 100);
  const denied = await boot('The VM renews: a signed denial ends its licence, also before its time');
  if (denied.state !== 'denied') throw new Error(`The VM is ${denied.state} although its licence is suspended.`);
  narrator.title('The customer calls, and quotes the correlation id');
  const { correlationId = null } = denied;
  await operate(stack, narrator, ['decisions', 'explain', correlationId ?? '']);
  narrator.title('What operators look at first');
  await operate(stack, narrator, ['status']);
  await operate(stack, narrator, ['search', LICENCE]);
  return correlationId;
}

/** VMs in two subscriptions of one customer, under one licence of the demonstration's file. */
const CUSTOMER_VMS = ['customer-production', 'customer-test'];

/** One customer, two subscriptions, one pool of seats. */
async function tourCustomer(stack: Stack, { folder, narrator }: TourOptions): Promise<void> {
  narrator.title('VMs of one customer boot in two subscriptions, under one licence');
  for (const vm of CUSTOMER_VMS) {
    const vmFolder = join(folder, vm);
    await mkdir(vmFolder, { recursive: true, mode: 0o700 });
    const check = await bootVm(stack, { folder: vmFolder, once: true, progress: narrator.step, vm });
    narrator.outcome(check);
    if (check.state !== 'licensed')
      throw new Error(`The VM ${vm} is ${check.state} although its subscription is licensed.`);
  }
  await operate(stack, narrator, ['activations', 'seats', '--licence', 'customer']);
}

/** The command line as a process of its own, as an operator has it. */
async function operate(stack: Stack, narrator: Narrator, args: readonly string[]): Promise<void> {
  narrator.command(args);
  const { PATH, HOME } = process.env;
  const { serviceUrl: COUNTERSIGN_URL, operatorTokens } = stack;
  const child = spawn(process.execPath, [COMMAND_LINE, ...args], {
    env: { PATH, HOME, COUNTERSIGN_URL, COUNTERSIGN_TOKEN: operatorTokens.Operator },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const [out, complaints] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [code] = (await ended) as [number | null];
  narrator.output(complaints + out);
  if (code !== 0) throw new Error(`countersign ${args.slice(0, 2).join(' ')} ended with ${String(code)}.`);
}
