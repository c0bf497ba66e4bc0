/** The parts that may be slow, or may not start. */
export type PartName = 'build' | 'store' | 'imds' | 'service';

/** Milliseconds after which a part that is not up is called slow. On two busy cores none takes half of it. */
const SLOW_AFTER = 10_000;

interface PartOptions {
  readonly part: PartName;
  /** In a sentence. */
  readonly name: string;
  /** What to do where the part is slow or fails; a sentence. */
  readonly advice: string;
  readonly slowAfter?: number;
  readonly progress: (event: PartProgress) => void;
}

export type PartProgress =
  | { readonly part: PartName; readonly state: 'starting' }
  | { readonly part: PartName; readonly state: 'slow'; readonly seconds: number; readonly advice: string };

/**
 * Starts a part, and says when that takes long.
 *
 * @throws Error that names the part, says why it did not start, and what to do
 */
export async function startPart<T>(options: PartOptions, start: () => Promise<T>): Promise<T> {
  const { part, name, advice, slowAfter = SLOW_AFTER, progress } = options;
  progress({ part, state: 'starting' });
  const timer = setTimeout(() => {
    progress({ part, state: 'slow', seconds: slowAfter / 1000, advice });
  }, slowAfter);
  try {
    return await start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The ${name} did not start: ${reason}\n${advice}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
