import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { LicenceJson } from '../../../contract/operators/licence.ts';
import { RefusedError, UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import type { EffectReportJson } from '../../../contract/operators/records.ts';
import { describeSeats, endingCommand } from '../../endings.ts';
import { findLosses } from '../../losses.ts';
import type { Terms } from '../../losses.ts';
import { USUAL_CLOUD, needed, parseInstant } from '../../options.ts';
import { printable } from '../../printable.ts';
import { openService, serviceHelp } from '../../serviceCommand.ts';
import { changeSubscriptions, collectEndings, collectSubscriptions, writeSubscriptions } from '../../subscriptions.ts';
import { LICENCE_ID, patchLicence, putLicence, readLicence } from './licenceViews.ts';
import type { LicenceDetail } from './licenceViews.ts';

/** What `grant` and `set` take alike. */
function termsCommand(name: string, description: string) {
  return endingCommand(name, description)
    .argument(...LICENCE_ID)
    .option('--valid-from <time>', 'RFC 3339, or none', parseBound)
    .option('--valid-until <time>', 'RFC 3339, or none', parseBound)
    .option(
      '--skus <list>',
      'only these image skus, separated by commas, "" for the empty sku of custom images; or *',
      parseNames,
    )
    .option('--vm-ids <list>', 'only these VMs, separated by commas; or *', parseNames)
    .option('--overage <n>', 'how many VMs beyond the seats: a number, a share such as 10%, or unlimited', parseOverage)
    .option('--class <name>', 'production or development', parseClass)
    .option('--customer <name>', 'the customer’s name, or none')
    .option('--customer-reference <text>', 'the customer’s number in your own systems')
    .option('--customer-contact <text>', 'whom to write to')
    .option('--note <text>', 'for operators');
}

export function createGrant(session: Session) {
  return termsCommand('grant', 'Creates a licence.')
    .option('--subscription <uuid>', 'for this subscription (needed); may be given several times', collectSubscriptions)
    .option('--offer <name>', 'publisher/product/plan (needed)')
    .option('--seats <n>', 'how many VMs at the same time, or unlimited (needed)', parseSeats)
    .option('--cloud <name>', 'the cloud of subscriptions that are given without one', USUAL_CLOUD)
    .addHelpText(
      'after',
      serviceHelp(
        'countersign licences grant fabrikam-2026 --subscription aaaaaaaa-0000-4000-8000-000000000001 \\',
        '  --offer contoso/gateway/standard --seats 50 --valid-until 2027-01-01T00:00:00Z',
      ),
    )
    .action(async (id, options) => {
      const subscriptions = needed('--subscription <uuid>', options.subscription);
      const offer = needed('--offer <name>', options.offer);
      const seats = needed('--seats <n>', options.seats);
      const list = subscriptions.map(({ cloud, subscription }) => ({
        ...{ cloud: cloud ?? options.cloud, subscription, until: null },
      }));
      const licence = { id, ...writeSubscriptions(list), offer, seats, ...readTerms(options, null) };
      await putLicence(openService(session, options), options, licence).catch(explainPresent);
    });
}

export function createSet(session: Session) {
  return termsCommand(
    'set',
    'Changes a licence: only what an option names. Fewer seats refuse no renewal, only new VMs.',
  )
    .option('--seats <n>', 'how many VMs at the same time, or unlimited', parseSeats)
    .option('--add-subscription <uuid>', 'one more subscription; may be given several times', collectSubscriptions)
    .option('--remove-subscription <uuid>', 'without this subscription, at once', collectSubscriptions)
    .option('--end-subscription <uuid=time>', 'with this subscription until then: so it can move', collectEndings)
    .option(
      '--cloud <name>',
      `the cloud of subscriptions that are named without one (default: ${USUAL_CLOUD} for those that are added, and for the others the one that the licence has)`,
    )
    .addHelpText(
      'after',
      serviceHelp(
        'countersign licences set fabrikam-2026 --seats 60',
        'countersign licences set fabrikam-2026 --valid-until none',
        'countersign licences set fabrikam-2026 --add-subscription aaaaaaaa-0000-4000-8000-000000000002',
      ),
    )
    .action(async (id, options) => {
      const { seats, cloud } = options;
      const { addSubscription: added = [], removeSubscription: removed = [], endSubscription: ended = [] } = options;
      const hasScope = added.length + removed.length + ended.length > 0;
      if (!hasScope && seats === undefined && Object.keys(readTerms(options, SOMEBODY)).length === 0) {
        throw new UsageError('nothing to set. Name an option, such as --seats 60');
      }
      const service = openService(session, options);
      const item = await readLicence(service.client, id);
      const terms = {
        ...(seats !== undefined && { seats }),
        ...readTerms(options, item.licence.customer),
        ...(hasScope && changeSubscriptions(item.licence, { added, removed, ended, cloud })),
      };
      const effect = describeLoss(item, terms);
      await patchLicence(service, options, { ...item, effect, patch: terms });
    });
}

interface TermFlags {
  readonly validFrom?: string | undefined;
  readonly validUntil?: string | undefined;
  readonly skus?: LicenceJson['skus'] | undefined;
  readonly vmIds?: LicenceJson['vmIds'] | undefined;
  readonly note?: string | undefined;
  readonly overage?: LicenceJson['overage'] | undefined;
  readonly class?: LicenceJson['class'] | undefined;
  readonly customer?: string | undefined;
  readonly customerReference?: string | undefined;
  readonly customerContact?: string | undefined;
}

/** Members of the licence for the options that are there. @param customer as it is */
function readTerms(flags: TermFlags, customer: LicenceJson['customer']): Partial<LicenceJson> {
  const { validFrom, validUntil, skus, vmIds, note, overage } = flags;
  const terms = { validFrom: toBound(validFrom), validUntil: toBound(validUntil), skus, vmIds, note, overage };
  const members = { ...terms, class: flags.class, customer: readCustomer(flags, customer) };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** @throws {UsageError} for a reference or a contact without a name */
function readCustomer(
  { customer: name, customerReference: reference, customerContact: contact }: TermFlags,
  present: LicenceJson['customer'],
): LicenceJson['customer'] | undefined {
  if (name === NO_BOUND) return null;
  if (name === undefined && reference === undefined && contact === undefined) return undefined;
  const known = {
    name: name ?? present?.name,
    reference: present?.reference ?? null,
    contact: present?.contact ?? null,
  };
  if (known.name === undefined) throw new UsageError('the customer has no name yet. Add --customer NAME');
  return {
    ...known,
    name: known.name,
    ...(reference !== undefined && { reference }),
    ...(contact !== undefined && { contact }),
  };
}

/** Whose name does not matter yet. */
const SOMEBODY = { name: '-', reference: null, contact: null };

/** Null where the change takes nothing from anybody. */
function describeLoss({ licence }: LicenceDetail, terms: Terms) {
  const losses = findLosses(licence, terms);
  if (losses.length === 0) return null;
  return (report: EffectReportJson) =>
    `Changes ${losses.join(', ')} of the licence ${printable(licence.id)}. ${describeSeats(report, 'under it')} VMs that this leaves out get no new licence.`;
}

/** The service speaks of ETags, which `set` reads by itself. */
function explainPresent(error: unknown): never {
  if (!(error instanceof RefusedError) || error.code !== 'precondition_required') throw error;
  const message = 'there is a licence with this id already. Change it with licences set';
  throw new RefusedError(error.code, message, { correlationId: error.correlationId });
}

/** @throws {InvalidArgumentError} */
export function parseOverage(text: string): LicenceJson['overage'] {
  if (text === 'unlimited') return text;
  if (/^\d{1,4}%$/.test(text)) return `${Number(text.slice(0, -1))}%`;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number, a share such as 10%, or unlimited.');
}

/** @throws {InvalidArgumentError} */
function parseClass(text: string): LicenceJson['class'] {
  if (text === 'production' || text === 'development') return text;
  throw new InvalidArgumentError('Write production or development.');
}

export function parseSeats(text: string): LicenceJson['seats'] {
  if (text === 'unlimited') return text;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number, or unlimited.');
}

/** As `decisions explain` writes them: an empty name between quotation marks. */
function parseNames(text: string): LicenceJson['skus'] {
  if (text === '*') return text;
  const names = text.split(',').map((name) => name.trim());
  if (names.includes(''))
    throw new InvalidArgumentError('A name in the list is empty. Remove the comma, or write "" for it.');
  return names.map((name) => (name === '""' ? '' : name));
}

/** The library has no null among the values of options. */
export function parseBound(text: string): string {
  return text === NO_BOUND ? text : parseInstant(text);
}

const NO_BOUND = 'none';

export function toBound(text: string | undefined): string | null | undefined {
  return text === NO_BOUND ? null : text;
}
