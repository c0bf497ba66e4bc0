import { writeText } from '../files.ts';
import type { Session } from '../command.ts';
import { endingCommand } from '../endings.ts';
import { confirm } from '../confirm.ts';
import { createGroup } from '../help.ts';
import { rows } from '../layout.ts';
import { readList } from '../operatorClient.ts';
import type { Answers } from '../operatorAnswers.ts';
import { needed } from '../options.ts';
import { jsonLine, printable } from '../printable.ts';
import { openService, serviceCommand, serviceHelp } from '../serviceCommand.ts';
import type { Service } from '../serviceCommand.ts';
import { formatTable } from '../table.ts';
import type { Column } from '../table.ts';

const EXAMPLE = 'aaaaaaaa-0000-4000-8000-000000000001';
const SUBSCRIPTION = ['--subscription <uuid>', 'the subscription (needed)'] as const;
const CLOUD = ['--cloud <name>', 'its cloud (AzurePublicCloud unless given)'] as const;

export function createPrivacy(session: Session) {
  return createGroup(
    'privacy',
    'What a service keeps of one subscription: read it, and erase what names VMs and people.',
  )
    .addCommand(createExport(session))
    .addCommand(createErase(session))
    .addHelpText(
      'after',
      serviceHelp(
        `countersign privacy export --subscription ${EXAMPLE} --out subscription.json`,
        `countersign privacy erase --subscription ${EXAMPLE} --dry-run`,
      ),
    );
}

function createExport(session: Session) {
  return serviceCommand(
    'export',
    'Writes everything that is kept of a subscription, as JSON: one array. Needs the role Admin.',
  )
    .option(...SUBSCRIPTION)
    .option(...CLOUD)
    .option('--out <file>', 'write to this file')
    .addHelpText('after', serviceHelp(`countersign privacy export --subscription ${EXAMPLE} --out subscription.json`))
    .action(async (options) => {
      const service = openService(session, options);
      const { client, tell, show } = service;
      const onPage = (read: readonly unknown[]) => {
        tell(`${read.length} rows read; reading on …\n`);
      };
      const list = { path: pathOf(options), item: 'PrivacyItem', onPage } as const;
      const { items } = await readList(client, list, Number.POSITIVE_INFINITY);
      const { out } = options;
      if (out === undefined) {
        session.out(jsonLine(items));
        return;
      }
      await writeText(session, out, jsonLine(items));
      show({ file: out, rows: items.length }, () => `${printable(out)} written as JSON: ${items.length} rows\n`);
    });
}

function createErase(session: Session) {
  return endingCommand(
    'erase',
    'Erases what names VMs and people of a subscription, keeps sums of their hours, and lists what must stay. Needs the role Admin.',
  )
    .option(...SUBSCRIPTION)
    .option(...CLOUD)
    .addHelpText('after', serviceHelp(`countersign privacy erase --subscription ${EXAMPLE} --dry-run`))
    .action(async (options) => {
      const service = openService(session, options);
      const path = pathOf(options);
      const { dryRun, reason, yes } = options;
      const query = { dryRun: 'true', reason };
      const report = await service.client({ method: 'DELETE', path, query, answer: 'EffectReport' });
      const { vms } = report.effect;
      const effect = `Erases ${vms ?? 'all'} activations of the subscription ${printable(options.subscription ?? '')}, its VMs' hours but for their sums, its decisions, and the records of what operators changed of them. This cannot be undone.`;
      if (dryRun === true) {
        session.complain(`${effect}\n`);
        service.show(report, () => `Nothing was erased. Would stay:\n${formatKept(readKept(report), session)}`);
        return;
      }
      await confirm(session, effect, yes);
      showErasure(service, await eraseAll(service, path, reason));
    });
}

/** @throws {UsageError} */
function pathOf(options: { readonly subscription?: string | undefined; readonly cloud?: string | undefined }): string {
  const subscription = needed('--subscription <uuid>', options.subscription);
  return `/privacy/${encodeURIComponent(options.cloud ?? 'AzurePublicCloud')}/${encodeURIComponent(subscription)}`;
}

type Erasure = Answers['Erasure'];

const COUNTED = ['vms', 'hours', 'decisions', 'changes', 'requests'] as const;

/** Request after request, where one alone would take too long. */
async function eraseAll({ client, tell }: Service, path: string, reason: string | undefined): Promise<Erasure> {
  const total = { vms: 0, hours: 0, decisions: 0, changes: 0, requests: 0 };
  const kept: Kept[] = [];
  let keptInAll = 0;
  let continuation: string | undefined;
  for (;;) {
    const query = { reason, continuation };
    const report = await client({ method: 'DELETE', path, query, answer: 'Erasure' });
    for (const name of COUNTED) total[name] += report.erased[name];
    kept.push(...report.kept);
    keptInAll += report.keptInAll;
    if (report.complete) return { ...report, erased: total, kept, keptInAll };
    continuation = report.continuation ?? undefined;
    tell(
      `${total.vms} VMs, ${total.hours} rows of hours, ${total.decisions} decisions and ${total.changes} changes erased; going on …\n`,
    );
  }
}

function showErasure({ show, session }: Service, report: Erasure): void {
  const { erased, kept, keptInAll } = report;
  const facts = {
    ...{ VMs: `${erased.vms}`, 'rows of hours': `${erased.hours}` },
    ...{ decisions: `${erased.decisions}`, changes: `${erased.changes}`, 'kept answers': `${erased.requests}` },
  };
  show(report, () => {
    const stays = keptInAll === 0 ? 'Nothing had to stay.\n' : `Stays (${keptInAll}):\n${formatKept(kept, session)}`;
    return `Erased:\n${rows(facts, session.terminal)}${stays}`;
  });
}

type Kept = Erasure['kept'][number];

const COLUMNS: readonly Column<Kept>[] = [
  ['WHAT', ({ what }) => what],
  ['UNTIL', ({ until }) => until],
  ['WHY', ({ why }) => why],
];

function formatKept(kept: readonly Kept[], { terminal }: Session): string {
  return formatTable(kept, COLUMNS, terminal);
}

/** The report of a dry run has what stays as it would be afterwards. */
function readKept({ new: after }: Answers['EffectReport']): readonly Kept[] {
  const kept = after?.['kept'];
  return Array.isArray(kept) ? (kept as readonly Kept[]) : [];
}
