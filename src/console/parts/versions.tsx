import { useData } from '../data/useData.ts';
import { describeValue, isSame, titleOf } from '../text/members.ts';
import type { Members } from '../text/members.ts';
import { Loading, TroubleNotice } from './notices.tsx';
import { Table } from './table.tsx';
import type { Column } from './table.tsx';

export interface VersionsProps<T> {
  /** As it was read before. */
  readonly read: Members;
  /** As the change would make it; null where it deletes it. */
  readonly mine: Members | null;
  readonly readNow: (signal: AbortSignal) => Promise<T>;
  readonly membersOf: (now: T) => Members;
  /** Begins the change again, with what is there now. */
  readonly restart: (now: T) => void;
  readonly close: () => void;
}

/** What the change does not touch. */
const LEFT = '–';

interface Row {
  readonly name: string;
  readonly cells: readonly [read: unknown, mine: unknown, now: unknown];
}

const column = (title: string, index: 0 | 1 | 2): Column<Row> => ({
  title,
  cell: ({ cells }) => <bdi>{describeValue(cells[index])}</bdi>,
});

const COLUMNS: readonly Column<Row>[] = [
  { title: 'Field', cell: ({ name }) => titleOf(name) },
  column('You read', 0),
  column('You would write', 1),
  column('There now', 2),
];

/** Shows both versions where somebody else was quicker: what is there now, and what would have been written. */
export function Versions<T>({ read, mine, readNow, membersOf, restart, close }: VersionsProps<T>) {
  const { value, trouble, reload } = useData('versions', readNow);
  const isGone = trouble?.kind === 'missing';
  return (
    <section role="alert" class="versions">
      <h3>{isGone ? 'Somebody has deleted this in the meantime' : 'Somebody has changed this in the meantime'}</h3>
      <p>Nothing was written.{!isGone && ' Look at what is different, then start again from what is there now.'}</p>
      {trouble !== null && !isGone && <TroubleNotice trouble={trouble} retry={reload} />}
      {trouble === null && value === null && <Loading />}
      {value !== null && <Differences {...{ read, mine, now: membersOf(value) }} />}
      <div class="buttons">
        <button type="button" onClick={close}>
          Close
        </button>
        {value !== null && (
          <button
            type="button"
            class="primary"
            onClick={() => {
              restart(value);
            }}
          >
            Start again from what is there now
          </button>
        )}
      </div>
    </section>
  );
}

interface DifferencesProps extends Pick<VersionsProps<unknown>, 'read' | 'mine'> {
  readonly now: Members;
}

function Differences({ read, mine, now }: DifferencesProps) {
  const wanted = mine ?? read;
  const names = [...new Set([...Object.keys(now), ...Object.keys(wanted)])];
  const rows = names
    .filter((name) => !isSame(read[name], now[name]) || !isSame(wanted[name], now[name]))
    .map((name): Row => ({
      name,
      cells: [read[name], isSame(read[name], wanted[name]) ? LEFT : wanted[name], now[name]],
    }));
  return (
    <>
      {mine === null && <p>You would delete it.</p>}
      {rows.length === 0 ? (
        <p>All that you see is the same as before: it was written again without a difference.</p>
      ) : (
        <Table caption="Both versions" columns={COLUMNS} items={rows} keyOf={({ name }) => name} />
      )}
    </>
  );
}
