import { writeRows } from '../report.ts';
import { median } from '../rounds.ts';
import type { Import } from './importProcess.ts';
import type { RequestFigures } from './measureRequests.ts';
import type { StartFigures } from './measureStart.ts';

interface Row {
  readonly what: string;
  readonly figure: string;
  /** What the target is for. */
  readonly measured: number;
  /** How the measured value is written. */
  readonly write: (value: number) => string;
  readonly atMost?: number;
}

const HEAD = ['what', 'figure', 'measured', 'target', 'met'];

function writeRow({ what, figure, measured, write, atMost }: Row): readonly string[] {
  if (atMost === undefined) return [what, figure, write(measured), '', ''];
  return [what, figure, write(measured), `≤ ${write(atMost)}`, measured <= atMost ? 'yes' : 'NO'];
}

const times = (ratio: number) => `${Number(ratio.toFixed(2))} ×`;
/** What others are compared with. */
const BASE = { measured: 1, write: times };
const mebibytes = (octets: number) => `${Math.round(octets / 1024 / 1024)} MiB`;
const kilobytes = (octets: number) => `${Math.round(octets / 1024)} KB`;
const millis = (micros: number) => `${(micros / 1000).toFixed(2)} ms`;

/** What each of the samples costs, and its ratio to what it is compared with in the same round. */
function ratioRow<T>(
  samples: readonly T[],
  { what, of, to, atMost }: { what: string; of: (one: T) => number; to: (one: T) => number; atMost: number },
): Row {
  const measured = median(samples.map((one) => of(one) / to(one)));
  return { what, figure: millis(median(samples.map(of))), measured, write: times, atMost };
}

/** The table of `--requests`, in Markdown. */
export function writeRequestTable({ young, old, resident, renewals }: RequestFigures): string {
  const to = ({ health }: { readonly health: number }) => health;
  const count = renewals.toLocaleString('en');
  return writeRows([
    HEAD,
    ...[
      { what: '`GET /healthz`, in a young process', figure: millis(median(young.map(to))), ...BASE },
      ratioRow(young, { what: 'a renewal, in a young process', of: ({ renewal }) => renewal, to, atMost: 6 }),
      { what: '`GET /healthz`, after thousands of renewals', figure: millis(median(old.map(to))), ...BASE },
      ratioRow(old, { what: 'a challenge', of: ({ challenge }) => challenge, to, atMost: 1.5 }),
      ratioRow(old, { what: 'a renewal', of: ({ renewal }) => renewal, to, atMost: 3.5 }),
      ratioRow(old, { what: 'a first boot', of: ({ firstBoot }) => firstBoot, to, atMost: 9 }),
      ratioRow(old, { what: '`GET /openapi.json`', of: ({ openApi }) => openApi, to, atMost: 1.5 }),
      memoryRow(`memory after ${((renewals * 2) / 5).toLocaleString('en')} renewals more`, resident.early),
      { ...memoryRow(`memory after ${count} renewals more`, resident.late), atMost: 220 * 1024 * 1024 },
    ].map(writeRow),
  ]);
}

function memoryRow(what: string, octets: number): Row {
  return { what, figure: '', measured: octets, write: mebibytes };
}

/** The table of `--start`, in Markdown. */
export function writeStartTable({ empty, ...starts }: StartFigures): string {
  const processes = empty.map((one) => one.process);
  const alone = millis(median(empty.map((one) => one.import)));
  const forms = [
    ['keys in settings', starts.settings],
    ['managed identity and vault', starts.vault],
  ] as const;
  return writeRows([
    HEAD,
    ...[
      {
        what: `a process that imports an empty app (the import: ${alone})`,
        ...BASE,
        figure: millis(median(processes)),
      },
      ...forms.map(([form, samples]) => startRow(form, samples, processes)),
      ...forms.map(([form, samples]) => sizeRow(form, samples)),
    ].map(writeRow),
  ]);
}

function startRow(form: string, samples: readonly Import[], processes: readonly number[]): Row {
  const pairs = samples.map((one, round) => ({ own: one.process, other: processes[round] ?? Number.NaN }));
  const alone = millis(median(samples.map((one) => one.import)));
  const what = `one that imports the service, ${form} (the import: ${alone})`;
  return ratioRow(pairs, { what, of: ({ own }) => own, to: ({ other }) => other, atMost: 2.5 });
}

function sizeRow(form: string, samples: readonly Import[]): Row {
  const octets = median(samples.map((one) => one.octets));
  const what = `what the import reads, ${form}`;
  return { what, figure: '', measured: octets, write: kilobytes, atMost: 900 * 1024 };
}
