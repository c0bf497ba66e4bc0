import type { Session } from '../command.ts';
import { end, endingCommand } from '../endings.ts';
import { printable } from '../printable.ts';
import { openService, serviceCommand, serviceHelp } from '../serviceCommand.ts';
import { LICENCE_ID, endLicence, pathOf, putLicence, readLicence } from './licenceViews.ts';
import type { LicenceDetail } from './licenceViews.ts';

const STOPS = 'They are told so at their next renewal, and stop.';

export function createSuspend(session: Session) {
  return createEnding(session, {
    name: 'suspend',
    description: 'Gives out no new licence from now on, within 30 seconds, on all instances. resume undoes it.',
    status: 'suspended',
    effect: (item) => `Suspends the licence ${nameOf(item)}. ${seatsOf(item)} ${STOPS}`,
  });
}

export function createRevoke(session: Session) {
  return createEnding(session, {
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
  return endingCommand(
    'delete',
    'Removes the licence. Its VMs run on until the end of their grace (revoke ends that), and their leases take seats until they end.',
  )
    .argument(...LICENCE_ID)
    .addHelpText('after', serviceHelp('countersign licences delete fabrikam-2026'))
    .action(async (id, options) => {
      const service = openService(session, options);
      const item = await readLicence(service.client, id);
      const effect = `Deletes the licence ${nameOf(item)}. ${seatsOf(item)} They run on until the end of their grace.`;
      await end(service, options, {
        effect,
        call: { method: 'DELETE', path: pathOf(item.licence.id), version: item.etag, answer: 'Deleted' },
        show: (answer) => {
          service.show(answer, () => 'deleted\n');
        },
      });
    });
}

interface Ending {
  readonly name: string;
  readonly description: string;
  readonly status: 'suspended' | 'revoked';
  readonly effect: (item: LicenceDetail) => string;
}

function createEnding(session: Session, { name, description, status, effect }: Ending) {
  return endingCommand(name, description)
    .argument(...LICENCE_ID)
    .addHelpText('after', serviceHelp(`countersign licences ${name} fabrikam-2026`))
    .action(async (id, options) => {
      const service = openService(session, options);
      const item = await readLicence(service.client, id);
      await endLicence(service, options, { ...item, effect: effect(item), licence: { ...item.licence, status } });
    });
}

function nameOf({ licence }: LicenceDetail): string {
  return printable(licence.id);
}

function seatsOf({ usage }: LicenceDetail): string {
  const { taken } = usage;
  return taken === 1 ? '1 VM has a seat under it.' : `${taken} VMs have a seat under it.`;
}
