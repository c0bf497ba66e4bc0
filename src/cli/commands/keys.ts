import { createActionCommand, defineAction, positionalsOf } from '../actions.ts';
import { OPERATOR_SETTINGS_HELP } from '../operatorClient.ts';
import { formatTable } from '../table.ts';

const help = `countersign keys status

Where the signing keys and the challenge secrets of a service stand in their rotation. It never shows a key.

Options:
  --service URL  the service
  --json         print one JSON value and nothing else

${OPERATOR_SETTINGS_HELP}
Example:
  countersign keys status
`;

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

export const keys = createActionCommand('keys', {
  summary: 'say where signing keys and challenge secrets stand, through the service',
  help,
  actions: {
    status: defineAction({}, async ({ client, positionals, show, io }) => {
      positionalsOf(positionals);
      const report = (await client({ path: '/keys' })).body as KeyReport;
      show(report, () => formatKeys(report));
      for (const trouble of report.troubles) io.complain(`${trouble}\n`);
    }),
  },
});

function formatKeys({ signing, challengeSecrets }: KeyReport): string {
  const signingKeys = formatTable(signing, [
    ['SIGNING KEY', ({ kid }) => kid],
    ['STATE', ({ state }) => state],
    ['FROM', ({ from }) => from],
    ['UNTIL', ({ until }) => until],
  ]);
  const secrets = formatTable(challengeSecrets, [
    ['CHALLENGE SECRET', ({ kid }) => kid],
    ['USE', ({ use }) => use],
  ]);
  return `${signingKeys}\n${secrets}`;
}
