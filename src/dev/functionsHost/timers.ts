import type { FunctionApp } from './functionApp.ts';
import type { TimerFunction } from './functionRules.ts';
import type { HostLog } from './hostLog.ts';
import { describeError } from './httpListener.ts';

/** .NET's earliest time: what the platform gives for "never yet". */
const NEVER = '0001-01-01T00:00:00.000Z';
/** Node's timers hold 2^31 - 1 milliseconds; a longer wait is taken in parts. */
const MAX_SLEEP = 86_400_000;

export interface Timers {
  /** Runs each timer at its times, and now those that have `runOnStartup`. */
  start(): void;
  /** Runs a timer now. @throws where there is none of that name, or what its handler throws */
  fire(name: string): Promise<void>;
  has(name: string): boolean;
  stop(): void;
}

/** @param now the clock, for the schedule and for what the handler is told of it */
export function createTimers(
  app: FunctionApp,
  functions: readonly TimerFunction[],
  log: HostLog,
  now: () => Date,
): Timers {
  const sleeping = new Map<string, NodeJS.Timeout>();
  const last = new Map<string, Date>();
  let stopped = false;

  const fire = async (timer: TimerFunction): Promise<void> => {
    const { name } = timer.info;
    const json = JSON.stringify(describeTimer(timer, last.get(name), now()));
    last.set(name, now());
    try {
      await app.invoke(name, timer.binding, { json });
    } catch (error) {
      log('error', `Function.${name}`, `The function failed: ${describeError(error)}`);
      throw error;
    }
  };
  // A run never overlaps the one before: the next wait begins when it has ended.
  const sleep = (timer: TimerFunction, due: Date): void => {
    if (stopped) return;
    const wait = due.getTime() - now().getTime();
    const wake = (): void => {
      if (wait > MAX_SLEEP) sleep(timer, due);
      else void runThenSleep(timer);
    };
    sleeping.set(timer.info.name, setTimeout(wake, Math.max(0, Math.min(wait, MAX_SLEEP))).unref());
  };
  const runThenSleep = async (timer: TimerFunction): Promise<void> => {
    await fire(timer).catch(() => undefined);
    sleep(timer, timer.schedule.nextAfter(now()));
  };
  const find = (name: string): TimerFunction | undefined =>
    functions.find(({ info }) => info.name.toLowerCase() === name.toLowerCase());

  return {
    start: () => {
      for (const timer of functions) {
        if (timer.runOnStartup) void runThenSleep(timer);
        else sleep(timer, timer.schedule.nextAfter(now()));
      }
    },
    fire: async (name) => {
      const timer = find(name);
      if (timer === undefined) throw new Error(`There is no timer named "${name}".`);
      await fire(timer);
    },
    has: (name) => find(name) !== undefined,
    stop: () => {
      stopped = true;
      for (const timeout of sleeping.values()) clearTimeout(timeout);
    },
  };
}

/** The Timer object in the platform's spelling; the library turns its names into lower camel case. */
function describeTimer(timer: TimerFunction, last: Date | undefined, at: Date): object {
  const lastRun = last?.toISOString() ?? NEVER;
  return {
    Schedule: { AdjustForDST: true },
    ScheduleStatus: { Last: lastRun, Next: timer.schedule.nextAfter(at).toISOString(), LastUpdated: lastRun },
    IsPastDue: false,
  };
}
