import { Option } from '@commander-js/extra-typings';
import type { DecisionCountJson } from '../../contract/operators/statistics.ts';
import type { Session } from '../command.ts';
import { OPTIONS, parseInstant } from '../options.ts';
import { openService, serviceCommand, serviceHelp, showList } from '../serviceCommand.ts';
import type { Column } from '../table.ts';

const COLUMNS: readonly Column<DecisionCountJson>[] = [
  ['FROM', ({ at }) => at],
  ['CODE', ({ code }) => code],
  ['OFFER', ({ offer }) => offer],
  ['CLOUD', ({ cloud }) => cloud],
  ['VMS', ({ count }) => count],
];

export function createStats(session: Session) {
  return serviceCommand(
    'stats',
    'Counts decisions by code, offer and cloud, hour by hour or day by day. A VM that repeats counts once an hour.',
  )
    .option(
      '--from <time>',
      'from the hour or day of this time on, RFC 3339 (default: 24 hours before --until)',
      parseInstant,
    )
    .option('--until <time>', 'up to this time, RFC 3339 (default: now)', parseInstant)
    .addOption(new Option('--by <period>', 'a row for each hour or for each day').choices(['hour', 'day'] as const))
    .option('--code <code>', 'with this code, such as seats_exhausted')
    .option('--offer <offer>', 'of this offer, publisher/product/plan; - for none')
    .option('--cloud <name>', 'of this cloud')
    .option(...OPTIONS.limit)
    .addHelpText(
      'after',
      serviceHelp(
        'countersign decisions stats --code seats_exhausted',
        'countersign decisions stats --by day --from 2026-11-01T00:00:00Z --limit 1000',
      ),
    )
    .action((options) => {
      const { from, until, by, code, offer, cloud, limit } = options;
      const query = { from, until, by, code, offer, cloud };
      const call = { path: '/statistics/decisions', query, item: 'DecisionCount' } as const;
      return showList(openService(session, options), call, { limit, columns: COLUMNS });
    });
}
