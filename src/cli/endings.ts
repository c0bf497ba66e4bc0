import { isDeepStrictEqual } from 'node:util';
import type { EffectReportJson } from '../contract/operators/records.ts';
import { RefusedError } from './command.ts';
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
  /**
   * What it changes for others, in whole sentences, of what the service says it would do; null where it takes nothing
   * from anybody, and nobody is asked.
   */
  readonly effect: ((report: EffectReportJson) => string) | null;
  readonly call: ServiceCall<A>;
  readonly show: (answer: Answers[A]) => void;
}

/**
 * Tells the effect, asks and writes or, with `--dry-run`, shows what the write would do.
 *
 * @throws {UsageError} where nobody can be asked, naming `--yes`
 * @throws {RefusedError} also where somebody changed the object since its effect was told
 */
export async function end<A extends AnswerName>(
  { client, session, show: print }: Service,
  { dryRun, reason, yes }: EndingFlags,
  { effect, call, show }: Ending<A>,
): Promise<void> {
  const query = { ...call.query, reason };
  if (dryRun === true || effect !== null) {
    const report = await client({ ...call, query: { ...query, dryRun: 'true' }, answer: 'EffectReport' });
    const told = effect?.(report);
    if (dryRun === true) {
      if (told !== undefined) session.complain(`${told}\n`);
      print(report, () => formatReport(report, session.terminal));
      return;
    }
    if (told !== undefined) await confirm(session, told, yes);
  }
  show(await client({ ...call, query }).catch(explainMeanwhile));
}

/** The service speaks of ETags and tokens, which the command brings by itself. */
export function explainMeanwhile(error: unknown): never {
  if (!(error instanceof RefusedError) || error.code !== 'changed_meanwhile') throw error;
  const message = 'Somebody made another change since the effect was told. Nothing was changed. Repeat the command';
  throw new RefusedError(error.code, message, { correlationId: error.correlationId });
}

/** The service counts for a second. */
export function countOf({ vms, atLeast }: EffectReportJson['effect']): string {
  if (vms === null) return 'an unknown number';
  return atLeast === true ? `at least ${vms}` : `${vms}`;
}

/** Such as "12 VMs have a seat under it." @param place such as "under it" */
export function describeSeats({ effect }: EffectReportJson, place: string): string {
  if (effect.vms === 1 && effect.atLeast !== true) return `1 VM has a seat ${place}.`;
  const count = countOf(effect);
  return `${count.slice(0, 1).toUpperCase()}${count.slice(1)} VMs have a seat ${place}.`;
}

type Members = Readonly<Record<string, unknown>> | null;

/** Members that change, each with its old and its new value. */
function listChanges(old: Members, changed: Members): readonly (readonly [name: string, change: string])[] {
  const members = [...new Set([...Object.keys(old ?? {}), ...Object.keys(changed ?? {})])].filter(
    (name) => name !== 'etag' && !isDeepStrictEqual(old?.[name], changed?.[name]),
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
    ...(effect.issues !== undefined && { 'licences issued in a day': `${effect.issues.last24h ?? 'not known'}` }),
    ...(effect.clouds !== undefined && { 'clouds without a path': effect.clouds.join(', ') || 'none' }),
  };
  return `Nothing was written. Would be:\n${rows(facts, terminal)}`;
}
