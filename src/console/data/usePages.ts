import { useCallback, useState } from 'preact/hooks';
import type { Page } from './answers.ts';
import { troubleOf } from './problems.ts';
import type { Trouble } from './problems.ts';
import { useData } from './useData.ts';

export interface List<T> {
  /** null until the first page has come. */
  readonly items: readonly T[] | null;
  readonly trouble: Trouble | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly readMore: () => void;
  /** Reads the first page again. */
  readonly reload: () => void;
}

type ReadPage<T> = (continuation: string | undefined, signal?: AbortSignal) => Promise<Page<T>>;

interface More<T> {
  /** The first page that these come after. */
  readonly first: Page<T>;
  readonly items: readonly T[];
  readonly continuation: string | null;
  readonly trouble: Trouble | null;
}

/** A list, page by page. @param key what it depends on, as text */
export function usePages<T>(key: string, read: ReadPage<T>): List<T> {
  const { value: first, trouble, isLoading, reload } = useData(key, (signal) => read(undefined, signal));
  const [more, setMore] = useState<More<T> | null>(null);
  const [isReading, setReading] = useState(false);
  const following = more?.first === first ? more : null;
  const continuation = following === null ? (first?.continuation ?? null) : following.continuation;
  const readMore = useCallback(() => {
    if (first === null || continuation === null) return;
    const before = following?.items ?? [];
    setReading(true);
    read(continuation)
      .then(
        (page) => {
          setMore({ first, items: [...before, ...page.items], continuation: page.continuation, trouble: null });
        },
        (error: unknown) => {
          setMore({ first, items: before, continuation, trouble: troubleOf(error) });
        },
      )
      .finally(() => {
        setReading(false);
      });
  }, [first, continuation, following, read]);
  return {
    items: first === null ? null : [...first.items, ...(following?.items ?? [])],
    trouble: trouble ?? following?.trouble ?? null,
    hasMore: continuation !== null,
    isLoading: isLoading || isReading,
    ...{ readMore, reload },
  };
}
