import { CHANGE_KINDS } from '../../../contract/operators/change.ts';
import type { ChangeJson } from '../../../contract/operators/change.ts';
import type { Session } from '../../command.ts';
import { createGroup } from '../../help.ts';
import { OPTIONS, parseInstant } from '../../options.ts';
import { describeMembers } from '../../endings.ts';
import { openService, serviceCommand, serviceHelp, showList } from '../../serviceCommand.ts';
import type { Column } from '../../table.ts';

const COLUMNS: readonly Column<ChangeJson>[] = [
  ['TIME', ({ at }) => at],
  ['BY', ({ by }) => by.name ?? by.id],
  ['OPERATION', ({ operation }) => operation],
  ['KIND', ({ kind }) => kind],
  ['OBJECT', ({ key }) => key],
  ['CHANGE', ({ old, new: changed }) => describeMembers(old, changed)],
  ['REASON', ({ reason }) => reason],
  ['STATE', ({ state }) => state],
];

export function createChanges(session: Session) {
  return createGroup('changes', 'What operators changed: who, when, what, and why.')
    .addCommand(createList(session))
    .addHelpText('after', serviceHelp(...EXAMPLES));
}

const EXAMPLES = [
  'countersign changes list --limit 20',
  'countersign changes list --kind licence --key fabrikam-2026',
  'countersign changes list --from 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z',
] as const;

function createList(session: Session) {
  return serviceCommand('list', 'Lists what operators changed, the newest first.')
    .option('--kind <name>', CHANGE_KINDS.join(', '))
    .option('--key <text>', 'one object of this kind, such as the id of a licence')
    .option('--by <id>', 'by the operator with this object id in the directory')
    .option('--from <time>', 'RFC 3339, inclusive', parseInstant)
    .option('--until <time>', 'RFC 3339, exclusive', parseInstant)
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp(...EXAMPLES))
    .action((options) => {
      const { kind, key, by, from, until, limit } = options;
      const call = { path: '/changes', query: { kind, key, by, from, until }, item: 'Change' } as const;
      return showList(openService(session, options), call, { limit, columns: COLUMNS });
    });
}
