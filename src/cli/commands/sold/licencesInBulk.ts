import { InvalidArgumentError } from '@commander-js/extra-typings';
import { UsageError } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { describeMembers, describeSeats, explainMeanwhile } from '../../endings.ts';
import type { EndingFlags } from '../../endings.ts';
import type { Answers } from '../../operatorAnswers.ts';
import { parseInstant } from '../../options.ts';
import { printable } from '../../printable.ts';
import { jsonBody } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { formatTable } from '../../table.ts';

/* One change of all licences that a filter finds: the service tells the effect first, and writes only that. */

const FILTERS = ['query', 'status', 'offer', 'endsBefore', 'subscription', 'cloud'];

export const FILTER = [
  '--filter <name=value>',
  `instead of an id: all licences with this; ${FILTERS.join(', ')}; may be given several times`,
  collectFilters,
] as const;

type Filter = Readonly<Record<string, string>>;

/** For an option that may be given several times. @throws {InvalidArgumentError} */
function collectFilters(text: string, earlier: Filter | undefined): Filter {
  const [name = '', ...rest] = text.split('=');
  const value = rest.join('=');
  if (!FILTERS.includes(name) || value === '') {
    throw new InvalidArgumentError(`Write NAME=VALUE. The names are ${FILTERS.join(', ')}.`);
  }
  if (earlier !== undefined && Object.hasOwn(earlier, name)) {
    throw new InvalidArgumentError(`"${name}" is given twice.`);
  }
  return { ...earlier, [name]: name === 'endsBefore' ? parseInstant(value) : value };
}

/**
 * The id, or the filter: exactly one of them.
 *
 * @throws {UsageError}
 */
export function chooseLicences(
  id: string | undefined,
  filter: Filter | undefined,
): { readonly id: string } | { readonly filter: Filter } {
  if (id !== undefined && filter === undefined) return { id };
  if (id === undefined && filter !== undefined) return { filter };
  throw new UsageError(
    id === undefined
      ? 'no licence is named. Add its id, or --filter'
      : 'an id and --filter do not go together. Name one',
  );
}

export interface BulkChange {
  readonly filter: Filter;
  /** A merge patch of each licence. */
  readonly change: Readonly<Record<string, unknown>>;
  /** Such as "Suspends". */
  readonly verb: string;
  /** What follows for VMs, in whole sentences. */
  readonly consequence: string;
}

/** @throws {UsageError} where nobody can be asked, naming `--yes` */
export async function changeLicences(
  service: Service,
  { dryRun, reason, yes }: EndingFlags,
  { filter, change, verb, consequence }: BulkChange,
): Promise<void> {
  const { client, session } = service;
  const path = '/licences/changes';
  const ask = { method: 'POST', path, body: jsonBody({ filter, change }), query: { dryRun: 'true', reason } } as const;
  const report = await client({ ...ask, answer: 'EffectReport' });
  const count = report.effect.licencesInAll ?? 0;
  const effect = count === 0 ? 'No licence is changed.' : `${tellEffect(verb, report, count)} ${consequence}`;
  if (dryRun === true || count === 0) {
    session.complain(`${effect}\n`);
    service.show(report, () => formatTrial(report, service));
    return;
  }
  await confirm(session, effect, yes);
  const body = jsonBody({ filter, change, effectToken: report.effectToken });
  const call = { method: 'POST', path, body, query: { reason }, answer: 'BulkReport' } as const;
  const done = await client(call).catch(explainMeanwhile);
  if (done.failed > 0) session.exitCode = 2;
  if (done.unknown > 0) session.exitCode = 1;
  service.show(done, () => formatDone(done, service));
}

const MAX_NAMED = 10;

function tellEffect(verb: string, report: Answers['EffectReport'], count: number): string {
  const named = report.effect.licences.slice(0, MAX_NAMED).map(printable).join(', ');
  const more = count > MAX_NAMED ? ` and ${count - MAX_NAMED} more` : '';
  const [licences, they] = count === 1 ? ['licence', 'it'] : ['licences', 'them'];
  return `${verb} ${count} ${licences}: ${named}${more}. ${describeSeats(report, `under ${they}`)}`;
}

type Members = Readonly<Record<string, unknown>>;

function formatTrial({ old, new: changed, effect }: Answers['EffectReport'], { session }: Service): string {
  const membersOf = (object: Members | null, id: string) => (object?.[id] ?? null) as Members | null;
  const table = formatTable(
    effect.licences,
    [
      ['ID', (id) => id],
      ['CHANGE', (id) => describeMembers(membersOf(old, id), membersOf(changed, id))],
    ],
    session.terminal,
  );
  return `Nothing was written. Would be:\n${table}`;
}

function formatDone({ licences, ...counts }: Answers['BulkReport'], { session }: Service): string {
  const others = licences.filter(({ outcome }) => outcome !== 'changed');
  const summary = `${counts.changed} changed, ${counts.unchanged} unchanged, ${counts.failed} failed, ${counts.unknown} unknown\n`;
  if (others.length === 0) return summary;
  const table = formatTable(
    others,
    [
      ['ID', ({ id }) => id],
      ['OUTCOME', ({ outcome }) => outcome],
      ['WHY', ({ detail, code }) => detail ?? code],
    ],
    session.terminal,
  );
  return `${summary}${table}`;
}
