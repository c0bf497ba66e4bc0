import type { EffectReportJson } from '../contract/operators/records.ts';
import type { Terminal } from './command.ts';
import { confirm } from './confirm.ts';
import { rows } from './layout.ts';
import type { ServiceCall } from './operatorClient.ts';
import type { AnswerName, Answers } from './operatorAnswers.ts';
import { OPTIONS } from './options.ts';
import { serviceCommand } from './serviceCommand.ts';
import type { Service } from './serviceCommand.ts';
import { cell } from './table.ts';

/* What stops somebody's software: it tells its effect, asks, and can be tried without writing. */

/** Such a command: it has `--dry-run`, `--reason` and `--yes`. */
export function endingCommand(name: string, description: string) {
  return serviceCommand(name, description)
    .option(...OPTIONS.dryRun)
    .option(...OPTIONS.reason)
    .option(...OPTIONS.yes);
}

export interface EndingFlags {
  readonly dryRun?: true | undefined;
  readonly reason?: string | undefined;
  readonly yes?: true | undefined;
}

interface Ending<A extends AnswerName> {
  /** What it changes for others, in whole sentences; null where it takes nothing from anybody, and nobody is asked. */
  readonly effect: string | null;
  readonly call: ServiceCall<A>;
  readonly show: (answer: Answers[A]) => void;
}

/**
 * Asks and writes or, with `--dry-run`, asks the service what the write would do.
 *
 * @throws {UsageError} where nobody can be asked, naming `--yes`
 */
export async function end<A extends AnswerName>(
  { client, session, show: print }: Service,
  { dryRun, reason, yes }: EndingFlags,
  { effect, call, show }: Ending<A>,
): Promise<void> {
  if (dryRun === true) {
    const query = { ...call.query, dryRun: 'true', reason };
    const report = await client({ ...call, query, answer: 'EffectReport' });
    if (effect !== null) session.complain(`${effect}\n`);
    print(report, () => formatReport(report, session.terminal));
    return;
  }
  if (effect !== null) await confirm(session, effect, yes);
  show(await client({ ...call, query: { ...call.query, reason } }));
}

/** The service counts for a second. */
export function countOf({ vms, atLeast }: EffectReportJson['effect']): string {
  if (vms === null) return 'an unknown number';
  return atLeast === true ? `at least ${vms}` : `${vms}`;
}

type Members = Readonly<Record<string, unknown>> | null;

/** Members that change, each with its old and its new value. */
function listChanges(old: Members, changed: Members): readonly (readonly [name: string, change: string])[] {
  const members = [...new Set([...Object.keys(old ?? {}), ...Object.keys(changed ?? {})])].filter(
    (name) => name !== 'etag' && JSON.stringify(old?.[name]) !== JSON.stringify(changed?.[name]),
  );
  return members.map((name) => [name, `${cell(old?.[name])} → ${cell(changed?.[name])}`]);
}

/** In one line: `created`, `deleted`, or the members that change. */
export function describeMembers(old: Members, changed: Members): string {
  if (old === null) return changed === null ? '' : 'created';
  if (changed === null) return 'deleted';
  return listChanges(old, changed)
    .map(([name, change]) => `${name}: ${change}`)
    .join('; ');
}

function formatReport({ old, new: changed, effect, removes = [] }: EffectReportJson, terminal: Terminal | null) {
  const changes = listChanges(old, changed);
  const facts = {
    ...(changed === null ? { deleted: 'yes' } : Object.fromEntries(changes)),
    ...(removes.length > 0 && { 'back to their defaults': removes.join(', ') }),
    ...(effect.vms !== null && { 'VMs with a seat': countOf(effect) }),
    ...(effect.licences.length > 0 && { licences: effect.licences.join(', ') }),
    ...(effect.clouds !== undefined && { 'clouds without a path': effect.clouds.join(', ') || 'none' }),
  };
  return `Nothing was written. Would be:\n${rows(facts, terminal)}`;
}
