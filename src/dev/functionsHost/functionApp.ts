import { randomUUID } from 'node:crypto';

import type { CoreInvocationContext, FunctionCallback, FunctionMetadata, HookCallback } from './coreModule.ts';
import type { LogLevel, ProgrammingModel, Registrar, RpcData, RpcHttpResponse } from './coreModule.ts';
import { processWide } from './entryFiles.ts';
import type { HostLog } from './hostLog.ts';

const HOOKS = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
type HookName = (typeof HOOKS)[number];

function isHookName(name: string): name is HookName {
  return (HOOKS as readonly string[]).includes(name);
}

interface Registered {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** One app as the Node worker holds it: what it registered, and how its functions and hooks are run through the library. */
export class FunctionApp implements Registrar {
  readonly #log: HostLog;
  readonly #functions = new Map<string, Registered>();
  readonly #hooks: Record<HookName, HookCallback[]>;
  readonly #appHookData: Record<string, unknown> = {};
  #model: ProgrammingModel | undefined;

  constructor(log: HostLog) {
    this.#log = log;
    this.#hooks = { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] };
  }

  /** in the order of registration */
  get registered(): readonly FunctionMetadata[] {
    return [...this.#functions.values()].map(({ metadata }) => metadata);
  }

  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): () => void {
    const key = metadata.name.toLowerCase();
    if (this.#functions.has(key)) throw new Error(`A function named "${metadata.name}" has already been registered.`);
    if (typeof callback !== 'function') throw new Error(`Function "${metadata.name}" has no handler.`);
    this.#functions.set(key, { metadata, callback });
    return () => {
      this.#functions.delete(key);
    };
  }

  registerHook(name: string, callback: HookCallback): () => void {
    if (!isHookName(name)) throw new RangeError(`There is no hook named "${name}".`);
    const hooks = this.#hooks[name];
    hooks.push(callback);
    return () => {
      hooks.splice(hooks.indexOf(callback), 1);
    };
  }

  setProgrammingModel(model: ProgrammingModel): void {
    this.#model = model;
  }

  log(level: LogLevel, category: string, message: string): void {
    this.#write(level, category, `Host.Worker`, message);
  }

  /** Runs the hooks of the app's own life. */
  async runAppHooks(name: 'appStart' | 'appTerminate', root: string): Promise<void> {
    await this.#runHooks(name, { hookData: {}, appHookData: this.#appHookData, functionAppDirectory: root });
  }

  /** The library's own word on whether HTTP streaming was asked for, which this host does not have. */
  async usesHttpStreaming(): Promise<boolean> {
    const capabilities = await this.#requireModel().getCapabilities({});
    return capabilities['HttpUri'] !== undefined;
  }

  /**
   * Invokes a function as the worker does: hooks, arguments, handler, hooks, response.
   * @returns what an HTTP function answered; undefined where it returned nothing
   * @throws whatever the handler or a hook throws
   */
  async invoke(name: string, binding: string, data: RpcData): Promise<RpcHttpResponse | undefined> {
    const registered = this.#functions.get(name.toLowerCase());
    if (registered === undefined) throw new Error(`There is no function named "${name}".`);
    return processWide.runIn(this, () => this.#invoke(registered, binding, data));
  }

  async #invoke(
    { metadata, callback }: Registered,
    binding: string,
    data: RpcData,
  ): Promise<RpcHttpResponse | undefined> {
    const core = this.#createContext(metadata, binding, data);
    const model = this.#requireModel().getInvocationModel(core);
    const { context, inputs } = await model.getArguments();
    const shared = { hookData: {}, appHookData: this.#appHookData, invocationContext: context };
    const before = { ...shared, inputs, functionCallback: callback };
    core.state = 'preInvocationHooks';
    await this.#runHooks('preInvocation', before);
    core.state = 'invocation';
    const after: { result: unknown; error: unknown; inputs: unknown[] } = {
      ...shared,
      inputs: before.inputs,
      result: null,
      error: null,
    };
    let failed = false;
    try {
      after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
    } catch (error) {
      failed = true;
      after.error = error;
    }
    core.state = 'postInvocationHooks';
    await this.#runHooks('postInvocation', after);
    core.state = undefined;
    // A hook may take the error away, as it may in the worker.
    if (failed && after.error !== null && after.error !== undefined) throw toError(after.error);
    const response = await model.getResponse(context, after.result);
    return response.returnValue?.http;
  }

  #createContext(metadata: FunctionMetadata, binding: string, data: RpcData): CoreInvocationContext {
    const invocationId = randomUUID();
    return {
      invocationId,
      metadata,
      request: { invocationId, inputData: [{ name: binding, data }], triggerMetadata: {} },
      state: undefined,
      log: (level, category, message) => {
        this.#write(level, category, `Function.${metadata.name}`, message);
      },
    };
  }

  async #runHooks(name: HookName, context: object): Promise<void> {
    for (const hook of this.#hooks[name]) await hook(context);
  }

  #requireModel(): ProgrammingModel {
    const model = this.#model ?? processWide.programmingModel();
    if (model === undefined) throw new Error('No function was registered through @azure/functions.');
    return model;
  }

  #write(level: LogLevel, category: string, source: string, message: string): void {
    const context = { hookData: {}, appHookData: this.#appHookData, level, category, message };
    for (const hook of this.#hooks.log) hook(context);
    this.#log(context.level, category === 'user' ? `${source}.User` : source, context.message);
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error('The handler threw something that is no Error.', { cause: thrown });
}
