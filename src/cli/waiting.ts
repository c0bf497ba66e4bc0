import type { Io } from './command.ts';

const SECOND = 1_000;
/** Seconds. */
const BETWEEN_LINES = 5;

/** What is awaited, and how progress is told. */
interface Awaited {
  /** As in "waiting for …". */
  readonly what: string;
  readonly tell: (text: string) => void;
  readonly now: Io['now'];
}

/** Says after a second what is awaited, and from then on for how long, so that nobody takes it for dead. */
export async function tellWaiting<T>({ what, tell, now }: Awaited, awaited: Promise<T>): Promise<T> {
  const begun = now();
  let isTold = false;
  let next = BETWEEN_LINES;
  const timer = setInterval(() => {
    const seconds = Math.floor((now() - begun) / SECOND);
    if (!isTold) tell(`waiting for ${what} …\n`);
    else if (seconds >= next) tell(`… ${seconds} s\n`);
    isTold = true;
    while (next <= seconds) next += BETWEEN_LINES;
  }, SECOND);
  // The process lives as long as what is awaited.
  timer.unref();
  try {
    return await awaited;
  } finally {
    clearInterval(timer);
  }
}
