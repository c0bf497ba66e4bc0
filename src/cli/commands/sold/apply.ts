import type { Answers } from '../../operatorAnswers.ts';
import { Command } from '@commander-js/extra-typings';
import type { Session } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { parseJsonFile, readText } from '../../files.ts';
import { OPTIONS } from '../../options.ts';
import { openService, serviceHelp } from '../../serviceCommand.ts';

export function createApply(session: Session) {
  return new Command('apply')
    .description(
      'Creates and updates the offers and licences of a file, through the operators’ API. What the file does not name stays. Applying a file again changes nothing. docs/catalogue.md describes the file.',
    )
    .argument('<file>', 'the file, JSON; - for standard input')
    .option('--service <url>', 'the service (default: COUNTERSIGN_URL)')
    .option(...OPTIONS.dryRun)
    .option(...OPTIONS.reason)
    .option(...OPTIONS.yes)
    .option(...OPTIONS.json)
    .addHelpText(
      'after',
      serviceHelp(
        'countersign apply catalogue.json --dry-run',
        'countersign apply catalogue.json --service https://licences.contoso.com',
      ),
    )
    .action(async (path, options) => {
      const { MAX_CATALOGUE, parseCatalogue } = await import('../../../catalogue/file/parseCatalogue.ts');
      const text = await readText(session, path, MAX_CATALOGUE);
      // Checked here first, so that the problems of a file are reported without a request.
      const value = parseJsonFile(text, path);
      const file = parseCatalogue(value);
      const dryRun = options.dryRun === true;
      const { client, show } = openService(session, options);
      const { describeFileLosses, formatFileChanges, listFileChanges, writeFileChanges } =
        await import('../../fileLosses.ts');
      const changes = listFileChanges(await client({ path: '/catalogue', answer: 'Catalogue' }), file);
      const effect = describeFileLosses(changes);
      if (effect !== null) await confirm(session, effect, dryRun || options.yes);
      const { applyFile } = await import('../../inParts/applyFile.ts');
      const report = await applyFile({ client, reason: options.reason }, { text, value, file }, dryRun);
      if (dryRun) {
        const value = { ...report, ...writeFileChanges(changes) };
        show(value, () => `${formatReport(report)}${formatFileChanges(changes, session.terminal)}`);
      } else show(report, () => formatReport(report));
    });
}

type ApplyReport = Answers['ApplyReport'];

export function formatReport({ dryRun, offers, licences }: ApplyReport): string {
  const opening = dryRun ? 'Nothing was written. Would be:\n' : '';
  return `${opening}${formatCounts('offers', offers)}${formatCounts('licences', licences)}`;
}

function formatCounts(what: string, { created, updated, unchanged }: ApplyReport['offers']): string {
  return `${what.padEnd(9)} ${created} created, ${updated} updated, ${unchanged} unchanged\n`;
}
