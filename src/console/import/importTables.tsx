import type { FileRowJson } from '../../contract/operators/records.ts';
import type { FieldProblem } from '../../contract/wire.ts';
import { State } from '../parts/icons.tsx';
import { PagedTable } from '../parts/pagedTable.tsx';
import type { Column } from '../parts/table.tsx';
import { Plain } from '../parts/text.tsx';
import { describeValue, titleOf } from '../text/members.ts';
import { quoteLine, takesAway } from './importFile.ts';
import type { ImportFile } from './importFile.ts';

/** The service tells no more. */
const MOST_PROBLEMS = 1_000;

export interface ImportProblemsProps {
  readonly file: ImportFile;
  readonly problems: readonly FieldProblem[];
}

/** What is wrong with a file, beside the lines where it is. */
export function ImportProblems({ file, problems }: ImportProblemsProps) {
  const lines = file.text.split(/\r\n|\r|\n/);
  const count =
    problems.length >= MOST_PROBLEMS
      ? `At least ${problems.length} problems`
      : problems.length === 1
        ? '1 problem'
        : `${problems.length} problems`;
  const hasLines = problems.some(({ line }) => line !== undefined);
  const columns: readonly Column<FieldProblem>[] = [
    hasLines
      ? { title: 'Line', cell: ({ line }) => line ?? '–', isNumber: true }
      : { title: 'Place', cell: ({ field }) => <code>{field === '' ? 'the file' : field}</code> },
    {
      title: 'Problem',
      cell: ({ field, message }) => <Plain text={hasLines ? `${field} ${message}.`.trim() : `${message}.`} />,
    },
    ...(hasLines
      ? [
          {
            title: 'In the file',
            cell: (problem: FieldProblem) => (
              <code class="quoted">
                <Plain text={quoteLine(lines, problem)} />
              </code>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      <p role="alert">
        <State is="bad" word={`${count}. Nothing was written. Correct the file, then choose it again.`} />
      </p>
      <PagedTable
        caption="Problems of the file"
        columns={columns}
        items={problems}
        keyOf={(problem) => JSON.stringify(problem)}
      />
    </>
  );
}

const COLUMNS: readonly Column<FileRowJson>[] = [
  { title: 'Id', cell: ({ id }) => <Plain text={id} /> },
  { title: 'Line', cell: ({ line, field }) => line ?? field ?? '–', isNumber: true },
  { title: 'Change', cell: (row) => <RowState row={row} /> },
  { title: 'Old → new', cell: (row) => <RowChange row={row} /> },
];

/** What a file would write, row by row. */
export function ImportRows({ rows }: { readonly rows: readonly FileRowJson[] }) {
  const losing = rows.filter(takesAway).length;
  if (rows.length === 0) return <p class="empty">Everything in the file is there already.</p>;
  return (
    <>
      {losing > 0 && (
        <p>
          <State
            is="warn"
            word={`${losing === 1 ? '1 row takes' : `${losing} rows take`} something away: VMs that it leaves out get no new licence.`}
          />
        </p>
      )}
      <PagedTable
        caption="What the file changes"
        columns={COLUMNS}
        // What takes something away is to be seen first.
        items={losing === 0 ? rows : rows.toSorted((one, other) => Number(takesAway(other)) - Number(takesAway(one)))}
        keyOf={({ kind, id }) => `${kind} ${id}`}
      />
    </>
  );
}

function RowState({ row }: { readonly row: FileRowJson }) {
  if (row.old === null) return <State is="good" word="created" />;
  return takesAway(row) ? <State is="warn" word="takes away" /> : <State is="idle" word="changed" />;
}

/** Of what is created, what it is about. */
const CREATED = ['offer', 'seats', 'subscription', 'validUntil', 'mode'] as const;

function RowChange({ row: { old, new: changed } }: { readonly row: FileRowJson }) {
  const names = old === null ? CREATED.filter((name) => (changed[name] ?? null) !== null) : membersOf(old, changed);
  return (
    <ul class="members-changed">
      {names.map((name) => (
        <li key={name}>
          {titleOf(name)}:{' '}
          {old !== null && (
            <>
              <bdi>{describeValue(old[name])}</bdi> →{' '}
            </>
          )}
          <bdi>{describeValue(changed[name])}</bdi>
        </li>
      ))}
    </ul>
  );
}

function membersOf(old: FileRowJson['new'], changed: FileRowJson['new']): readonly string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(changed)])];
}
