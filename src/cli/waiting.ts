import type { Io } from './command.ts';

/** Milliseconds. */
const BETWEEN_LINES = 5_000;

/** Says from time to time for how long something has been awaited, so that nobody takes it for dead. */
export async function tellWaiting<T>(tell: (text: string) => void, now: Io['now'], awaited: Promise<T>): Promise<T> {
  const begun = now();
  const timer = setInterval(() => {
    tell(`… ${Math.round((now() - begun) / 1000)} s\n`);
  }, BETWEEN_LINES);
  // The process lives as long as what is awaited.
  timer.unref();
  try {
    return await awaited;
  } finally {
    clearInterval(timer);
  }
}
