import { cpus } from 'node:os';
import { findSlowest } from './hostile.ts';
import type { MemoryFigures } from './memory.ts';

/** The figures of `--json`, in microseconds. */
export interface Micros {
  readonly rsaVerify: number;
  readonly limit: number;
  readonly verify: number;
  readonly warm: number;
  readonly cold: number;
  readonly secondReading: number;
  readonly pkijs: number;
  readonly hostileMax: number;
}

type Medians = ReadonlyMap<string, number>;

export function createMicros(medians: Medians): Micros {
  const of = (name: string) => round(medians.get(name) ?? Number.NaN);
  return {
    ...{ rsaVerify: of('rsaVerify'), limit: of('limit'), verify: of('verify'), warm: of('warm'), cold: of('cold') },
    ...{ secondReading: of('secondReading'), pkijs: of('pkijs'), hostileMax: round(findSlowest(medians).micros) },
  };
}

function round(micros: number): number {
  return Math.round(micros * 100) / 100;
}

type Row = readonly [letter: string, what: string, figure: string, ratio: string, target: string, met: string];

const HEAD: Row = ['', 'what', 'median', 'ratio', 'target', 'met'];

export function writeTable(medians: Medians, memory: MemoryFigures | null): string {
  const rows = [
    ...timeRows(medians),
    ...emulatorRows(medians),
    ...genuineRows(medians),
    ...(memory === null ? [] : memoryRows(memory)),
  ];
  return writeRows([HEAD, ...rows]);
}

/** The table in Markdown, its columns as wide as the formatter would make them. The first row is its head. */
export function writeRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [...lines.toSpliced(1, 0, rule), ''].join('\n');
}

/** The machine and the day, for the reader of a kept table. */
export function describeRun(rounds: number): string {
  const model = cpus()[0]?.model.trim() ?? 'an unknown processor';
  const day = new Date().toISOString().slice(0, 10);
  return `${model}, ${cpus().length} cores, Node.js ${process.version}, ${day}, medians of ${rounds} rounds.`;
}

interface Target {
  readonly to: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

function timeRows(medians: Medians): Row[] {
  const row = (letter: string, what: string, name: string, target?: Target) =>
    timeRow(medians, { letter, what, name }, target);
  return [
    row('', 'RSA-2048 verification, node:crypto', 'rsaVerify'),
    row('', 'ES256 signature, node:crypto', 'es256'),
    row('a', 'both: the limit', 'limit'),
    row('v', 'verifyEvidence, warm leaf', 'verify', { to: 'rsaVerify', atMost: 2.5 }),
    row('b', 'verify, decide and sign the licence, warm leaf', 'warm', { to: 'limit', atMost: 2.5 }),
    row('c', 'verify, cold, without the second reading', 'cold', { to: 'limit', atMost: 12 }),
    row('s', 'the second reading alone', 'secondReading', { to: 'limit' }),
    row('', 'verify, a leaf’s first document, all of it', 'first', { to: 'limit' }),
    row('d', 'pkijs with its chain engine', 'pkijs', { to: 'warm', atLeast: 25 }),
    hostileRow(medians),
  ];
}

function timeRow(
  medians: Medians,
  { letter, what, name }: { letter: string; what: string; name: string },
  target?: Target,
): Row {
  const micros = medians.get(name) ?? Number.NaN;
  if (target === undefined) return [letter, what, formatMicros(micros), '', '', ''];
  const { to, atMost = Infinity, atLeast = 0 } = target;
  const ratio = micros / (medians.get(to) ?? Number.NaN);
  const isMet = ratio <= atMost && ratio >= atLeast;
  const bound = target.atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
  const hasTarget = target.atMost !== undefined || target.atLeast !== undefined;
  const judged = hasTarget ? ([bound, formatMet(isMet)] as const) : (['', ''] as const);
  return [letter, what, formatMicros(micros), `${ratio.toFixed(2)} × ${LETTERS[to] ?? to}`, ...judged];
}

/** A thousand requests a second, though on one core and with the client. */
const INSTANCE_MICROS = 1000;

function emulatorRows(medians: Medians): Row[] {
  const instance = medians.get('emulatorInstance') ?? Number.NaN;
  const row = (what: string, name: string, target?: Target) => timeRow(medians, { letter: '', what, name }, target);
  const met = formatMet(instance <= INSTANCE_MICROS);
  return [
    ['', 'emulator: a request for /instance, the client’s part too', formatMicros(instance), '', '≤ 1 ms', met],
    row('emulator: the RSA-2048 signature of a document', 'emulatorSignature'),
    row('emulator: a document, from its content to its answer', 'emulatorDocument', {
      to: 'emulatorSignature',
      atMost: 3,
    }),
    row('emulator: a request for a document, the client’s part too', 'emulatorRequest', { to: 'emulatorSignature' }),
  ];
}

const LETTERS: Readonly<Record<string, string>> = {
  rsaVerify: 'RSA',
  limit: 'a',
  warm: 'b',
  emulatorSignature: 'that',
};

const HOSTILE_MICROS = 5000;

function hostileRow(medians: Medians): Row {
  const { kind, micros } = findSlowest(medians);
  const isMet = micros <= HOSTILE_MICROS;
  return ['g', `the slowest hostile document (${kind})`, formatMicros(micros), '', '≤ 5 ms', formatMet(isMet)];
}

/** There only with reference data. */
function genuineRows(medians: Medians): Row[] {
  if (!medians.has('genuine verify')) return [];
  const row = (what: string, name: string, to: string) => timeRow(medians, { letter: '', what, name }, { to });
  return [
    row('a genuine document: verifyEvidence, warm leaf', 'genuine verify', 'rsaVerify'),
    row('a genuine document: verify, cold', 'genuine cold', 'limit'),
    row('a genuine document: pkijs with its chain engine', 'genuine pkijs', 'warm'),
  ];
}

function memoryRows({ perLeaf, verifications, heapGrowth, residentGrowth }: MemoryFigures): Row[] {
  const count = verifications.toLocaleString('en');
  // Whatever a verification left behind would be an octet at least.
  const isFlat = heapGrowth < verifications;
  return [
    ['f', 'memory of one cached leaf', formatOctets(perLeaf), '', '', ''],
    ['f', `growth of the heap over ${count} verifications`, formatOctets(heapGrowth), '', 'flat', formatMet(isFlat)],
    ['f', 'growth of the whole process over them', formatOctets(residentGrowth), '', '', ''],
  ];
}

function formatMet(isMet: boolean): string {
  return isMet ? 'yes' : 'NO';
}

function formatMicros(micros: number): string {
  return `${micros.toFixed(1)} µs`;
}

function formatOctets(octets: number): string {
  return `${(octets / 1024).toFixed(1)} KiB`;
}
