import { createAuthority, type Authority } from '../../src/emulator/authority/authority.ts';
import { createEmulator, type RunningEmulator } from '../../src/emulator/server/emulator.ts';
import type { EmulatorOptions } from '../../src/emulator/server/options.ts';
import { runKeys } from '../support/runKeys.ts';
import { TestClock } from '../support/testClock.ts';

/** The time at which all tests of the emulator take place. */
export const AT = Date.UTC(2026, 6, 1, 12);

/** Time that nobody waits for: what is to happen later happens when the test lets time pass. */
export class PassingTimer extends TestClock {
  override readonly sleep = () => new Promise<void>(() => undefined);
}

let authority: Promise<Authority> | undefined;

/** One authority for all tests of a file: making its keys takes longer than most of them. */
export function sharedAuthority(): Promise<Authority> {
  return (authority ??= createAuthority({ at: AT, keys: runKeys('emulator') }));
}

/** Runs the body with an emulator that answers at a constant time and without a rate limit, unless told otherwise. */
export async function withEmulator(
  options: Partial<EmulatorOptions>,
  body: (emulator: RunningEmulator) => Promise<void>,
): Promise<void> {
  const defaults = { authority: await sharedAuthority(), clock: () => AT, rateLimit: Infinity };
  const running = await createEmulator({ ...defaults, ...options }).listen(0);
  try {
    await body(running);
  } finally {
    await running.close();
  }
}

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

/** A request as IMDS wants it; the path begins after the base URL. */
export async function get(
  emulator: Pick<RunningEmulator, 'url'>,
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  const response = await fetch(emulator.url + path, { headers: { Metadata: 'true' }, ...init });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

/** As {@link get}, of an answer that must be JSON. */
export async function getJson(emulator: RunningEmulator, path: string): Promise<unknown> {
  return JSON.parse((await get(emulator, path)).text);
}
