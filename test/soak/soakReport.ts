import type { Sighting } from './soakLoad.ts';

export interface Memory {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Octets. */
  readonly resident: number;
}

const MIB = 1_048_576;

/** MiB a minute by which the process grew over the second half, by least squares. */
export function growthOf(memory: readonly Memory[]): number {
  const half = memory.slice(memory.length >> 1).map(({ at, resident }) => [at / 60_000, resident / MIB] as const);
  const mean = (place: 0 | 1) => half.reduce((sum, point) => sum + point[place], 0) / half.length;
  const [x, y] = [mean(0), mean(1)];
  const covered = half.reduce((sum, [at, size]) => sum + (at - x) * (size - y), 0);
  const spread = half.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return spread === 0 ? 0 : covered / spread;
}

export const mostOf = (memory: readonly Memory[]): number => Math.max(...memory.map(({ resident }) => resident)) / MIB;

/** Medians of the fifths of the run, in MiB: whether it is still warming up shows in them. */
function fifthsOf(memory: readonly Memory[]): readonly string[] {
  const length = Math.max(1, Math.ceil(memory.length / 5));
  return Array.from({ length: Math.ceil(memory.length / length) }, (_, fifth) => {
    const part = memory.slice(fifth * length, (fifth + 1) * length).map(({ resident }) => resident);
    const [median = 0] = part.toSorted((left, right) => left - right).slice(part.length >> 1);
    return (median / MIB).toFixed(0);
  });
}

const isRight = ({ outcome, expected }: Sighting) => outcome === expected;

/** Answers that are neither the right one nor one that passes: there must be none. */
export function wrongOf(sightings: readonly Sighting[]): readonly Sighting[] {
  return sightings.filter((sighting) => !isRight(sighting) && !sighting.isPassing);
}

/** The tables of docs/soak.md. */
export function writeSoak(minutes: number, sightings: readonly Sighting[], memory: readonly Memory[]): string {
  const faults = [...new Set(sightings.map(({ fault }) => fault))].toSorted();
  const passing = sightings.filter((sighting) => !isRight(sighting));
  const outcomes = ['the right answer', ...new Set(passing.map(({ outcome }) => outcome))];
  const count = (outcome: string, fault: string) =>
    sightings.filter(
      (sighting) => sighting.fault === fault && (isRight(sighting) ? 'the right answer' : sighting.outcome) === outcome,
    ).length;
  const rows = outcomes.map((outcome) => [outcome, ...faults.map((fault) => String(count(outcome, fault)))]);
  const first = memory[0]?.resident ?? 0;
  return [
    `${minutes} minutes on ${new Date().toISOString().slice(0, 10)}, Node.js ${process.version}: ${sightings.length} requests for a licence.`,
    table([['answer', ...faults], ...rows]),
    table([
      ['memory of the service’s process', 'MiB'],
      ['at the start', (first / MIB).toFixed(0)],
      ['medians of the fifths of the run', fifthsOf(memory).join(', ')],
      ['most', mostOf(memory).toFixed(0)],
      ['growth a minute, over the second half', growthOf(memory).toFixed(2)],
    ]),
  ].join('\n\n');
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
