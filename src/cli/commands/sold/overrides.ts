import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { OverrideJson } from '../../../contract/operators/override.ts';
import type { Answers } from '../../operatorAnswers.ts';
import { RefusedError, UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import type { EffectReportJson } from '../../../contract/operators/records.ts';
import { describeSeats, end, endingCommand } from '../../endings.ts';
import { createGroup } from '../../help.ts';
import { rows } from '../../layout.ts';
import { findLosses } from '../../losses.ts';
import type { Terms } from '../../losses.ts';
import type { OperatorClient } from '../../operatorClient.ts';
import { USUAL_CLOUD, needed } from '../../options.ts';
import { printable } from '../../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { cell } from '../../table.ts';
import { parseBound, parseOverage, parseSeats, toBound } from './licenceTerms.ts';
import { NAME, pathOf } from './offerNames.ts';

type OverrideItem = Answers['OverrideItem'];

/** The lines of an example. */
const example = (verb: string, terms = '') => [
  `countersign offers override ${verb} contoso/gateway/standard \\`,
  `  --subscription aaaaaaaa-0000-4000-8000-000000000001${terms}`,
];

export function createOverride(session: Session) {
  return createGroup('override', 'Terms of one subscription instead of the offer’s, in marketplace mode.')
    .addCommand(createSet(session))
    .addCommand(createShow(session))
    .addCommand(createRemove(session))
    .addHelpText('after', serviceHelp(...example('set', ' --seats 20')));
}

function createSet(session: Session) {
  return endingCommand('set', 'Sets terms for one subscription: only what an option names.')
    .argument(...NAME)
    .option('--subscription <uuid>', 'the subscription (needed)')
    .option('--cloud <name>', 'its cloud', USUAL_CLOUD)
    .option('--status <status>', 'active, or suspended: no new licence for its VMs', parseStatus)
    .option('--seats <n>', 'how many VMs at the same time, unlimited, or none: as the offer says', orNone(parseSeats))
    .option(
      '--overage <n>',
      'how many VMs beyond the seats: a number, a share such as 10%, unlimited, or none: as the offer says',
      orNone(parseOverage),
    )
    .option('--valid-until <time>', 'RFC 3339: when it may no longer run the plan; or none', parseBound)
    .option('--feature <name=value>', 'a feature instead of the offer’s; may be given several times', collectFeatures)
    .option('--note <text>', 'for operators')
    .addHelpText(
      'after',
      serviceHelp(...example('set', ' --seats 20 --feature tier=private'), ...example('set', ' --status suspended')),
    )
    .action(async (name, options) => {
      const { status, note, feature } = options;
      const [seats, overage] = [toTerm(options.seats), toTerm(options.overage)];
      const validUntil = toBound(options.validUntil);
      const given = { status, seats, overage, validUntil, note, features: feature };
      const terms = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      if (Object.keys(terms).length === 0) throw new UsageError('nothing to set. Name an option, such as --seats 20');
      const service = openService(session, options);
      const path = overridePath(name, options);
      const [{ offer }, item] = await Promise.all([
        service.client({ path: pathOf(name), answer: 'OfferItem' }),
        findOverride(service.client, path),
      ]);
      const features = { ...item?.override.features, ...feature };
      const override = { ...item?.override, ...terms, features };
      const losses = findLosses(boundsOf(offer, item?.override ?? {}), boundsOf(offer, override));
      await end(service, options, {
        effect: losses.length === 0 ? null : (report) => describeLosses(losses, report),
        call: { method: 'PUT', path, body: jsonBody(override), version: item?.etag, answer: 'OverrideItem' },
        show: (written) => {
          showOverride(service, written);
        },
      });
    });
}

function createShow(session: Session) {
  return serviceCommand('show', 'Shows what one subscription has otherwise than the offer says.')
    .argument(...NAME)
    .option('--subscription <uuid>', 'the subscription (needed)')
    .option('--cloud <name>', 'its cloud', USUAL_CLOUD)
    .addHelpText('after', serviceHelp(...example('show')))
    .action(async (name, options) => {
      const service = openService(session, options);
      showOverride(service, await service.client({ path: overridePath(name, options), answer: 'OverrideItem' }));
    });
}

function createRemove(session: Session) {
  return endingCommand('remove', 'Removes it: the subscription has again what the offer says.')
    .argument(...NAME)
    .option('--subscription <uuid>', 'the subscription (needed)')
    .option('--cloud <name>', 'its cloud', USUAL_CLOUD)
    .addHelpText('after', serviceHelp(...example('remove')))
    .action(async (name, options) => {
      const service = openService(session, options);
      const path = overridePath(name, options);
      const item = await service.client({ path, answer: 'OverrideItem' });
      await end(service, options, {
        effect: (report) =>
          `Removes the override of the subscription ${printable(item.subscription)}. ${describeSeats(report, 'there')} They have what the offer says from their next renewal on.`,
        call: { method: 'DELETE', path, version: item.etag, answer: 'Deleted' },
        show: (answer) => {
          service.show(answer, () => 'removed\n');
        },
      });
    });
}

interface Place {
  readonly subscription?: string | undefined;
  readonly cloud: string;
}

function overridePath(name: string, { subscription, cloud }: Place): string {
  const id = needed('--subscription <uuid>', subscription);
  return `${pathOf(name)}/overrides/${encodeURIComponent(cloud)}/${encodeURIComponent(id)}`;
}

async function findOverride(client: OperatorClient, path: string): Promise<OverrideItem | null> {
  try {
    return await client({ path, answer: 'OverrideItem' });
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'not_found') return null;
    throw error;
  }
}

/** What the subscription has: of the offer what the override leaves to it. */
function boundsOf({ seats, overage }: Answers['OfferItem']['offer'], override: Partial<OverrideJson>): Terms {
  return {
    status: override.status ?? 'active',
    seats: override.seats ?? seats,
    overage: override.overage ?? overage,
    validUntil: override.validUntil ?? null,
  };
}

function describeLosses(losses: readonly string[], report: EffectReportJson): string {
  return `Changes ${losses.join(', ')} for the subscription. ${describeSeats(report, 'there')} VMs that this leaves out get no new licence.`;
}

/** The library has no null among the values of options. */
function orNone<T>(parse: (text: string) => T): (text: string) => T | 'none' {
  return (text) => (text === 'none' ? text : parse(text));
}

function toTerm<T>(value: T | 'none' | undefined): T | null | undefined {
  return value === 'none' ? null : value;
}

function showOverride({ show, session }: Service, item: OverrideItem): void {
  const facts = Object.entries(item.override).map(([name, value]) => [name, cell(value)] as const);
  const place = { subscription: `${item.cloud}:${item.subscription}` };
  const changed = `${item.changedAt} by ${item.changedBy}`;
  show(item, () => rows({ ...place, ...Object.fromEntries(facts), changed }, session.terminal));
}

/** @throws {InvalidArgumentError} */
function parseStatus(text: string): OverrideJson['status'] {
  if (text === 'active' || text === 'suspended') return text;
  throw new InvalidArgumentError('Write active or suspended.');
}

/** `true`, `false` and numbers are what they look like; anything else is text. @throws {InvalidArgumentError} */
function collectFeatures(text: string, earlier: OverrideJson['features'] | undefined): OverrideJson['features'] {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('Write NAME=VALUE.');
  const isBoolean = value === 'true' || value === 'false';
  const isNumber = /^-?\d{1,15}(\.\d{1,6})?$/.test(value);
  return { ...earlier, [name]: isBoolean ? value === 'true' : isNumber ? Number(value) : value };
}
