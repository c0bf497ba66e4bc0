import type { Session } from '../command.ts';
import { createGroup } from '../help.ts';
import { openService, serviceCommand, serviceHelp } from '../serviceCommand.ts';
import { formatTable } from '../table.ts';

/** As the service answers it. */
interface KeyReport {
  readonly signing: readonly {
    readonly kid: string;
    readonly state: string;
    readonly from: string | null;
    readonly until: string | null;
  }[];
  readonly troubles: readonly string[];
  readonly challengeSecrets: readonly { readonly kid: string; readonly use: string }[];
}

export function createKeys(session: Session) {
  return createGroup('keys', 'The keys of a service. No key is ever shown.')
    .addCommand(createStatus(session))
    .addHelpText('after', serviceHelp('countersign keys status'));
}

function createStatus(session: Session) {
  return serviceCommand('status', 'Shows the state of the signing keys and the challenge secrets in their rotation.')
    .addHelpText('after', serviceHelp('countersign keys status'))
    .action(async (options) => {
      const { client, show } = openService(session, options);
      const report = (await client({ path: '/keys' })).body as KeyReport;
      show(report, () => formatKeys(report, session));
      for (const trouble of report.troubles) session.complain(`${trouble}\n`);
    });
}

function formatKeys({ signing, challengeSecrets }: KeyReport, { terminal }: Session): string {
  const signingKeys = formatTable(
    signing,
    [
      ['SIGNING KEY', ({ kid }) => kid],
      ['STATE', ({ state }) => state],
      ['FROM', ({ from }) => from],
      ['UNTIL', ({ until }) => until],
    ],
    terminal,
  );
  const secrets = formatTable(
    challengeSecrets,
    [
      ['CHALLENGE SECRET', ({ kid }) => kid],
      ['USE', ({ use }) => use],
    ],
    terminal,
  );
  return `${signingKeys}\n${secrets}`;
}
