import { statSync } from 'node:fs';
import Module, { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * `node importProcess.js BUNDLE`: imports an app's bundle as the platform's worker does, and prints what that took as one
 * line of JSON, {@link Import}. It is run as JavaScript, because Node takes as long to strip types as to load a small app.
 */

export interface Import {
  /** Microseconds of all threads of the process, from its start. */
  readonly process: number;
  /** Those of the import. */
  readonly import: number;
  /** Octets of the files that were read. */
  readonly octets: number;
}

/** The library disposes of nothing while it registers. */
class Disposable {
  readonly dispose = () => undefined;
}

/** What the worker answers with to the library. */
const worker = {
  ...{ version: '3', hostVersion: '4', Disposable },
  registerFunction: () => new Disposable(),
  registerHook: () => new Disposable(),
  setProgrammingModel: () => undefined,
};

const require = Reflect.get(Module.prototype, 'require') as (this: unknown, id: string) => unknown;
Module.prototype.require = function (this: unknown, id: string): unknown {
  return id === '@azure/functions-core' ? worker : require.call(this, id);
};

let octets = 0;
registerHooks({
  load: (url, context, next) => {
    if (url.startsWith('file:')) octets += statSync(fileURLToPath(url)).size;
    return next(url, context);
  },
});

const [bundle = ''] = process.argv.slice(2);
const sum = ({ user, system }: NodeJS.CpuUsage) => user + system;
const before = process.cpuUsage();
await import(pathToFileURL(bundle).href);
const taken: Import = { process: sum(process.cpuUsage()), import: sum(process.cpuUsage(before)), octets };
process.stdout.write(`${JSON.stringify(taken)}\n`);
// Nothing that the app left running holds the process.
process.exit(0);
