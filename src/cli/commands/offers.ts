import type { Answers } from '../operatorAnswers.ts';
import { UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { end, endingCommand } from '../endings.ts';
import { createGroup } from '../help.ts';
import { rows } from '../layout.ts';
import type { OperatorClient } from '../operatorClient.ts';
import { OPTIONS } from '../options.ts';
import { printable } from '../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp, showList } from '../serviceCommand.ts';
import type { Service } from '../serviceCommand.ts';
import { cell } from '../table.ts';
import type { Column } from '../table.ts';

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

const NAME = ['<name>', 'publisher/product/plan; the plan may be *'] as const;

export function createOffers(session: Session) {
  return createGroup(
    'offers',
    'What is sold, and on which terms. New offers, and other changes, go through a file: countersign apply.',
  )
    .addCommand(createList(session))
    .addCommand(createShow(session))
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
      const effect = `Suspends the offer ${nameOf(offer)}. No VM gets a new licence under it. VMs that run are told so at their next renewal, and stop.`;
      await end(service, options, {
        effect,
        call: statusCall({ offer, etag }, 'suspended'),
        show: (item) => {
          showOffer(service, item);
        },
      });
    });
}

function createResume(session: Session) {
  return serviceCommand('resume', 'Gives VMs licences under the offer again.')
    .argument(...NAME)
    .addHelpText('after', serviceHelp('countersign offers resume contoso/gateway/standard'))
    .action(async (name, options) => {
      const service = openService(session, options);
      const item = await readOffer(service.client, name);
      showOffer(service, await service.client(statusCall(item, 'active')));
    });
}

function createDelete(session: Session) {
  return endingCommand('delete', 'Removes the offer. Its licences must be deleted first.')
    .argument(...NAME)
    .addHelpText('after', serviceHelp('countersign offers delete contoso/gateway/standard'))
    .action(async (name, options) => {
      const service = openService(session, options);
      const { offer, etag } = await readOffer(service.client, name);
      const effect = `Deletes the offer ${nameOf(offer)}. No VM gets a licence under it any more. VMs that run keep theirs until its end and grace.`;
      await end(service, options, {
        effect,
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

function pathOf(name: string): string {
  const parts = name.split('/');
  if (parts.length !== 3) throw new UsageError(`"${name}" is not an offer. Write it publisher/product/plan`);
  return `/offers/${parts.map(encodeURIComponent).join('/')}`;
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
