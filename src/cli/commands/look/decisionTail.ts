import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { DecisionJson } from '../../../contract/operators/decision.ts';
import { CommandError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { OVERLAP, followDecisions } from '../../followDecisions.ts';
import { jsonLine } from '../../printable.ts';
import { openService, serviceHelp } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { createGrowingTable } from '../../table.ts';
import { DECISION_COLUMNS, filteredCommand, readFilter } from './decisionFilter.ts';

const SECOND = 1_000;
const USUAL_INTERVAL = 5;
const USUAL_EARLIER = 10;
/** Seconds. */
const MAX_INTERVAL = 3_600;
const MAX_WAIT = 60;

export function createTail(session: Session) {
  return filteredCommand(
    'tail',
    'Shows decisions as they come, the newest at the bottom, until Ctrl-C or --until. Begins with those of the last day.',
  )
    .option(
      '--limit <n>',
      `begin with at most this many earlier ones, 0 for none (default: ${USUAL_EARLIER}; with --from all)`,
      parseEarlier,
    )
    .option('--interval <seconds>', `ask again after so long: 1 to ${MAX_INTERVAL}`, parseInterval, USUAL_INTERVAL)
    .addHelpText(
      'after',
      serviceHelp(
        'countersign decisions tail',
        'countersign decisions tail --code seats_exhausted --interval 30',
        'countersign decisions tail --json --limit 0',
      ),
    )
    .action(async (options) => {
      const service = openService(session, options);
      session.endOnInterrupt();
      session.endSoonAfterReader();
      const { from, ...filter } = readFilter(options);
      const earlier = options.limit ?? (from === undefined ? USUAL_EARLIER : Number.POSITIVE_INFINITY);
      const { until, interval } = options;
      await follow(service, {
        read: followDecisions({ client: service.client, filter, from, earlier }),
        interval,
        // One that is before this time can still be written a little later.
        end: until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until) + OVERLAP,
      });
    });
}

interface Following {
  readonly read: () => Promise<readonly DecisionJson[]>;
  /** Seconds. */
  readonly interval: number;
  /** Milliseconds since the epoch: a read that begins then is the last one. */
  readonly end: number;
}

async function follow({ session, isJson, tell }: Service, { read, interval, end }: Following): Promise<void> {
  const table = createGrowingTable(DECISION_COLUMNS, session.terminal);
  const show = (items: readonly DecisionJson[]) => (isJson ? items.map(jsonLine).join('') : table(items));
  for (let isFirst = true; ; isFirst = false) {
    const isLast = session.now() >= end;
    const items = await readPatiently(session, { read, interval, isFirst });
    if (items.length > 0) session.out(show(items));
    if (isLast) return;
    if (isFirst) tell('Waiting for decisions. Ctrl-C ends this.\n');
    await session.sleep(interval * SECOND);
  }
}

/**
 * Waits while the service is busy or, once it has answered, cannot be reached.
 *
 * @throws {CommandError} what waiting does not help against
 */
async function readPatiently(
  session: Session,
  { read, interval, isFirst }: Pick<Following, 'read' | 'interval'> & { readonly isFirst: boolean },
): Promise<readonly DecisionJson[]> {
  for (let wait = interval; ; wait *= 2) {
    try {
      return await read();
    } catch (error) {
      const retryAfter = error instanceof CommandError ? error.passing?.retryAfter : undefined;
      // An address that never answered is a wrong one.
      if (retryAfter === undefined || (isFirst && retryAfter === null)) throw error;
      const seconds = spread(Math.max(Math.min(wait, MAX_WAIT), Math.min(retryAfter ?? 0, MAX_INTERVAL)));
      const { code, message } = error as CommandError;
      session.complain(`${code}: ${message.replace(/\.$/, '')}. The next attempt is in ${Math.ceil(seconds)} s.\n`);
      await session.sleep(seconds * SECOND);
    }
  }
}

/** So that those who were turned away together do not come back together. */
function spread(seconds: number): number {
  return seconds * (1 + Math.random() / 2);
}

/** @throws {InvalidArgumentError} */
function parseEarlier(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 0 on.');
}

/** @throws {InvalidArgumentError} */
function parseInterval(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MAX_INTERVAL) return seconds;
  throw new InvalidArgumentError(`Write a whole number of seconds from 1 to ${MAX_INTERVAL}.`);
}
