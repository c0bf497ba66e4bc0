import { digestPart } from '../../../backup/parts.ts';
import type { Session } from '../../command.ts';
import { CommandError } from '../../command.ts';
import { rows } from '../../layout.ts';
import type { Answers } from '../../operatorAnswers.ts';
import { needed } from '../../options.ts';
import { printable } from '../../printable.ts';
import { openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { createBackupFile } from './backupFile.ts';
import type { BackupWriter } from './backupFile.ts';

type Part = Answers['BackupPart'];

export function createBackup(session: Session) {
  return serviceCommand(
    'backup',
    'Writes a backup to a file that its owner alone can read: offers, licences, overrides, trials and claims used, pins, distrusts, blocks, changes of key, sums of hours, public signing keys, key sets and the log of changes. It holds no private key and no secret. Needs the role Admin.',
  )
    .option('--out <file>', 'write to this file (needed); a file of that name is replaced when the backup is whole')
    .addHelpText('after', serviceHelp('countersign backup --out countersign-2026-11-28.backup'))
    .action(async (options) => {
      const out = needed('--out <file>', options.out);
      const service = openService(session, options);
      const file = await createBackupFile(session, out);
      try {
        await writeBackup(service, file, out);
      } finally {
        await file.abandon();
      }
    });
}

async function writeBackup(service: Service, file: BackupWriter, out: string): Promise<void> {
  const counts: Record<string, number> = {};
  let continuation: string | undefined;
  for (let parts = 1; ; parts += 1) {
    const part: Part = await service.client({ path: '/backup', query: { continuation }, answer: 'BackupPart' });
    if (digestPart(part.part) !== part.digest) {
      throw new CommandError('answer_malformed', 'A part of the backup came damaged. Run the command again');
    }
    await file.add(part.part);
    for (const [kind, count] of Object.entries(part.counts)) counts[kind] = (counts[kind] ?? 0) + count;
    if (part.continuation === null) {
      if (part.statement === null)
        throw new CommandError('answer_malformed', 'The backup came without its signature. Run the command again');
      await file.finish(part.statement);
      showBackup(service, part, { out, parts, counts });
      return;
    }
    continuation = part.continuation;
    service.tell(`${parts} parts read; reading on …\n`);
  }
}

/** What each kind is called, in the order in which they are shown. */
export const KIND_NAMES: Readonly<Record<string, string>> = {
  ...{ offer: 'offers', licence: 'licences', holding: 'subscriptions of licences', override: 'overrides' },
  ...{
    trial: 'trials',
    claim: 'claim codes',
    pin: 'pins',
    distrust: 'distrusts',
    vm: 'VMs blocked or with another key',
  },
  ...{ hours: 'sums of hours', key: 'public signing keys', keyset: 'uploaded key sets', change: 'changes' },
};

interface Written {
  readonly out: string;
  readonly parts: number;
  readonly counts: Readonly<Record<string, number>>;
}

function showBackup({ show, session, tell }: Service, part: Part, { out, parts, counts }: Written): void {
  const { backup, asOf, changedInAll } = part;
  const named = Object.entries(KIND_NAMES).map(([kind, name]) => [name, `${counts[kind] ?? 0}`] as const);
  const facts = { backup, 'as of': asOf, parts: `${parts}`, ...Object.fromEntries(named) };
  show({ file: out, backup, asOf, parts, counts, changedInAll, changed: part.changed }, () =>
    [`${printable(out)} written:\n`, rows(facts, session.terminal)].join(''),
  );
  if (changedInAll === 0) return;
  const names = part.changed.map(({ kind, key }) => `  ${printable(`${kind} ${key}`)}\n`).join('');
  tell(
    `${changedInAll} changes were made while the backup ran, and may be missing in it:\n${names}Run the command again to have them all.\n`,
  );
}
