/** A process of its own: starts the app in the folder named, and prints what it registered as one line of JSON. */
import { createFunctionsHost } from '../../src/dev/functionsHost/createFunctionsHost.ts';

const host = createFunctionsHost({ root: process.argv[2] ?? '' });
await host.start();
process.stdout.write(`${JSON.stringify(host.functions)}\n`, () => process.exit(0));
