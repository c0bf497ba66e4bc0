import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';

import { findEntryFiles, loadEntryFiles, processWide } from './entryFiles.ts';
import { FunctionApp } from './functionApp.ts';
import { checkFunctions } from './functionRules.ts';
import type { CheckedFunctions, FunctionInfo } from './functionRules.ts';
import { HostStartError } from './hostError.ts';
import { readHostFile } from './hostFile.ts';
import type { HostFile } from './hostFile.ts';
import { filterLog } from './hostLog.ts';
import type { HostLog } from './hostLog.ts';
import { createListener } from './httpListener.ts';
import { readBodyLimit } from './httpRequest.ts';
import type { BodyLimit } from './httpRequest.ts';
import { holdSettings } from './settings.ts';
import { createTimers } from './timers.ts';
import type { Timers } from './timers.ts';

export interface FunctionsHostOptions {
  /** the app's folder, with host.json and package.json */
  readonly root: string;
  /** paths of entry files, relative to `root` or absolute; else package.json's `main` is read as a glob */
  readonly entries?: readonly string[];
  /** app settings, put into `process.env` while the host lives */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets what host.json's `logging.logLevel` lets through. Without it nothing is logged. */
  readonly log?: HostLog;
  /** the timers' clock */
  readonly now?: () => Date;
}

export interface FunctionsHost {
  /** Loads the app and applies the platform's rules to it. @throws HostStartError with every problem found */
  start(): Promise<void>;
  /** what the app registered, in that order; empty before the start */
  readonly functions: readonly FunctionInfo[];
  /**
   * Answers HTTP requests and runs timers at their times.
   * @param port 0 for one that is free
   * @param host an address; 127.0.0.1 unless given
   * @throws Error with code EADDRINUSE where the port is taken
   */
  listen(port: number, host?: string): Promise<Listening>;
  /** Runs a timer now and waits for it. @throws what its handler throws */
  fireTimer(name: string): Promise<void>;
  /** Ends the app: its timers, its `appTerminate` hooks, its settings. Closing does this too. */
  stop(): Promise<void>;
}

export interface Listening {
  /** without a slash at its end */
  readonly url: string;
  /** Lets running requests end, for up to five seconds, then stops the host. */
  close(): Promise<void>;
}

interface Running {
  readonly app: FunctionApp;
  readonly checked: CheckedFunctions;
  readonly hostFile: HostFile;
  readonly timers: Timers;
  readonly bodyLimit: BodyLimit;
  readonly functions: readonly FunctionInfo[];
  readonly log: HostLog;
  readonly stop: () => Promise<void>;
}

const CLOSE_GRACE_MS = 5000;

/**
 * A local Functions host that drives the real `@azure/functions` library the way the platform's Node worker does. Several may
 * live in one process; they then share the modules that entry files import, and the environment.
 */
export function createFunctionsHost(options: FunctionsHostOptions): FunctionsHost {
  let running: Running | undefined;
  let begun = false;
  const requireRunning = (): Running => {
    if (running === undefined) throw new Error('The Functions host is not running: await start() first.');
    return running;
  };
  return {
    start: async () => {
      if (begun) throw new Error('A Functions host starts once: create another.');
      begun = true;
      running = await startApp(options);
    },
    get functions() {
      return running?.functions ?? [];
    },
    listen: async (port, host = '127.0.0.1') => listen(requireRunning(), port, host),
    fireTimer: async (name) => requireRunning().timers.fire(name),
    stop: async () => {
      const ending = running;
      running = undefined;
      await ending?.stop();
    },
  };
}

async function startApp(options: FunctionsHostOptions): Promise<Running> {
  const root = resolve(options.root);
  const hostFile = readHostFile(root);
  const entryFiles = findEntryFiles(root, options.entries);
  const log = filterLog(options.log ?? (() => undefined), hostFile.logLevels);
  const releaseSettings = holdSettings(options.env ?? {});
  try {
    const app = new FunctionApp(log);
    await processWide.startAlone(app, async () => {
      await loadEntryFiles(root, entryFiles);
      await app.runAppHooks('appStart', root);
    });
    const checked = await checkApp(app, log);
    const bodyLimit = readBodyLimit(process.env);
    const timers = createTimers(app, checked.timers, log, options.now ?? (() => new Date()));
    return {
      app,
      checked,
      hostFile,
      timers,
      bodyLimit,
      log,
      functions: listFunctions(app, checked),
      stop: createStop(),
    };

    function createStop(): () => Promise<void> {
      let stopping: Promise<void> | undefined;
      return () => {
        timers.stop();
        stopping ??= app.runAppHooks('appTerminate', root).finally(releaseSettings);
        return stopping;
      };
    }
  } catch (error) {
    releaseSettings();
    throw error;
  }
}

async function checkApp(app: FunctionApp, log: HostLog): Promise<CheckedFunctions> {
  if (app.registered.length === 0) {
    throw new HostStartError(['The entry files register no function. Call app.http or app.timer at their top level.']);
  }
  const checked = checkFunctions(app.registered, process.env);
  if (checked.problems.length > 0) throw new HostStartError(checked.problems);
  if (await app.usesHttpStreaming()) {
    throw new HostStartError([
      'The app asks for HTTP streaming, which this host does not have. Leave enableHttpStream out.',
    ]);
  }
  const hasStorage = Object.keys(process.env).some((name) => /^AzureWebJobsStorage(__\w+)?$/i.test(name));
  if (checked.timers.length > 0 && !hasStorage) {
    log(
      'warning',
      'Host',
      'The app has timers, for which the platform needs the setting AzureWebJobsStorage. It is not set.',
    );
  }
  return checked;
}

function listFunctions(app: FunctionApp, { http, timers }: CheckedFunctions): readonly FunctionInfo[] {
  const infos = new Map([...http, ...timers].map(({ info }) => [info.name, info]));
  return app.registered.flatMap(({ name }) => infos.get(name) ?? []);
}

async function listen(running: Running, port: number, host: string): Promise<Listening> {
  const { checked, timers } = running;
  const homepage = process.env['AzureWebJobsDisableHomepage']?.toLowerCase() !== 'true';
  const admin = /^(127\.|::1$|localhost$)/i.test(host) ? createAdmin(running) : () => undefined;
  const server = createServer(createListener({ ...running, functions: checked.http, homepage, admin }));
  const address = await listenOn(server, port, host);
  timers.start();
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${address.port}`,
    close: async () => {
      timers.stop();
      await closeServer(server);
      await running.stop();
    },
  };
}

/**
 * `POST /admin/functions/{name}` runs a timer on request, as the platform does for whoever has the app's master key: it starts it
 * and answers 202. There are no keys here, so it is there on loopback addresses alone; and it takes JSON alone, which a page in
 * a browser cannot send without asking.
 */
function createAdmin({ timers, log }: Running) {
  return (request: IncomingMessage, path: readonly string[]): 202 | 415 | undefined => {
    const [collection, name] = path;
    const isRun = request.method === 'POST' && collection?.toLowerCase() === 'functions' && path.length === 2;
    if (!isRun || name === undefined || !timers.has(name)) return undefined;
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return 415;
    timers.fire(name).catch(() => {
      log('debug', 'Host', `Function "${name}", run on request, failed.`);
    });
    return 202;
  };
}

function listenOn(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolveAddress, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolveAddress(server.address() as AddressInfo);
    });
  });
}

/** Lets running requests end; a connection that is kept alive takes no further one. */
function closeServer(server: Server): Promise<void> {
  server.prependListener('request', (_request, response) => {
    response.setHeader('Connection', 'close');
  });
  const closeIdle = setInterval(() => {
    server.closeIdleConnections();
  }, 20);
  const timeout = setTimeout(() => {
    server.closeAllConnections();
  }, CLOSE_GRACE_MS);
  return new Promise((resolveClosed) => {
    server.close(() => {
      clearInterval(closeIdle);
      clearTimeout(timeout);
      resolveClosed();
    });
  });
}
