import type { AttestationResult } from '../../contract/attestation.ts';
import type { Terminal } from '../command.ts';
import { paint, rows, wrap } from '../layout.ts';
import { excerpt, formatPlan } from '../printable.ts';
import type { Finding, Outcome } from './finding.ts';
import { isReady } from './judge.ts';
import type { ImageFacts } from './judgePlan.ts';

/** What is told of the VM: how Azure writes the names that licences depend on. No id, no address, no tag. */
export interface VmFacts {
  /** Of the signed document; null where none was accepted. */
  readonly attested: AttestationResult | null;
  /** Of `/metadata/instance`; null where it could not be read. */
  readonly image: ImageFacts | null;
}

export interface Report extends VmFacts {
  readonly findings: readonly Finding[];
}

const MARKS = { passed: 'ok  ', noted: 'note', failed: 'FAIL', not_reached: '  - ' } as const;
const COLOURS = { passed: 'green', noted: 'yellow', failed: 'red' } as const;
const NAME_WIDTH = 12;
const INDENT = NAME_WIDTH + 10;
const LEAST_COLUMNS = 20;

/** For people. */
export function formatReport({ findings, ...vm }: Report, terminal: Terminal | null): string {
  const checks = findings.map((finding) => formatFinding(finding, terminal)).join('');
  const facts = listFacts(vm);
  const said = Object.keys(facts).length === 0 ? '' : `\nAs Azure writes it\n${rows(facts, terminal)}`;
  return `Checks\n${checks}${said}\n${formatVerdict(findings, terminal)}`;
}

function formatFinding({ name, outcome, detail }: Finding, terminal: Terminal | null): string {
  const lines =
    terminal === null ? [excerpt(detail)] : wrap(excerpt(detail), Math.max(LEAST_COLUMNS, terminal.columns - INDENT));
  return `  ${mark(outcome, terminal)}  ${name.padEnd(NAME_WIDTH)}  ${lines.join(`\n${' '.repeat(INDENT)}`)}\n`;
}

function mark(outcome: Outcome, terminal: Terminal | null): string {
  return outcome === 'not_reached' ? MARKS[outcome] : paint(terminal, COLOURS[outcome], MARKS[outcome]);
}

function listFacts({ attested, image }: VmFacts): Readonly<Record<string, string>> {
  const quoted = (text: string | null) => (text === null || text === '' ? '""' : excerpt(text));
  return {
    ...(attested !== null && {
      'attested plan': quoted(attested.plan === null ? null : formatPlan(attested.plan)),
      'attested sku': quoted(attested.sku),
    }),
    ...(image !== null && {
      'instance plan': quoted(formatPlan(image.plan)),
      'instance publisher': quoted(image.publisher),
      'instance offer': quoted(image.offer),
      'instance sku': quoted(image.sku),
    }),
  };
}

const READY = 'Ready: a client can prove to a Countersign service that it runs on this VM.';

function formatVerdict(findings: readonly Finding[], terminal: Terminal | null): string {
  const failures = findings.filter(({ outcome }) => outcome === 'failed').length;
  const verdict = isReady(findings)
    ? paint(terminal, 'green', READY)
    : `${paint(terminal, 'red', 'Not ready')}: ${failures === 1 ? 'one check' : `${failures} checks`} failed.`;
  const advised = findings.filter(({ advice }) => advice !== null);
  if (advised.length === 0) return `${verdict}\n`;
  const advice = Object.fromEntries(advised.map(({ name, advice: text }) => [name, text ?? '']));
  return `${verdict}\n\nWhat to do\n${rows(advice, terminal)}`;
}

/** For programs. */
export function reportAsJson({ findings, attested, image }: Report) {
  return {
    ready: isReady(findings),
    checks: findings,
    attested:
      attested === null
        ? null
        : {
            cloud: attested.cloud,
            region: attested.region,
            plan: attested.plan,
            sku: attested.sku,
            licenseType: attested.licenseType,
          },
    instance: image,
  };
}
