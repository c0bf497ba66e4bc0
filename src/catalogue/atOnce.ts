/** Rows at a time: a few thousand take seconds, and the store has room for others. */
const AT_ONCE = 16;

/** Several at a time. All of them have ended when this does, also where one failed: then it throws the first failure. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  run: (item: T) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  const queue = items.values();
  const work = async (): Promise<void> => {
    for (const item of queue) await run(item);
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
