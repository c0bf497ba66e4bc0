import type { ClaimJson } from '../../../contract/operators/claim.ts';
import { RefusedError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { endingCommand } from '../../endings.ts';
import { createGroup } from '../../help.ts';
import { rows } from '../../layout.ts';
import { readList } from '../../operatorClient.ts';
import type { OperatorClient } from '../../operatorClient.ts';
import { OPTIONS, needed, parseCount, parseInstant } from '../../options.ts';
import { printable } from '../../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp, showList } from '../../serviceCommand.ts';
import { cell } from '../../table.ts';
import type { Column } from '../../table.ts';

const COLUMNS: readonly Column<ClaimJson>[] = [
  ['ID', ({ id }) => id],
  ['LICENCE', ({ licence }) => licence],
  ['USED', ({ used, uses }) => `${used.length} of ${uses}`],
  ['UNTIL', ({ until }) => until],
  ['SUBSCRIPTIONS', ({ used }) => used.map(({ subscription }) => subscription)],
  ['NOTE', ({ note }) => note],
  ['CREATED', ({ createdAt }) => createdAt],
];

export function createClaims(session: Session) {
  return createGroup('claims', 'Codes that attach a customer’s subscription to a licence.')
    .addCommand(createCreate(session))
    .addCommand(createListCommand(session))
    .addCommand(createRevoke(session))
    .addHelpText(
      'after',
      serviceHelp(
        'countersign claims create --licence fabrikam-2026',
        'countersign claims list --licence fabrikam-2026',
      ),
    );
}

function createCreate(session: Session) {
  return serviceCommand('create', 'Creates a code. It is shown once, and the service keeps no copy of it.')
    .option('--licence <id>', 'the licence to which it attaches subscriptions (needed)')
    .option('--uses <n>', 'how many subscriptions it can attach: 1 unless given', parseCount)
    .option('--until <time>', 'RFC 3339: when it can no longer be used', parseInstant)
    .option('--note <text>', 'for operators')
    .addHelpText(
      'after',
      serviceHelp('countersign claims create --licence fabrikam-2026 --uses 3 --until 2027-03-31T00:00:00Z'),
    )
    .action(async (options) => {
      const { uses, until, note } = options;
      const body = jsonBody({ licence: needed('--licence <id>', options.licence), uses, until, note });
      const { client, show } = openService(session, options);
      const created = await client({ method: 'POST', path: '/claims', body, answer: 'CreatedClaim' });
      const { id, licence, uses: allowed, until: end } = created.claim;
      const facts = { code: cell(created.code), licence, uses: `${allowed}`, until: cell(end), id };
      show(created, () => `${rows(facts, session.terminal)}The code is not shown again. Give it to the customer.\n`);
    });
}

function createListCommand(session: Session) {
  return serviceCommand('list', 'Lists the codes, and the subscriptions that used them.')
    .option('--licence <id>', 'of this licence')
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp('countersign claims list --licence fabrikam-2026'))
    .action((options) => {
      const call = { path: '/claims', query: { licence: options.licence }, item: 'Claim' } as const;
      return showList(openService(session, options), call, { limit: options.limit, columns: COLUMNS });
    });
}

function createRevoke(session: Session) {
  return endingCommand('revoke', 'Revokes a code. The subscriptions that it attached stay.')
    .argument('<id>', 'the id of the code, as claims list shows it')
    .addHelpText('after', serviceHelp('countersign claims revoke 0123456789abcdef0123456789abcdef'))
    .action(async (id, options) => {
      const { client, show } = openService(session, options);
      const claim = await findClaim(client, id);
      const left = `${claim.uses - claim.used.length} of ${claim.uses}`;
      const effect = `Revokes the claim code ${printable(id)} of the licence ${printable(claim.licence)}, which has ${left} uses left. No further subscription can use it.`;
      if (options.dryRun === true) {
        session.complain(`${effect}\n`);
        const report = { dryRun: true, old: claim, new: null, effect: { vms: null, licences: [claim.licence] } };
        show(report, () => `Nothing was written. Would be:\n${rows({ deleted: 'yes' }, session.terminal)}`);
        return;
      }
      await confirm(session, effect, options.yes);
      const path = `/claims/${encodeURIComponent(id)}`;
      const query = { reason: options.reason };
      show(await client({ method: 'DELETE', path, query, answer: 'Deleted' }), () => 'revoked\n');
    });
}

/** The service lists codes and shows none alone. @throws {RefusedError} */
async function findClaim(client: OperatorClient, id: string): Promise<ClaimJson> {
  const { items } = await readList(client, { path: '/claims', item: 'Claim' }, Number.POSITIVE_INFINITY);
  const claim = items.find((one) => one.id === id);
  if (claim !== undefined) return claim;
  throw new RefusedError('not_found', 'There is no claim code with this id. See: countersign claims list');
}
