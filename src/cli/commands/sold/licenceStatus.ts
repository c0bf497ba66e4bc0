import type { Session } from '../../command.ts';
import type { EffectReportJson } from '../../../contract/operators/records.ts';
import { describeSeats, end, endingCommand } from '../../endings.ts';
import { printable } from '../../printable.ts';
import { openService, serviceHelp } from '../../serviceCommand.ts';
import { FILTER, changeLicences, chooseLicences } from './licencesInBulk.ts';
import type { BulkChange } from './licencesInBulk.ts';
import { LICENCE_ID, pathOf, patchLicence, readLicence } from './licenceViews.ts';
import type { LicenceDetail } from './licenceViews.ts';

const STOPS = 'They are told so at their next renewal, and stop.';

export function createSuspend(session: Session) {
  return createStatus(session, {
    name: 'suspend',
    description: 'Gives out no new licence from now on, within 30 seconds, on all instances. resume undoes it.',
    status: 'suspended',
    ...{ verb: 'Suspends', consequence: STOPS, takes: true },
  });
}

export function createRevoke(session: Session) {
  return createStatus(session, {
    name: 'revoke',
    description: 'As suspend, but meant to be permanent.',
    status: 'revoked',
    ...{ verb: 'Revokes', consequence: STOPS, takes: true },
  });
}

export function createResume(session: Session) {
  return createStatus(session, {
    name: 'resume',
    description: 'Gives out licences again.',
    status: 'active',
    ...{ verb: 'Resumes', consequence: 'VMs get licences under them again.', takes: false },
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
      await end(service, options, {
        effect: (report) =>
          `Deletes the licence ${nameOf(item)}. ${describeSeats(report, 'under it')} They run on until the end of their grace.`,
        call: { method: 'DELETE', path: pathOf(item.licence.id), version: item.etag, answer: 'Deleted' },
        show: (answer) => {
          service.show(answer, () => 'deleted\n');
        },
      });
    });
}

interface StatusChange extends Omit<BulkChange, 'filter' | 'change'> {
  readonly name: string;
  readonly description: string;
  readonly status: 'active' | 'suspended' | 'revoked';
  /** Whether it takes something from somebody: then it asks first. Many licences are asked for in any case. */
  readonly takes: boolean;
}

function createStatus(session: Session, { name, description, status, takes, ...words }: StatusChange) {
  return endingCommand(name, description)
    .argument('[id]', 'the id of the licence')
    .option(...FILTER)
    .addHelpText(
      'after',
      serviceHelp(
        `countersign licences ${name} fabrikam-2026`,
        `countersign licences ${name} --filter offer=contoso/gateway/standard --filter endsBefore=2027-01-01T00:00:00Z`,
      ),
    )
    .action(async (id, options) => {
      const service = openService(session, options);
      const which = chooseLicences(id, options.filter);
      const patch = { status };
      if ('filter' in which) return changeLicences(service, options, { ...words, ...which, change: patch });
      const item = await readLicence(service.client, which.id);
      const effect = (report: EffectReportJson) =>
        `${words.verb} the licence ${nameOf(item)}. ${describeSeats(report, 'under it')} ${words.consequence}`;
      return patchLicence(service, options, { ...item, patch, effect: takes ? effect : null });
    });
}

function nameOf({ licence }: LicenceDetail): string {
  return printable(licence.id);
}
