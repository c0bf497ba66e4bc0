import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { LicenceJson } from '../../contract/operators/licence.ts';
import { RefusedError, UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { endingCommand } from '../endings.ts';
import { findLosses } from '../losses.ts';
import type { Terms } from '../losses.ts';
import { needed, parseInstant } from '../options.ts';
import { printable } from '../printable.ts';
import { openService, serviceHelp } from '../serviceCommand.ts';
import { LICENCE_ID, USUAL_CLOUD, endLicence, putLicence, readLicence } from './licenceViews.ts';
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
    .option('--note <text>', 'for operators');
}

export function createGrant(session: Session) {
  return termsCommand('grant', 'Creates a licence.')
    .option('--subscription <uuid>', 'for this subscription (needed)')
    .option('--offer <name>', 'publisher/product/plan (needed)')
    .option('--seats <n>', 'how many VMs at the same time, or unlimited (needed)', parseSeats)
    .option('--cloud <name>', 'for this cloud', USUAL_CLOUD)
    .addHelpText(
      'after',
      serviceHelp(
        'countersign licences grant fabrikam-2026 --subscription aaaaaaaa-0000-4000-8000-000000000001 \\',
        '  --offer contoso/gateway/standard --seats 50 --valid-until 2027-01-01T00:00:00Z',
      ),
    )
    .action(async (id, options) => {
      const subscription = needed('--subscription <uuid>', options.subscription);
      const offer = needed('--offer <name>', options.offer);
      const seats = needed('--seats <n>', options.seats);
      const licence = { id, cloud: options.cloud, subscription, offer, seats, ...readTerms(options) };
      await putLicence(openService(session, options), licence).catch(explainPresent);
    });
}

export function createSet(session: Session) {
  return termsCommand(
    'set',
    'Changes the seats, times, skus, VMs or note of a licence. Fewer seats refuse no renewal, only new VMs.',
  )
    .option('--seats <n>', 'how many VMs at the same time, or unlimited', parseSeats)
    .addHelpText(
      'after',
      serviceHelp(
        'countersign licences set fabrikam-2026 --seats 60',
        'countersign licences set fabrikam-2026 --valid-until none',
      ),
    )
    .action(async (id, options) => {
      const { seats } = options;
      const terms = { ...(seats !== undefined && { seats }), ...readTerms(options) };
      if (Object.keys(terms).length === 0) throw new UsageError('nothing to set. Name an option, such as --seats 60');
      const service = openService(session, options);
      const item = await readLicence(service.client, id);
      const effect = describeLoss(item, terms);
      await endLicence(service, options, { ...item, effect, licence: { ...item.licence, ...terms } });
    });
}

interface TermFlags {
  readonly validFrom?: string | undefined;
  readonly validUntil?: string | undefined;
  readonly skus?: LicenceJson['skus'] | undefined;
  readonly vmIds?: LicenceJson['vmIds'] | undefined;
  readonly note?: string | undefined;
}

/** Members of the licence for the options that are there. */
function readTerms({ validFrom, validUntil, skus, vmIds, note }: TermFlags): Partial<LicenceJson> {
  const members = { validFrom: toBound(validFrom), validUntil: toBound(validUntil), skus, vmIds, note };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Null where the change takes nothing from anybody. */
function describeLoss({ licence, usage }: LicenceDetail, terms: Terms): string | null {
  const losses = findLosses(licence, terms);
  if (losses.length === 0) return null;
  return `Changes ${losses.join(', ')} of the licence ${printable(licence.id)}. ${usage.taken} seats are taken. VMs that this leaves out get no new licence.`;
}

/** The service speaks of ETags, which `set` reads by itself. */
function explainPresent(error: unknown): never {
  if (!(error instanceof RefusedError) || error.code !== 'precondition_required') throw error;
  const message = 'the subscription already has a licence with this id. Change it with licences set';
  throw new RefusedError(error.code, message, error.correlationId);
}

function parseSeats(text: string): LicenceJson['seats'] {
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
function parseBound(text: string): string {
  return text === NO_BOUND ? text : parseInstant(text);
}

const NO_BOUND = 'none';

function toBound(text: string | undefined): string | null | undefined {
  return text === NO_BOUND ? null : text;
}
