import { createServer, request as send } from 'node:http';
import type { OutgoingHttpHeaders, RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { createEmulator } from '../../../../src/emulator/server/emulator.ts';
import type { EmulatorOptions } from '../../../../src/emulator/server/options.ts';
import { createVm } from '../../../../src/emulator/vms/vms.ts';
import type { Vm, VmDescription } from '../../../../src/emulator/vms/vms.ts';
import { sharedAuthority } from '../../../emulator/running.ts';
import { listen } from '../../support/loopback.ts';
import { PRODUCT, VM_ID } from '../../support/vectors.ts';

/** What can answer for IMDS. Each is the variable that leads the agent there. */
export interface ImdsPlace extends Readonly<Record<string, string>> {
  readonly COUNTERSIGN_IMDS_URL: string;
}

const at = (url: string): ImdsPlace => ({ COUNTERSIGN_IMDS_URL: url });

async function emulate(options: Partial<EmulatorOptions>): Promise<string> {
  const vms = options.vms ?? [describeVm({})];
  const running = await createEmulator({ authority: await sharedAuthority(), ...options, vms }).listen(0);
  onTestFinished(() => running.close());
  return running.url;
}

export async function emulated(options: Partial<EmulatorOptions> = {}): Promise<ImdsPlace> {
  return at(await emulate(options));
}

/** A VM of its own. */
export function emulatedVm(description: Partial<VmDescription>): Promise<ImdsPlace> {
  return emulated({ vms: [describeVm(description)] });
}

/** From an image with the plan that the scene asks for. */
function describeVm({ compute, ...description }: Partial<VmDescription>): Vm {
  const ids = { vmId: VM_ID, subscriptionId: '8d10da13-8125-4ba9-a717-bf7490507b3d' };
  const [publisher = '', product = ''] = PRODUCT.split('/');
  const plan = { publisher, product, name: 'standard' };
  return createVm({ name: 'vm', ...ids, ...description, compute: { plan, ...compute } });
}

/** A proxy before a healthy IMDS, which changes what is sent. */
export async function relayed(change: (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders): Promise<ImdsPlace> {
  const imds = await emulate({});
  return served(({ url = '', headers }, response) => {
    send(new URL(url, imds), { headers: change(headers) }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    }).end();
  });
}

/** Anything else that speaks HTTP. */
export async function served(listener: RequestListener): Promise<ImdsPlace> {
  const { url, close } = await listen(listener);
  onTestFinished(close);
  return at(url);
}

/** Anything that does not: octets, whatever is asked. */
export async function servedOctets(octets: Uint8Array): Promise<ImdsPlace> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined).on('data', () => socket.end(octets));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return at(urlOf(server));
}

/** Nobody listens there any more. */
export async function closed(): Promise<ImdsPlace> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = urlOf(server);
  server.close();
  await once(server, 'close');
  return at(url);
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
