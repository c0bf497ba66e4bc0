import { useEffect, useState } from 'preact/hooks';

/** Milliseconds without a change, after which somebody has done typing. */
const PAUSE = 250;

/** The value that has stopped changing: the first one at once, every other after a pause. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(value);
    }, PAUSE);
    return () => {
      clearTimeout(timer);
    };
  }, [value]);
  return settled;
}
