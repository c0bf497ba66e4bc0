import type { Answers } from '../../operatorAnswers.ts';
import type { Session } from '../../command.ts';
import { formatSections, section } from '../../sections.ts';
import { openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';

type Found = Answers['SearchAnswer'];

/** A whole id is looked for in the newest decisions too, which can be too many to look through. */
const MORE =
  'There may be more. Write more of the word or of the id. If the id is whole, search again in some minutes.\n';

export function createSearch(session: Session) {
  return serviceCommand(
    'search',
    'Finds licences by id, customer or note, and subscriptions, VMs and decisions by id: at most 20 of each kind. Each word is the beginning of one, without regard to case.',
  )
    .argument('<words...>', 'words, or an id or the beginning of one')
    .addHelpText('after', serviceHelp('countersign search fabrikam', 'countersign search 2e5f1a7c-90d4'))
    .action(async (words, options) => {
      const { client, show } = openService(session, options);
      const found = await client({ path: '/search', query: { q: words.join(' ') }, answer: 'SearchAnswer' });
      show(found, () => formatFound(found, session));
      if (!found.complete) session.complain(MORE);
    });
}

function formatFound({ licences, subscriptions, vms, decisions }: Found, { terminal }: Session): string {
  const sections = [
    section('Licences', licences, [
      ['ID', ({ id }) => id],
      ['CUSTOMER', ({ customer }) => customer],
      ['REFERENCE', ({ reference }) => reference],
      ['OFFER', ({ offer }) => offer],
    ]),
    ...[['Subscriptions', subscriptions] as const, ['VMs', vms] as const].map(([title, ids]) =>
      section(title, ids, [
        ['ID', ({ id }) => id],
        ['CLOUD', ({ cloud }) => cloud],
        ['LAST MET', ({ lastMet }) => lastMet],
      ]),
    ),
    section('Decisions', decisions, [
      ['ID', ({ id }) => id],
      ['TIME', ({ at }) => at],
      ['CODE', ({ code }) => code],
      ['VM', ({ vmId }) => vmId],
    ]),
  ];
  const filled = sections.filter(({ isEmpty }) => !isEmpty);
  if (filled.length > 0) return formatSections(filled, terminal);
  return 'Nothing was found. What was written in the last minutes is found by its whole id alone.\n';
}
