import { Option } from '@commander-js/extra-typings';
import type { PoolJson } from '../../contract/operators/pool.ts';
import type { Session } from '../command.ts';
import { createGroup } from '../help.ts';
import { OPTIONS } from '../options.ts';
import { openService, serviceCommand, serviceHelp, showList } from '../serviceCommand.ts';
import type { Column } from '../table.ts';

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
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp(EXAMPLE))
    .action((options) => {
      const { sort, limit } = options;
      const call = { path: '/pools', query: { sort }, item: 'Pool' } as const;
      return showList(openService(session, options), call, { limit, columns: POOL_COLUMNS });
    });
}
