import { useState } from 'preact/hooks';
import { Table } from './table.tsx';
import type { TableProps } from './table.tsx';

const SIZE = 50;

/** A table of which one page is shown at a time, so that thousands of rows stay quick. */
export function PagedTable<T>({ items, ...table }: TableProps<T>) {
  const [asked, setPage] = useState(0);
  const last = Math.max(0, Math.ceil(items.length / SIZE) - 1);
  const page = Math.min(asked, last);
  const first = page * SIZE;
  const to = (next: number) => () => {
    setPage(next);
  };
  return (
    <>
      <Table {...table} items={items.slice(first, first + SIZE)} />
      {last > 0 && (
        <div class="pager unprinted" role="group" aria-label={`Pages of ${table.caption}`}>
          <button type="button" onClick={to(page - 1)} disabled={page === 0}>
            Previous
          </button>
          <span role="status">
            {first + 1} to {Math.min(first + SIZE, items.length)} of {items.length}
          </span>
          <button type="button" onClick={to(page + 1)} disabled={page === last}>
            Next
          </button>
        </div>
      )}
    </>
  );
}
