import type { FunctionMetadata } from './coreModule.ts';
import { parseSchedule } from './ncrontab.ts';
import type { TimerSchedule } from './ncrontab.ts';
import { coversRoute, parseRoute } from './routeTemplate.ts';
import type { RouteSegment } from './routeTemplate.ts';

/** A function that the app registered, as its author wrote it. */
export interface FunctionInfo {
  readonly name: string;
  readonly trigger: 'http' | 'timer';
  /** upper case; empty for a timer, and for an HTTP function that takes every method */
  readonly methods: readonly string[];
  /** without host.json's prefix and without slashes at its ends; undefined for a timer */
  readonly route?: string;
  /** an NCRONTAB expression, in UTC; undefined for an HTTP function */
  readonly schedule?: string;
}

export interface HttpFunction {
  readonly info: FunctionInfo;
  readonly metadata: FunctionMetadata;
  /** the trigger's name among the bindings */
  readonly binding: string;
  readonly segments: readonly RouteSegment[];
}

export interface TimerFunction {
  readonly info: FunctionInfo;
  readonly metadata: FunctionMetadata;
  readonly binding: string;
  readonly schedule: TimerSchedule;
  readonly runOnStartup: boolean;
}

export interface CheckedFunctions {
  /** in the order in which the platform tries them: alphabetical by name, whatever their routes (host issue 9876) */
  readonly http: readonly HttpFunction[];
  readonly timers: readonly TimerFunction[];
  readonly problems: readonly string[];
}

/** The host's own rule for a function's name; `host` is taken. */
const NAME = /^(?!host$)[a-z][a-z0-9_-]{0,127}$/i;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Applies the rules that the real host applies to what an app has registered.
 * @param env for a schedule written as `%NAME%`, and for `AzureWebJobs.NAME.Disabled`: such a function is not there
 */
export function checkFunctions(
  registered: readonly FunctionMetadata[],
  env: Readonly<Record<string, string | undefined>>,
): CheckedFunctions {
  const http: HttpFunction[] = [];
  const timers: TimerFunction[] = [];
  const problems: string[] = [];
  for (const metadata of registered) {
    if (/^(?:true|1)$/i.test(env[`AzureWebJobs.${metadata.name}.Disabled`] ?? '')) continue;
    const checked = checkFunction(metadata, env);
    if ('problem' in checked) problems.push(`Function "${metadata.name}": ${checked.problem}`);
    else if ('schedule' in checked) timers.push(checked);
    else http.push(checked);
  }
  http.sort((one, other) => (one.info.name.toLowerCase() < other.info.name.toLowerCase() ? -1 : 1));
  return { http, timers, problems: [...problems, ...findConflicts(http)] };
}

type Checked = HttpFunction | TimerFunction | { readonly problem: string };

function checkFunction(metadata: FunctionMetadata, env: Readonly<Record<string, string | undefined>>): Checked {
  if (!NAME.test(metadata.name)) {
    return { problem: 'Its name must be a letter, then up to 127 letters, digits, "_" and "-", and not "host".' };
  }
  const triggers = Object.entries(metadata.bindings).filter(([, { type }]) => /trigger$/i.test(type));
  const [binding, trigger] = triggers[0] ?? [];
  if (binding === undefined || trigger === undefined || triggers.length > 1) {
    return { problem: 'It must have one trigger.' };
  }
  switch (trigger.type.toLowerCase()) {
    case 'httptrigger':
      return checkHttp(metadata, binding, trigger);
    case 'timertrigger':
      return checkTimer(metadata, binding, trigger, env);
    default:
      return { problem: `This host has no ${trigger.type}, only HTTP and timers; run it with "func start".` };
  }
}

type Options = Readonly<Record<string, unknown>>;

function checkHttp(metadata: FunctionMetadata, binding: string, trigger: Options): Checked {
  const { authLevel, methods = [], route: given } = trigger;
  if (authLevel !== 'anonymous') {
    return {
      problem: `Its authLevel must be "anonymous": this host has no function keys to check, so it would let everybody in.`,
    };
  }
  if (!Array.isArray(methods) || !methods.every((method): method is string => METHODS.includes(method as string))) {
    return { problem: `Its methods must be of ${METHODS.join(', ')}.` };
  }
  const route = (typeof given === 'string' && given.trim() !== '' ? given : metadata.name).replace(/^\/+|\/+$/g, '');
  if (/^(admin|runtime)/i.test(route)) {
    return {
      problem: `Its route "${route}" starts with "admin" or "runtime", which the platform keeps for itself. Choose another.`,
    };
  }
  const segments = parseRoute(route);
  if (typeof segments === 'string') return { problem: `Its route "${route}" is not valid. ${segments}` };
  return { info: { name: metadata.name, trigger: 'http', methods, route }, metadata, binding, segments };
}

function checkTimer(
  metadata: FunctionMetadata,
  binding: string,
  trigger: Options,
  env: Readonly<Record<string, string | undefined>>,
): Checked {
  const text = readSchedule(trigger['schedule'], env);
  if (text === undefined) {
    return { problem: `Its schedule must be an NCRONTAB expression, or %NAME% of a setting that holds one.` };
  }
  const schedule = parseSchedule(text);
  if (typeof schedule === 'string') return { problem: `Its schedule is not valid. ${schedule}` };
  const info = { name: metadata.name, trigger: 'timer', methods: [], schedule: text } as const;
  return { info, metadata, binding, schedule, runOnStartup: trigger['runOnStartup'] === true };
}

function readSchedule(given: unknown, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (typeof given !== 'string') return undefined;
  const setting = /^%(?<name>[^%]+)%$/.exec(given)?.groups?.['name'];
  return setting === undefined ? given : env[setting];
}

function findConflicts(functions: readonly HttpFunction[]): string[] {
  const problems: string[] = [];
  for (const [index, later] of functions.entries()) {
    for (const earlier of functions.slice(0, index)) {
      const methods = sharedMethods(earlier.info.methods, later.info.methods);
      if (methods === undefined || !coversRoute(earlier.segments, later.segments)) continue;
      problems.push(
        coversRoute(later.segments, earlier.segments)
          ? `Functions "${earlier.info.name}" and "${later.info.name}" have the same route "${later.info.route ?? ''}" for ${methods}. Keep one.`
          : `Function "${earlier.info.name}" (route "${earlier.info.route ?? ''}") takes all that is meant for "${later.info.name}" (route "${later.info.route ?? ''}") with ${methods}: functions are tried in the alphabetical order of their names. Rename one of them, or constrain the parameter.`,
      );
    }
  }
  return problems;
}

/** In words; undefined where there is none. No methods at all mean every method. */
function sharedMethods(some: readonly string[], others: readonly string[]): string | undefined {
  if (some.length === 0 && others.length === 0) return 'every method';
  const shared = some.length === 0 ? others : others.length === 0 ? some : some.filter((one) => others.includes(one));
  return shared.length === 0 ? undefined : shared.join(', ');
}
