import { createGroup } from '../../help.ts';
import type { Session } from '../../command.ts';
import { serviceHelp } from '../../serviceCommand.ts';
import { createAdd, createDistrust, createIssuers, createRemove, createUndistrust } from './operatorTrust.ts';
import { createStatus } from './trustStatus.ts';
import { createSync } from './trustSync.ts';

export function createTrustCommand(session: Session) {
  return createGroup(
    'trust',
    "Which CAs are trusted to issue Azure's certificates: on this machine, and in a running service.",
  )
    .addCommand(createSync(session))
    .addCommand(createStatus(session))
    .addCommand(createAdd(session))
    .addCommand(createRemove(session))
    .addCommand(createDistrust(session))
    .addCommand(createUndistrust(session))
    .addCommand(createIssuers(session))
    .addHelpText(
      'after',
      serviceHelp(
        'countersign trust sync',
        'countersign trust status --local --days 90',
        'countersign trust add new-ca.pem --cloud AzurePublicCloud --note "announced on 1 October"',
        'countersign trust distrust 4348a0e9444c78cb265e058d5e8944b4d84f9662bd26db257f8934a443c70161',
      ),
    );
}
