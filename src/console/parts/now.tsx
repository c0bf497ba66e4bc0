import { createContext } from 'preact';
import type { ComponentChildren } from 'preact';
import { useCallback, useContext, useState } from 'preact/hooks';
import { useRepeated } from '../data/useRepeated.ts';
import { describeAgo, describeDay, describeUtc } from '../text/time.ts';

const NowContext = createContext(0);

/** Milliseconds. */
const STEP = 15_000;

/** The one clock of the page, so that all times on it move together. */
export function NowProvider({ children }: { readonly children: ComponentChildren }) {
  const [now, setNow] = useState(() => Date.now());
  const step = useCallback(() => {
    setNow(Date.now());
  }, []);
  useRepeated(step, STEP, true);
  return <NowContext.Provider value={now}>{children}</NowContext.Provider>;
}

/** Milliseconds since the epoch. */
export function useNow(): number {
  return useContext(NowContext);
}

export interface TimeProps {
  /** RFC 3339; null where there is none. */
  readonly at: string | null;
  readonly none?: string;
}

/** "12 min ago", with the time in UTC on hover. */
export function Ago({ at, none = '–' }: TimeProps) {
  const now = useNow();
  if (at === null) return <>{none}</>;
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={describeUtc(time)}>
      {describeAgo(time, Math.max(now, Math.min(time, Date.now())))}
    </time>
  );
}

/** "2026-11-23, in 12 d" */
export function Day({ at, none = '–' }: TimeProps) {
  const now = useNow();
  if (at === null) return <>{none}</>;
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={describeUtc(time)}>
      {describeDay(time)}, {describeAgo(time, now)}
    </time>
  );
}
