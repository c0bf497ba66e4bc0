const SECOND = 1000;

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
