/** Work on much: it yields after each small piece, so that whoever runs it may let others have their turn. */
export type Pieces<T> = Generator<undefined, T>;

/** Milliseconds after which others have their turn. */
const TURN = 10;

/** Does all of it at once. */
export function finish<T>(pieces: Pieces<T>): T {
  for (;;) {
    const step = pieces.next();
    if (step.done === true) return step.value;
  }
}

/** Does it in turns with everything else that this process has to do. */
export async function inTurns<T>(pieces: Pieces<T>): Promise<T> {
  for (;;) {
    const until = performance.now() + TURN;
    do {
      const step = pieces.next();
      if (step.done === true) return step.value;
    } while (performance.now() < until);
    await new Promise<void>((resume) => setImmediate(resume));
  }
}

/** Each item is a piece. */
export function* mapPieces<T, R>(items: Iterable<T>, change: (item: T, index: number) => R): Pieces<R[]> {
  const changed: R[] = [];
  for (const item of items) {
    changed.push(change(item, changed.length));
    yield;
  }
  return changed;
}
