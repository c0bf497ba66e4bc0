import { writeRows } from '../report.ts';
import type { ClientFigures } from './measureClient.ts';

interface Row {
  readonly what: string;
  /** In the unit of the target. */
  readonly figure: number | null;
  readonly unit: string;
  /** What it is compared with, in the same unit; without it the target. */
  readonly to?: readonly [name: string, figure: number | null];
  readonly atMost?: number;
  readonly digits?: number;
}

const HEAD = ['what', 'figure', 'ratio', 'target', 'met'];

/** The table of `--client`, in Markdown. */
export function writeClientTable(figures: ClientFigures): string {
  return writeRows([HEAD, ...listRows(figures).map(writeRow)]);
}

function listRows({ packed, agentFile, signatures, first, later, agent, idle, ...virtual }: ClientFigures): Row[] {
  const { warm, cold, graceStart, foreign } = virtual;
  return [
    { what: 'the package, packed', figure: packed / 1024, unit: 'KB', atMost: 100 },
    { what: 'the agent’s one file', figure: agentFile / 1024, unit: 'KB', atMost: 250 },
    { what: 'the signatures of a first check alone, in a process of their own', figure: signatures, ...TIME },
    {
      what: 'first check of a process, with a licence, besides IMDS',
      ...{ figure: first, to: ['those signatures', signatures], atMost: 6, ...TIME },
    },
    { what: 'later checks, besides IMDS', figure: later, to: ['the first', first], atMost: 1, ...TIME },
    { what: 'requests of a check with a licence, IMDS included', figure: warm, unit: '', atMost: 1 },
    { what: 'requests of a check without one, IMDS included', figure: cold, unit: '', atMost: 5 },
    { what: 'start in grace, the service hangs (virtual time)', figure: graceStart / 1000, atMost: 12, ...SECONDS },
    { what: 'foreign chassis, no IMDS (virtual time)', figure: foreign / 1000, atMost: 3, ...SECONDS },
    {
      what: 'memory of the agent after its first check',
      ...{ figure: toMegabytes(agent), to: ['an idle Node', toMegabytes(idle)], unit: 'MB', atMost: 90 },
    },
  ];
}

const TIME = { unit: 'ms', digits: 2 } as const;
const SECONDS = { unit: 's', digits: 1 } as const;

function toMegabytes(octets: number | null): number | null {
  return octets === null ? null : octets / 1024 / 1024;
}

function writeRow({ what, figure, unit, to, atMost, digits = 0 }: Row): readonly string[] {
  if (figure === null) return [what, 'not known here', '', '', ''];
  const shown = `${figure.toFixed(digits)} ${unit}`.trim();
  if (atMost === undefined) return [what, shown, '', '', ''];
  const [name, base] = to ?? ['the target', atMost];
  const ratio = `${(figure / (base ?? NaN)).toFixed(2)} × ${name}`;
  return [what, shown, ratio, `≤ ${atMost} ${unit}`.trim(), figure <= atMost ? 'yes' : 'NO'];
}
