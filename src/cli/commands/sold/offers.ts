import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { Answers } from '../../operatorAnswers.ts';
import { UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import type { EffectReportJson } from '../../../contract/operators/records.ts';
import { describeSeats, end, endingCommand } from '../../endings.ts';
import { createGroup } from '../../help.ts';
import { rows } from '../../layout.ts';
import type { OperatorClient } from '../../operatorClient.ts';
import { findLosses } from '../../losses.ts';
import { OPTIONS, parseCount } from '../../options.ts';
import { printable } from '../../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp, showList } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { cell } from '../../table.ts';
import type { Column } from '../../table.ts';

import { parseOverage, parseSeats } from './licenceTerms.ts';
import { NAME, pathOf } from './offerNames.ts';
import { createOverride } from './overrides.ts';

type OfferItem = Answers['OfferItem'];

const COLUMNS: readonly Column<OfferItem>[] = [
  ['OFFER', ({ offer }) => offer.offer],
  ['MODE', ({ offer }) => offer.mode],
  ['STATUS', ({ offer }) => offer.status],
  ['SKUS', ({ offer }) => offer.skus],
  ['LIFETIME', ({ offer }) => offer.lifetime],
  ['LEASE', ({ offer }) => offer.lease],
  ['CHANGED', ({ changedAt }) => changedAt],
];

export function createOffers(session: Session) {
  return createGroup(
    'offers',
    'What is sold, and on which terms. New offers, and all other terms, go through a file: countersign apply.',
  )
    .addCommand(createList(session))
    .addCommand(createShow(session))
    .addCommand(createSet(session))
    .addCommand(createOverride(session))
    .addCommand(createSuspend(session))
    .addCommand(createResume(session))
    .addCommand(createDelete(session))
    .addHelpText(
      'after',
      serviceHelp('countersign offers list', 'countersign offers suspend contoso/gateway/standard'),
    );
}

function createList(session: Session) {
  return serviceCommand('list', 'Lists the offers.')
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp('countersign offers list', 'countersign offers list --json'))
    .action((options) =>
      showList(openService(session, options), { path: '/offers', item: 'OfferItem' }, { ...options, columns: COLUMNS }),
    );
}

function createShow(session: Session) {
  return serviceCommand('show', 'Shows one offer.')
    .argument(...NAME)
    .addHelpText('after', serviceHelp('countersign offers show contoso/gateway/standard'))
    .action(async (name, options) => {
      const service = openService(session, options);
      showOffer(service, await readOffer(service.client, name));
    });
}

function createSet(session: Session) {
  return endingCommand('set', 'Changes terms of an offer: only what an option names. All others are in a file.')
    .argument(...NAME)
    .option('--seats <n>', 'in marketplace mode: of each subscription, or unlimited', parseSeats)
    .option('--overage <n>', 'in marketplace mode: how many VMs beyond the seats', parseOverage)
    .option('--trial-days <n>', 'in licensed mode: a trial of so many days, or none', parseDays)
    .option('--trial-seats <n>', 'the seats of the trial, or unlimited', parseSeats)
    .option('--on-foreign-plan <word>', 'refuse, or none: a plan of another publisher counts as no plan', parseForeign)
    .option('--renew-after <duration>', 'from the issue of a licence to its renewal, such as PT1H')
    .addHelpText(
      'after',
      serviceHelp('countersign offers set contoso/gateway/standard --trial-days 30 --trial-seats 5'),
    )
    .action(async (name, options) => {
      const { seats, overage, onForeignPlan, renewAfter } = options;
      const service = openService(session, options);
      const { offer, etag } = await readOffer(service.client, name);
      const given = { seats, overage, onForeignPlan, renewAfter, trial: readTrial(options, offer.trial) };
      const terms = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      if (Object.keys(terms).length === 0)
        throw new UsageError('nothing to set. Name an option, such as --overage 10%');
      const losses = findLosses(offer, terms);
      const effect = (report: EffectReportJson) =>
        `Changes ${losses.join(', ')} of the offer ${nameOf(offer)}. ${describeSeats(report, 'under it')} VMs that this leaves out get no new licence.`;
      await end(service, options, {
        effect: losses.length === 0 ? null : effect,
        call: { ...statusCall({ offer, etag }, offer.status), body: jsonBody({ ...offer, ...terms }) },
        show: (item) => {
          showOffer(service, item);
        },
      });
    });
}

interface TrialFlags {
  readonly trialDays?: number | 'none' | undefined;
  readonly trialSeats?: number | 'unlimited' | undefined;
}

type OfferTrial = OfferItem['offer']['trial'];

/** @throws {UsageError} where only one of the two is known */
function readTrial({ trialDays, trialSeats }: TrialFlags, present: OfferTrial): OfferTrial | undefined {
  if (trialDays === undefined && trialSeats === undefined) return undefined;
  if (trialDays === 'none') return null;
  const [days, seats] = [trialDays ?? present?.days, trialSeats ?? present?.seats];
  if (days === undefined) throw new UsageError('the offer has no trial yet. Add --trial-days');
  if (seats === undefined) throw new UsageError('the offer has no trial yet. Add --trial-seats');
  return { days, seats };
}

/** @throws {InvalidArgumentError} */
function parseDays(text: string): number | 'none' {
  return text === 'none' ? text : parseCount(text);
}

/** @throws {InvalidArgumentError} */
function parseForeign(text: string): OfferItem['offer']['onForeignPlan'] {
  if (text === 'refuse' || text === 'none') return text;
  throw new InvalidArgumentError('Write refuse or none.');
}

function createSuspend(session: Session) {
  return endingCommand(
    'suspend',
    'Refuses every VM a new licence under the offer, within 30 seconds, on all instances.',
  )
    .argument(...NAME)
    .addHelpText('after', serviceHelp('countersign offers suspend contoso/gateway/standard'))
    .action(async (name, options) => {
      const service = openService(session, options);
      const { offer, etag } = await readOffer(service.client, name);
      await end(service, options, {
        effect: (report) =>
          `Suspends the offer ${nameOf(offer)}. ${describeSeats(report, 'under it')} No VM gets a new licence under it. VMs that run are told so at their next renewal, and stop.`,
        call: statusCall({ offer, etag }, 'suspended'),
        show: (item) => {
          showOffer(service, item);
        },
      });
    });
}

function createResume(session: Session) {
  return endingCommand('resume', 'Gives VMs licences under the offer again.')
    .argument(...NAME)
    .addHelpText('after', serviceHelp('countersign offers resume contoso/gateway/standard'))
    .action(async (name, options) => {
      const service = openService(session, options);
      const item = await readOffer(service.client, name);
      await end(service, options, {
        effect: null,
        call: statusCall(item, 'active'),
        show: (resumed) => {
          showOffer(service, resumed);
        },
      });
    });
}

function createDelete(session: Session) {
  return endingCommand('delete', 'Removes the offer. Its licences must be deleted first.')
    .argument(...NAME)
    .addHelpText('after', serviceHelp('countersign offers delete contoso/gateway/standard'))
    .action(async (name, options) => {
      const service = openService(session, options);
      const { offer, etag } = await readOffer(service.client, name);
      await end(service, options, {
        effect: (report) =>
          `Deletes the offer ${nameOf(offer)}. ${describeSeats(report, 'under it')} No VM gets a licence under it any more. VMs that run keep theirs until its end and grace.`,
        call: { method: 'DELETE', path: pathOf(offer.offer), version: etag, answer: 'Deleted' },
        show: (answer) => {
          service.show(answer, () => 'deleted\n');
        },
      });
    });
}

function readOffer(client: OperatorClient, name: string): Promise<OfferItem> {
  return client({ path: pathOf(name), answer: 'OfferItem' });
}

function nameOf(offer: OfferItem['offer']): string {
  return printable(offer.offer);
}

function statusCall({ offer, etag }: Pick<OfferItem, 'offer' | 'etag'>, status: 'active' | 'suspended') {
  const body = jsonBody({ ...offer, status });
  return { method: 'PUT', path: pathOf(offer.offer), body, version: etag, answer: 'OfferItem' } as const;
}

function showOffer({ show, session }: Service, item: OfferItem): void {
  const facts = Object.entries(item.offer).map(([name, value]) => [name, cell(value)] as const);
  const changed = `${item.changedAt} by ${item.changedBy}`;
  show(item, () => rows({ ...Object.fromEntries(facts), changed }, session.terminal));
}
