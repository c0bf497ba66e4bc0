import { join } from 'node:path';
import { startStack } from '../../../../src/dev/stack.ts';

/*
 * The service and an IMDS at Azure's address, in the network namespace of a VM. Started as a process of its own: a process
 * is in one namespace. Its argument is a folder; it writes one line of JSON when all is up, and ends with its input.
 */

const [, , folder = ''] = process.argv;
const stack = await startStack({
  ...{ folder, ports: { service: 7071, imds: 80, table: 0 }, imdsAddress: '169.254.169.254', imdsRateLimit: Infinity },
  catalogueFile: join(import.meta.dirname, 'catalogue.json'),
  vmFile: join(import.meta.dirname, 'vms.json'),
  progress: () => undefined,
});
const { serviceUrl, rootKeys, processIds } = stack;
process.stdout.write(`${JSON.stringify({ serviceUrl, rootKeys, processIds })}\n`);
process.stdin.resume().once('end', () => {
  void stack.stop();
});
