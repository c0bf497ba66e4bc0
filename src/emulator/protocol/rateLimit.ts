const SECOND = 1000;

/** Of one VM. Azure counts tokens apart from everything else. */
export const REQUESTS_PER_SECOND = 5;
const TOKENS_TO_REQUESTS = 4;
const TOKENS_AT_A_TIME = 5;

/**
 * Counts requests by VM.
 *
 * @param perSecond how many are answered within any second
 * @param now milliseconds on a clock that never goes back
 * @returns whether one more request of that VM is answered
 */
export function createRateLimit(perSecond: number, now: () => number): (vm: string) => boolean {
  const answered = new Map<string, number[]>();
  return (vm) => {
    const at = now();
    const recent = (answered.get(vm) ?? []).filter((each) => at - each < SECOND);
    const allowed = recent.length < perSecond;
    if (allowed && perSecond !== Infinity) answered.set(vm, [...recent, at]);
    return allowed;
  };
}

/**
 * Counts requests that are being answered, by VM.
 *
 * @param most how many of one VM are answered at a time
 * @returns what begins one more: what to call at its end, or null where there is no room
 */
export function createRoom(most: number): (vm: string) => (() => void) | null {
  const running = new Map<string, number>();
  const count = (vm: string, change: number) => running.set(vm, (running.get(vm) ?? 0) + change);
  return (vm) => {
    if ((running.get(vm) ?? 0) >= most) return null;
    count(vm, 1);
    return () => void count(vm, -1);
  };
}

/** Answers where the VM has room for one more request of that endpoint; null where it has not. */
export type RequestLimits = <T>(vm: string, endpoint: string, answer: () => Promise<T>) => Promise<T> | null;

/** @param perSecond of everything but tokens, of which there may be four times as many */
export function createRequestLimits(perSecond: number, now: () => number): RequestLimits {
  const isAllowed = createRateLimit(perSecond, now);
  const isTokenAllowed = createRateLimit(perSecond * TOKENS_TO_REQUESTS, now);
  const begin = createRoom(perSecond === Infinity ? Infinity : TOKENS_AT_A_TIME);
  return (vm, endpoint, answer) => {
    if (endpoint !== 'identity') return isAllowed(vm) ? answer() : null;
    const end = isTokenAllowed(vm) ? begin(vm) : null;
    return end === null ? null : answer().finally(end);
  };
}
