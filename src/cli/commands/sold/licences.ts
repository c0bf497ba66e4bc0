import { createGroup } from '../../help.ts';
import type { Session } from '../../command.ts';
import { serviceHelp } from '../../serviceCommand.ts';
import { createExport, createImport } from './licenceFiles.ts';
import { createDelete, createResume, createRevoke, createSuspend } from './licenceStatus.ts';
import { createGrant, createSet } from './licenceTerms.ts';
import { createList, createShow } from './licenceViews.ts';

export function createLicences(session: Session) {
  return createGroup('licences', 'Which subscriptions may run which offers, for offers in licensed mode.')
    .addCommand(createList(session))
    .addCommand(createShow(session))
    .addCommand(createGrant(session))
    .addCommand(createSet(session))
    .addCommand(createSuspend(session))
    .addCommand(createResume(session))
    .addCommand(createRevoke(session))
    .addCommand(createDelete(session))
    .addCommand(createImport(session))
    .addCommand(createExport(session))
    .addHelpText(
      'after',
      serviceHelp(
        'countersign licences grant fabrikam-2026 --subscription aaaaaaaa-0000-4000-8000-000000000001 \\',
        '  --offer contoso/gateway/standard --seats 50 --valid-until 2027-01-01T00:00:00Z',
        'countersign licences suspend fabrikam-2026',
        'countersign licences import customers.csv --dry-run',
      ),
    );
}
