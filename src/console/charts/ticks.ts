/**
 * Round numbers from 0 on, at most `most` steps apart, the last one not below `highest`: what stands beside a chart of counts.
 *
 * @param highest a whole number
 */
export function chooseTicks(highest: number, most = 4): readonly number[] {
  const least = Math.max(1, highest) / most;
  const size = 10 ** Math.floor(Math.log10(least));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * size).find((one) => one >= least) ?? 10 * size);
  return Array.from({ length: Math.ceil(Math.max(1, highest) / step) + 1 }, (_, index) => index * step);
}
