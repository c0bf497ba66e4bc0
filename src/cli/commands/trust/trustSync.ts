import { Command } from '@commander-js/extra-typings';
import { resolve } from 'node:path';
import type { SyncedPin } from '../../../trust/syncCertificates.ts';
import { acceptedClouds } from '../../acceptedClouds.ts';
import { UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { examples } from '../../help.ts';
import { OPTIONS, collectClouds, parseTime } from '../../options.ts';
import { jsonLine, printable } from '../../printable.ts';
import { findSyncedDirectory } from '../../syncedDirectory.ts';

export function createSync(session: Session) {
  return new Command('sync')
    .description(
      'Downloads the certificate of every pin from where its CA publishes it, and keeps those whose SHA-256 is pinned. Exit code 2 where a pin that is current for an accepted cloud has no certificate.',
    )
    .option('--from <dir>', 'take the certificates from this directory (PEM or DER) and download nothing')
    .option('--out <dir>', "where to put them (default: the user's data folder, where every command looks)")
    .option(
      '--cloud <name>',
      'an accepted cloud; may be repeated (default: ACCEPTED_CLOUDS, else the four of Azure)',
      collectClouds,
    )
    .option('--at <time>', 'evaluate as of this time, RFC 3339 (default: now)', parseTime)
    .option(...OPTIONS.json)
    .addHelpText(
      'after',
      examples('countersign trust sync', 'countersign trust sync --from ~/certificates --cloud AzurePublicCloud'),
    )
    .action(async ({ from, out, cloud, at = session.now(), json }) => {
      const outDir = out === undefined ? findSyncedDirectory(session.env) : resolve(session.directory, out);
      if (outDir === null) throw new UsageError('the environment names no home directory. Give --out DIR');
      const [{ syncCertificates }, { loadPins }] = await Promise.all([
        import('../../../trust/syncCertificates.ts'),
        import('../../../trust/azurePins.ts'),
      ]);
      const { complete, pins } = await syncCertificates({
        manifests: loadPins(),
        outDir,
        ...(from !== undefined && { from: resolve(session.directory, from) }),
        acceptedClouds: acceptedClouds(cloud, session),
        at,
        progress: (pin) => {
          session.complain(describePin(pin));
        },
      });
      session.out(
        json === true
          ? jsonLine({ complete, pins })
          : `${describeResult(complete, pins)}kept in ${printable(outDir)}\n`,
      );
      session.exitCode = complete ? 0 : 2;
    });
}

function describePin({ name, sha256, state, reason }: SyncedPin): string {
  const why = reason === null ? '' : `: ${printable(reason)}`;
  return `${state.padEnd(13)} ${printable(name)} (${sha256.slice(0, 16)}…)${why}\n`;
}

function describeResult(complete: boolean, pins: readonly SyncedPin[]): string {
  if (complete) return 'complete: every current pin has its certificate\n';
  const lacking = pins.filter(({ required, state }) => required && (state === 'missing' || state === 'refused'));
  const names = lacking.map(({ name, clouds }) => `  ${printable(name)} (${clouds.join(', ')})\n`);
  return `incomplete: no certificate for ${lacking.length} current pins\n${names.join('')}`;
}
