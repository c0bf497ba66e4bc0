/** Something to be timed. */
export interface Candidate {
  readonly name: string;
  /** Does it so many times. Throws where the outcome is not the one expected: a fast failure is no result. */
  run(times: number): void | Promise<void>;
}

export interface Pace {
  readonly rounds: number;
  /** Microseconds of each candidate in each round. */
  readonly slice: number;
}

interface Entrant {
  readonly candidate: Candidate;
  readonly times: number;
  /** Microseconds of one run, one entry a round. */
  readonly samples: number[];
}

/** Slices before the first round, in which the code is compiled. */
const WARM_UP_SLICES = 200;

/**
 * Times all candidates in turn, round after round, every other round backwards: what a neighbour or the garbage collector
 * takes is taken from all alike. Slices are best much shorter than those of the operating system's scheduler: then most of
 * them are not interrupted even on a busy machine, and a median is of those.
 *
 * @returns the median of each candidate by its name, in microseconds of one run
 */
export async function measureInTurn(
  candidates: readonly Candidate[],
  pace: Pace,
): Promise<ReadonlyMap<string, number>> {
  const entrants: Entrant[] = [];
  for (const candidate of candidates) entrants.push(await prepare(candidate, pace.slice));
  for (let round = 0; round < pace.rounds; round++) {
    for (const { candidate, times, samples } of round % 2 === 0 ? entrants : entrants.toReversed()) {
      // What ran before has left the processor's caches full of its own.
      await candidate.run(times);
      samples.push((await time(candidate, times)) / times);
    }
  }
  return new Map(entrants.map(({ candidate: { name }, samples }) => [name, median(samples)]));
}

/** Warms a candidate up, and finds how often it runs in a slice. */
async function prepare(candidate: Candidate, slice: number): Promise<Entrant> {
  let spent = 0;
  let times = 1;
  let last = await time(candidate, times);
  while (spent < slice * WARM_UP_SLICES) {
    const wanted = Math.floor((times * slice) / Math.max(last, 1));
    times = Math.max(1, Math.min(wanted, times * 10));
    last = await time(candidate, times);
    spent += last;
  }
  return { candidate, times, samples: [] };
}

/** Microseconds of wall-clock time. */
async function time(candidate: Candidate, times: number): Promise<number> {
  const started = process.hrtime.bigint();
  const running = candidate.run(times);
  if (running !== undefined) await running;
  return Number(process.hrtime.bigint() - started) / 1000;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
