/**
 * What exists once in a Node process, however many hosts run in it: the answer to `require('@azure/functions-core')`, which the
 * library keeps for good after its first call; the programming model that a copy of the library sets once; and Node's own
 * `import()`. Load this file with `createRequire` alone: a test runner that has a module registry of its own then still gets the
 * one of Node, and app code runs as Node runs it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import Module, { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import type { FunctionCallback, FunctionMetadata, HookCallback, LogLevel } from './coreModule.ts';
import type { ProgrammingModel, Registrar } from './coreModule.ts';

/** The app whose entry files are being loaded; registering is possible then alone. */
let starting: Registrar | undefined;
let startsQueued: Promise<unknown> = Promise.resolve();
let lastModel: ProgrammingModel | undefined;
const loadedBefore = new Map<string, number>();

/** The app whose function runs, for what the library logs meanwhile. */
const running = new AsyncLocalStorage<Registrar>();

class Disposable {
  readonly #callback: () => void;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  dispose(): void {
    this.#callback();
  }
}

function requireStarting(what: string): Registrar {
  if (starting === undefined || running.getStore() !== undefined) {
    throw new Error(`A ${what} can only be registered during app startup: call it at the top level of an entry file.`);
  }
  return starting;
}

const coreApi = {
  version: '3.13.0',
  hostVersion: '4.1047.100',
  Disposable,
  registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
    new Disposable(requireStarting('function').registerFunction(metadata, callback)),
  registerHook: (name: string, callback: HookCallback) =>
    new Disposable(requireStarting('hook').registerHook(name, callback)),
  setProgrammingModel: (model: ProgrammingModel) => {
    lastModel = model;
    starting?.setProgrammingModel(model);
  },
  getProgrammingModel: () => lastModel,
  log: (level: LogLevel, category: string, message: string) => {
    (running.getStore() ?? starting)?.log(level, category, message);
  },
};

/**
 * Answers for `@azure/functions-core` as the worker does, by standing in front of `Module.prototype.require`: so the library
 * finds it from node_modules, from a CJS bundle, and from an ESM bundle whose `require` came from `createRequire`.
 */
function interceptRequire(): void {
  const original = Reflect.get(Module.prototype, 'require') as (this: unknown, id: string) => unknown;
  Module.prototype.require = function (this: unknown, id: string): unknown {
    return id === '@azure/functions-core' ? coreApi : original.call(this, id);
  };
}

interceptRequire();

/** Runs `start` while registrations go to `app`, one app at a time: an import has no caller that registrations could be told apart by. */
export function startAlone<T>(app: Registrar, start: () => Promise<T>): Promise<T> {
  const turn = startsQueued.then(async () => {
    starting = app;
    try {
      return await start();
    } finally {
      starting = undefined;
    }
  });
  startsQueued = turn.catch(() => undefined);
  return turn;
}

/** Runs one of the app's functions or hooks, after the start. */
export function runIn<T>(app: Registrar, run: () => T): T {
  return running.run(app, run);
}

/** The model that a copy of the library set when it first registered something; it does so once in its life. */
export function programmingModel(): ProgrammingModel | undefined {
  return lastModel;
}

/**
 * Runs an entry file's top level, also when this process did so before. What the file imports is shared: one copy of each
 * module a process.
 */
export async function loadFile(path: string, kind: 'esm' | 'cjs'): Promise<void> {
  const count = loadedBefore.get(path) ?? 0;
  loadedBefore.set(path, count + 1);
  if (kind === 'cjs') {
    const require = createRequire(path);
    Reflect.deleteProperty(require.cache, require.resolve(path));
    require(path);
    return;
  }
  const url = pathToFileURL(path);
  if (count > 0) url.searchParams.set('load', String(count));
  await import(url.href);
}
