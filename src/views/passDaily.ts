import type { ViewMarkStore } from './store.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Milliseconds of one run. The platform starts one each minute; what is left is the next run's. */
const MAX_RUN = 20_000;

export interface PassNeeds {
  readonly store: ViewMarkStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * One step through everything that a view is made of.
 *
 * @param place where the step before has ended; `null` at the beginning
 * @returns where the next step goes on; `null` at the end
 */
export type PassStep = (place: string | null, pass: Pass) => Promise<string | null>;

export interface Pass {
  /** When it began, in milliseconds since the epoch. */
  readonly begun: number;
  /** Whether everything is written anew, also what seems to be there. */
  readonly isForced: boolean;
}

/**
 * Goes through everything once a day, part by part, so that what no log speaks of is found too. Each run does some steps; a
 * step that is done twice changes nothing. Without a mark of an earlier pass, everything is written anew.
 *
 * @returns the number of steps
 * @throws {StoreUnavailableError}
 */
export async function passDaily({ store, now }: PassNeeds, parts: readonly PassStep[]): Promise<number> {
  const started = now();
  const stored = await store.readMark('pass');
  let version = stored?.version ?? null;
  let place = parsePlace(stored?.value.place ?? null);
  let begun = stored?.value.at ?? 0;
  if (place === null) {
    if (started - begun < DAY) return 0;
    [place, begun] = [{ part: 0, rest: null, isForced: stored === null }, started];
  }
  for (let steps = 1; ; steps += 1) {
    const step: PassStep | undefined = parts[place.part];
    const rest: string | null = step === undefined ? null : await step(place.rest, { begun, isForced: place.isForced });
    place = { ...place, part: rest === null ? place.part + 1 : place.part, rest };
    const isOver = place.part >= parts.length;
    const mark = { at: begun, place: isOver ? null : formatPlace(place) };
    const written = await store.writeMark('pass', mark, version);
    // Another instance goes on from where it is.
    if (isOver || written.outcome !== 'written' || now() - started > MAX_RUN) return steps;
    ({ version } = written);
  }
}

interface Place {
  readonly part: number;
  readonly rest: string | null;
  readonly isForced: boolean;
}

function formatPlace({ part, rest, isForced }: Place): string {
  return `${part}${isForced ? '!!' : '!'}${rest ?? ''}`;
}

function parsePlace(text: string | null): Place | null {
  if (text === null) return null;
  const [, part = '0', mark = '', rest = ''] = /^(\d+)(!!?)(.*)$/.exec(text) ?? [];
  return { part: Number(part), rest: rest === '' ? null : rest, isForced: mark === '!!' };
}
