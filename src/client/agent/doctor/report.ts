import { replaceUnprintable, writeJson } from '../../../contract/plainText.ts';
import { AREAS } from './causes/areas.ts';
import type { Checked } from './diagnose.ts';
import type { Finding } from './finding.ts';

export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly checked: readonly Checked[];
}

const MARKS: Readonly<Record<Checked['outcome'], string>> = { ok: 'ok', found: 'FOUND', not_looked_at: '-' };
const MARK_WIDTH = 5;

/** For people, in reading order: what was looked at, then what was found. */
export function formatDiagnosis({ findings, checked }: Diagnosis): string {
  const width = Math.max(...Object.values(AREAS).map(({ title }) => title.length));
  const seen = checked.map(({ area, outcome, detail }) => {
    const said = outcome === 'not_looked_at' ? `not looked at: ${detail}` : detail;
    return `  ${MARKS[outcome].padEnd(MARK_WIDTH)}  ${AREAS[area].title.padEnd(width)}  ${printable(said)}`;
  });
  const told = findings.length === 0 ? ['Nothing was found.'] : findings.flatMap(formatFinding);
  return [...seen, '', ...told, ''].join('\n');
}

function formatFinding({ cause, summary, evidence, advice, command, snippet }: Finding, index: number): string[] {
  return [
    ...(index === 0 ? [] : ['']),
    `${cause}: ${printable(summary)}`,
    ...evidence.map((line) => `  | ${printable(line)}`),
    `  ${printable(advice)}`,
    ...(snippet === undefined ? [] : snippet.split('\n').map((line) => `    ${printable(line)}`)),
    ...(command === null ? [] : [`  $ ${printable(command)}`]),
  ];
}

function printable(text: string): string {
  return replaceUnprintable(text, () => '?');
}

/** For programs: one line. */
export function diagnosisAsJson(agent: string, { findings, checked }: Diagnosis): string {
  return `${writeJson({ agent, findings, checked })}\n`;
}
