import type { Session } from '../command.ts';
import { confirm } from '../confirm.ts';
import { OPTIONS } from '../options.ts';
import { printable } from '../printable.ts';
import { deleteAt, openService, serviceCommand, serviceHelp } from '../serviceCommand.ts';
import { LICENCE_ID, pathOf, putLicence, readLicence } from './licenceViews.ts';
import type { LicenceItem } from './licenceViews.ts';

const STOPS = 'They are told so at their next renewal, and stop.';

export function createSuspend(session: Session) {
  return endingCommand(session, {
    name: 'suspend',
    description: 'Gives out no new licence from now on, within 30 seconds, on all instances. resume undoes it.',
    status: 'suspended',
    effect: (item) => `Suspends the licence ${nameOf(item)}. ${seatsOf(item)} ${STOPS}`,
  });
}

export function createRevoke(session: Session) {
  return endingCommand(session, {
    name: 'revoke',
    description: 'As suspend, but meant to be permanent.',
    status: 'revoked',
    effect: (item) => `Revokes the licence ${nameOf(item)}. ${seatsOf(item)} ${STOPS}`,
  });
}

export function createResume(session: Session) {
  return serviceCommand('resume', 'Gives out licences again.')
    .argument(...LICENCE_ID)
    .addHelpText('after', serviceHelp('countersign licences resume fabrikam-2026'))
    .action(async (id, options) => {
      const service = openService(session, options);
      const { licence, etag } = await readLicence(service.client, id);
      await putLicence(service, { ...licence, status: 'active' }, etag);
    });
}

export function createDelete(session: Session) {
  return serviceCommand(
    'delete',
    'Removes the licence. Its VMs run on until the end of their grace (revoke ends that), and their leases take seats until they end.',
  )
    .argument(...LICENCE_ID)
    .option(...OPTIONS.yes)
    .addHelpText('after', serviceHelp('countersign licences delete fabrikam-2026'))
    .action(async (id, options) => {
      const service = openService(session, options);
      const item = await readLicence(service.client, id);
      const effect = `Deletes the licence ${nameOf(item)}. ${seatsOf(item)} They run on until the end of their grace.`;
      await confirm(session, effect, options.yes);
      await deleteAt(service, pathOf(String(item.licence['id'])), item.etag);
    });
}

interface Ending {
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly effect: (item: LicenceItem) => string;
}

function endingCommand(session: Session, { name, description, status, effect }: Ending) {
  return serviceCommand(name, description)
    .argument(...LICENCE_ID)
    .option(...OPTIONS.yes)
    .addHelpText('after', serviceHelp(`countersign licences ${name} fabrikam-2026`))
    .action(async (id, options) => {
      const service = openService(session, options);
      const item = await readLicence(service.client, id);
      await confirm(session, effect(item), options.yes);
      await putLicence(service, { ...item.licence, status }, item.etag);
    });
}

function nameOf({ licence }: LicenceItem): string {
  return printable(String(licence['id']));
}

function seatsOf({ usage }: LicenceItem): string {
  const taken = usage?.taken ?? 0;
  return taken === 1 ? '1 VM has a seat under it.' : `${taken} VMs have a seat under it.`;
}
