import type { ComponentChildren } from 'preact';
import type { List } from '../data/usePages.ts';
import type { Data } from '../data/useData.ts';
import { Loading, TroubleNotice } from './notices.tsx';

export interface LoadedProps<T> {
  readonly data: Data<T>;
  readonly children: (value: T) => ComponentChildren;
}

/** What was read, or why there is nothing. */
export function Loaded<T>({ data, children }: LoadedProps<T>) {
  if (data.trouble !== null) return <TroubleNotice trouble={data.trouble} retry={data.reload} />;
  return data.value === null ? <Loading /> : <>{children(data.value)}</>;
}

export interface ListedProps<T> {
  readonly list: List<T>;
  /** What to say of an empty list. */
  readonly empty: string;
  readonly children: (items: readonly T[]) => ComponentChildren;
}

export function Listed<T>({ list, empty, children }: ListedProps<T>) {
  const { items, trouble, hasMore, isLoading, readMore, reload } = list;
  return (
    <>
      {items !== null && (items.length > 0 ? children(items) : !hasMore && <p class="empty">{empty}</p>)}
      {items === null && trouble === null && <Loading />}
      {trouble !== null && <TroubleNotice trouble={trouble} retry={items === null ? reload : readMore} />}
      {hasMore && trouble === null && (
        <button type="button" class="more" onClick={readMore} disabled={isLoading}>
          Load more
        </button>
      )}
    </>
  );
}
