import { Option } from '@commander-js/extra-typings';
import { UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import type { Answers } from '../../operatorAnswers.ts';
import { OPTIONS, parseInstant } from '../../options.ts';
import { formatSections, section } from '../../sections.ts';
import { openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { formatTable } from '../../table.ts';
import type { Column } from '../../table.ts';

/** As many as the service takes. */
const MAX_PAGE = 1_000;

type Statistics = Answers['DecisionStatistics'];
type Counted = Pick<Statistics, 'items' | 'issues'>;

const DECISION_COLUMNS: readonly Column<Statistics['items'][number]>[] = [
  ['FROM', ({ at }) => at],
  ['CODE', ({ code }) => code],
  ['OFFER', ({ offer }) => offer],
  ['CLOUD', ({ cloud }) => cloud],
  ['VMS', ({ count }) => count],
];

const ISSUE_COLUMNS: readonly Column<Statistics['issues'][number]>[] = [
  ['FROM', ({ at }) => at],
  ['CA', ({ issuer }) => issuer],
  ['CLOUD', ({ cloud }) => cloud],
  ['LICENCES', ({ count }) => count],
];

export function createStats(session: Session) {
  return serviceCommand(
    'stats',
    'Counts decisions by code, offer and cloud, and licences by CA, hour by hour or day by day. A VM whose decision is the same again counts once an hour.',
  )
    .option(
      '--from <time>',
      'from the hour or day of this time on, RFC 3339 (default: 24 hours before --until)',
      parseInstant,
    )
    .option('--until <time>', 'up to this time, RFC 3339 (default: now)', parseInstant)
    .addOption(new Option('--by <period>', 'a row for each hour or for each day').choices(['hour', 'day'] as const))
    .option('--code <code>', 'with this code, such as seats_exhausted')
    .option('--offer <offer>', 'of this offer, publisher/product/plan; - for none')
    .option('--cloud <name>', 'of this cloud')
    .option('--issues', 'only licences by the CA that issued the VM’s certificate, renewals too')
    .option(...OPTIONS.limit)
    .addHelpText(
      'after',
      serviceHelp(
        'countersign decisions stats --code seats_exhausted',
        'countersign decisions stats --by day --from 2026-11-01T00:00:00Z --limit 1000',
        'countersign decisions stats --by day --issues',
      ),
    )
    .action(async (options) => {
      const { from, until, by, code, offer, cloud, limit, issues } = options;
      const hasFilter = code !== undefined || offer !== undefined;
      if (issues === true && hasFilter) {
        const other = code === undefined ? '--offer' : '--code';
        throw new UsageError(
          `--issues and ${other} do not go together. CAs are counted whatever the code and the offer`,
        );
      }
      const service = openService(session, options);
      const view = issues === true ? 'issues' : 'items';
      const { more, ...counted } = await readCounts(service, { from, until, by, code, offer, cloud }, { limit, view });
      service.show(counted[view], () => format(counted, session, { hasIssues: !hasFilter, view }));
      if (more) {
        session.complain(`There are more than these ${counted[view].length}. Narrow the time, or raise --limit.\n`);
      }
    });
}

type View = keyof Counted;

/** Whole hours or days come in a page, so that the last ones of it can be too many. */
async function readCounts(
  { client }: Service,
  query: Readonly<Record<string, string | undefined>>,
  { limit, view }: { readonly limit: number; readonly view: View },
): Promise<Counted & { readonly more: boolean }> {
  const counted: Counted = { items: [], issues: [] };
  let continuation: string | undefined;
  do {
    const asked = { ...query, limit: `${MAX_PAGE}`, continuation };
    const page = await client({ path: '/statistics/decisions', query: asked, answer: 'DecisionStatistics' });
    counted.items.push(...page.items);
    counted.issues.push(...page.issues);
    continuation = page.continuation ?? undefined;
  } while (continuation !== undefined && counted[view].length < limit);
  const [items, issues] = [counted.items.slice(0, limit), counted.issues.slice(0, limit)];
  return { items, issues, more: continuation !== undefined || counted[view].length > limit };
}

function format(
  { items, issues }: Counted,
  { terminal }: Session,
  { hasIssues, view }: { readonly hasIssues: boolean; readonly view: View },
): string {
  if (view === 'issues') return formatTable(issues, ISSUE_COLUMNS, terminal);
  if (!hasIssues) return formatTable(items, DECISION_COLUMNS, terminal);
  const sections = [section('Decisions', items, DECISION_COLUMNS), section('Licences by CA', issues, ISSUE_COLUMNS)];
  return formatSections(sections, terminal);
}
