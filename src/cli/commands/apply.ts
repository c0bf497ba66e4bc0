import { Command } from '@commander-js/extra-typings';
import type { ApplyReport } from '../../catalogue/file/applyCatalogue.ts';
import type { CatalogueFile } from '../../catalogue/file/cataloguePlan.ts';
import { DEFAULT_LICENCE_LIFE, SECOND } from '../../contract/durations.ts';
import { formatReport } from '../applyReport.ts';
import { UsageError } from '../command.ts';
import type { Session } from '../command.ts';
import { confirm } from '../confirm.ts';
import { parseJsonFile, readText } from '../files.ts';
import { examples } from '../help.ts';
import type { StoredCatalogue } from '../losses.ts';
import { OPERATOR_SETTINGS_HELP, createOperatorClient, isServiceNamed } from '../operatorClient.ts';
import { OPTIONS } from '../options.ts';
import { jsonLine } from '../printable.ts';

const STORE_SETTINGS_HELP = `  TABLES_CONNECTION_STRING  without a service: the store by connection string (Azurite), or
  TABLES_ENDPOINT           the store by URL, with the account of "az login" or a managed identity
  TABLE_PREFIX              the prefix of the names of the tables
  LICENCE_LIFE_SECONDS      the setting of the service: longer offers are refused (default: 2592000)
`;

const STORE_HELP = `
With a service (--service or COUNTERSIGN_URL) the file goes through its operators' API.
Without one it is written to the store itself, for initial setup only.
`;

export function createApply(session: Session) {
  return new Command('apply')
    .description(
      'Creates and updates the offers and licences of a file. What the file does not name stays. Applying a file again changes nothing. docs/catalogue.md describes the file.',
    )
    .argument('<file>', 'the file, JSON; - for standard input')
    .option('--dry-run', 'report what would be written, and write nothing')
    .option('--service <url>', 'the service (default: COUNTERSIGN_URL)')
    .option(...OPTIONS.yes)
    .option(...OPTIONS.json)
    .addHelpText(
      'after',
      `${STORE_HELP}${OPERATOR_SETTINGS_HELP}${STORE_SETTINGS_HELP}${examples(
        'countersign apply catalogue.json --dry-run',
        'countersign apply catalogue.json --service https://licences.contoso.com',
      )}`,
    )
    .action(async (path, options) => {
      const { MAX_CATALOGUE, parseCatalogue } = await import('../../catalogue/file/parseCatalogue.ts');
      const text = await readText(session, path, MAX_CATALOGUE);
      // Checked here first, so that the problems of a file are reported without a request.
      const file = parseCatalogue(parseJsonFile(text, path));
      const dryRun = options.dryRun === true;
      const target = isServiceNamed(options.service, session)
        ? openRemote(session, options.service, text)
        : await openLocal(session, file, dryRun);
      const { describeFileLosses } = await import('../losses.ts');
      const effect = describeFileLosses(await target.read(), file);
      if (effect !== null) await confirm(session, effect, dryRun || options.yes);
      const { offers, licences } = await target.apply(dryRun);
      session.out(
        options.json === true ? jsonLine({ dryRun, offers, licences }) : formatReport({ offers, licences }, dryRun),
      );
    });
}

/** Where the file is applied. */
interface Target {
  readonly read: () => Promise<StoredCatalogue>;
  readonly apply: (dryRun: boolean) => Promise<ApplyReport>;
}

function openRemote(session: Session, service: string | undefined, text: string): Target {
  const client = createOperatorClient(service, session);
  const body = { text, mediaType: 'application/json' };
  return {
    read: async () => (await client({ path: '/catalogue' })).body as StoredCatalogue,
    apply: async (dryRun) => {
      const answer = await client({ method: 'POST', path: '/catalogue', query: { dryRun: `${dryRun}` }, body });
      return answer.body as ApplyReport;
    },
  };
}

async function openLocal(session: Session, file: CatalogueFile, dryRun: boolean): Promise<Target> {
  const [{ openStore }, { applyCatalogue }, { toStoredCatalogue }] = await Promise.all([
    import('../store.ts'),
    import('../../catalogue/file/applyCatalogue.ts'),
    import('../losses.ts'),
  ]);
  const store = await openStore(session);
  return {
    read: async () => {
      // In Azure the deployment creates the tables, and the role of an operator may not.
      if (!dryRun && (session.env['TABLES_CONNECTION_STRING'] ?? '') !== '') await store.ensureTables();
      const [offers, licences] = await Promise.all([store.listOffers(), store.listLicences()]);
      return toStoredCatalogue({
        offers: offers.map(({ value }) => value),
        licences: licences.map(({ value }) => value),
      });
    },
    apply: (dryRun) =>
      applyCatalogue(store, file, {
        change: { by: 'countersign apply', at: session.now() },
        dryRun,
        life: readLife(session),
      }),
  };
}

/** Milliseconds: the service's own setting, which bounds what an offer may say. */
function readLife({ env }: Session): number {
  const text = env['LICENCE_LIFE_SECONDS'] ?? '';
  if (text === '') return DEFAULT_LICENCE_LIFE;
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND;
  throw new UsageError('LICENCE_LIFE_SECONDS is not a whole number: set it as the service has it');
}
