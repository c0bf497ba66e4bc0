import { Option } from '@commander-js/extra-typings';
import { POOL_KINDS } from '../../../contract/operators/pool.ts';
import type { PoolJson } from '../../../contract/operators/pool.ts';
import type { Session } from '../../command.ts';
import { createGroup } from '../../help.ts';
import type { Answers } from '../../operatorAnswers.ts';
import { OPTIONS, parseDay } from '../../options.ts';
import { openService, serviceCommand, serviceHelp, showList } from '../../serviceCommand.ts';
import { cell, formatTable } from '../../table.ts';
import type { Column } from '../../table.ts';

export const POOL_COLUMNS: readonly Column<PoolJson>[] = [
  ['POOL', ({ pool }) => pool],
  ['CUSTOMER', ({ customer }) => customer],
  ['TAKEN', ({ taken }) => taken],
  ['SEATS', ({ limit }) => limit],
  ['OVER', ({ over }) => over],
  ['REFUSED 24 H', ({ refused }) => refused.last24h],
  ['REFUSED SINCE', ({ refused }) => refused.since],
  ['COUNTED', ({ asOf }) => asOf],
];

const EXAMPLE = 'countersign pools list --sort fullest --limit 10';

export function createPools(session: Session) {
  return createGroup('pools', 'The seats of licences, of trials, and of subscriptions in marketplace mode.')
    .addCommand(createList(session))
    .addCommand(createHistory(session))
    .addHelpText('after', serviceHelp(EXAMPLE));
}

function createList(session: Session) {
  return serviceCommand('list', 'Lists every pool of seats, as it was counted last: some minutes ago, or within a day.')
    .addOption(
      new Option('--sort <order>', 'fullest: the greatest share of seats taken comes first').choices([
        'name',
        'fullest',
      ] as const),
    )
    .addOption(new Option('--kind <kind>', 'of this kind alone').choices(POOL_KINDS))
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp(EXAMPLE))
    .action((options) => {
      const { sort, kind, limit } = options;
      const call = { path: '/pools', query: { sort, kind }, item: 'Pool' } as const;
      return showList(openService(session, options), call, { limit, columns: POOL_COLUMNS });
    });
}

function createHistory(session: Session) {
  const example = 'countersign pools history licence:fabrikam-2026';
  return serviceCommand('history', 'Shows how many VMs were licensed in a pool, day by day.')
    .argument('<pool>', 'the name of the pool, as pools list shows it')
    .option('--from <day>', 'the first day, UTC (default: 30 days before --to)', parseDay)
    .option('--to <day>', 'the day after the last one, at most 400 days later (default: tomorrow)', parseDay)
    .addHelpText('after', serviceHelp(example, `${example} --from 2026-11-01 --to 2026-12-01`))
    .action(async (pool, options) => {
      const { client, show } = openService(session, options);
      const { from, to } = options;
      const path = `/pools/${encodeURIComponent(pool)}/history`;
      const history = await client({ path, query: { from, to }, answer: 'PoolHistory' });
      show(history, () => formatHistory(history, session));
    });
}

type History = Answers['PoolHistory'];

const DAY_COLUMNS: readonly Column<History['days'][number]>[] = [
  ['DAY', ({ day }) => day],
  ['VM-HOURS', ({ vmHours }) => vmHours],
  ['MOST AT ONCE', ({ mostAtOnce }) => mostAtOnce],
];

function formatHistory({ limit, days }: History, { terminal }: Session): string {
  const seats = limit === null ? 'The pool has no seats any more' : `The pool has ${cell(limit)} seats now`;
  return `${formatTable(days, DAY_COLUMNS, terminal)}\n${seats}.\n`;
}
