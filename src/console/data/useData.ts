import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { troubleOf } from './problems.ts';
import type { Trouble } from './problems.ts';

export interface Data<T> {
  /** What came last, also while it is read again. */
  readonly value: T | null;
  readonly trouble: Trouble | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

interface Loaded<T> {
  readonly key: string;
  readonly value: T | null;
  readonly trouble: Trouble | null;
}

/**
 * Reads something when a page is shown, and again when `key` changes: what it depends on, as text. What came for another key
 * is never shown under this one.
 */
export function useData<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Data<T> {
  const [loaded, setLoaded] = useState<Loaded<T> | null>(null);
  const [isLoading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const aborted = new AbortController();
    const finish = (result: Omit<Loaded<T>, 'key'>) => {
      if (aborted.signal.aborted) return;
      setLoaded({ key, ...result });
      setLoading(false);
    };
    setLoading(true);
    latest.current(aborted.signal).then(
      (value) => {
        finish({ value, trouble: null });
      },
      (error: unknown) => {
        finish({ value: null, trouble: troubleOf(error) });
      },
    );
    return () => {
      aborted.abort();
    };
  }, [key, round]);
  const reload = useCallback(() => {
    setRound((last) => last + 1);
  }, []);
  const current = loaded?.key === key ? loaded : null;
  return { value: current?.value ?? null, trouble: current?.trouble ?? null, isLoading, reload };
}
