import type { OverviewJson } from '../../../contract/operators/overview.ts';
import { Option } from '@commander-js/extra-typings';
import type { Session, Terminal } from '../../command.ts';
import { paint, rows } from '../../layout.ts';
import { formatSections, section } from '../../sections.ts';
import type { Section } from '../../sections.ts';
import { openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import { cell } from '../../table.ts';
import { POOL_COLUMNS } from './pools.ts';

export function createStatus(session: Session) {
  return serviceCommand(
    'status',
    'Shows on one screen whether the service is ready, what was granted and refused, the fullest pools, and what ends soon. Ends with 2 where the service is not ready.',
  )
    .addOption(new Option('--period <time>', 'of grants and refusals').choices(['24h', '7d'] as const).default('24h'))
    .addHelpText('after', serviceHelp('countersign status', 'countersign status --period 7d'))
    .action(async (options) => {
      const { client, show } = openService(session, options);
      const overview = await client({ path: '/overview', query: { period: options.period }, answer: 'Overview' });
      show(overview, () => formatOverview(overview, session.terminal));
      if (overview.readiness.state === 'failed') session.exitCode = 2;
    });
}

const COLOURS = { ok: 'green', degraded: 'yellow', failed: 'red' } as const;

function formatOverview(overview: OverviewJson, terminal: Terminal | null): string {
  const { readiness, at } = overview;
  const faults = readiness.probes.filter(({ state }) => state !== 'ok');
  return [
    `${paint(terminal, COLOURS[readiness.state], `Ready: ${cell(readiness.state)}`)}  (${cell(at)})\n`,
    faults.length === 0
      ? ''
      : rows(Object.fromEntries(faults.map(({ name, state, detail }) => [name, `${state}: ${detail}`])), terminal),
    '\n',
    formatSections(listSections(overview), terminal),
  ].join('');
}

function listSections({ decisions, refused, pools, ending }: OverviewJson): readonly Section[] {
  return [
    section(`Decisions, ${decisions.period}`, countByCode(decisions.items), [
      ['CODE', ([code]) => code],
      ['VMS', ([, count]) => count],
    ]),
    section(`Refused most, 24 h${refused.complete ? '' : ' (there are more)'}`, refused.items, [
      ['CODE', ({ code }) => code],
      ['CUSTOMER', ({ customer }) => customer],
      ['LICENCE OR SUBSCRIPTION', ({ licence, subscription }) => licence ?? subscription],
      ['VMS', ({ last24h }) => last24h],
      ['THE DAY BEFORE', ({ dayBefore }) => dayBefore],
    ]),
    section('Fullest pools', pools, POOL_COLUMNS),
    section(
      `Ends before ${cell(ending.until)}${ending.complete ? '' : ' (there are more licences)'}`,
      listEnds(ending),
      [
        ['WHAT', ({ what }) => what],
        ['WHICH', ({ which }) => which],
        ['ENDS', ({ endsAt }) => endsAt],
      ],
    ),
  ];
}

/** The most frequent one first. A VM counts once an hour. */
function countByCode(items: OverviewJson['decisions']['items']): readonly (readonly [code: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const { code, count } of items) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts].sort(([, left], [, right]) => right - left);
}

function listEnds({ licences, pins, keys }: OverviewJson['ending']) {
  const ends = [
    ...licences.map(({ id, customer, endsAt }) => ({
      what: 'licence',
      which: customer === null ? id : `${id} (${customer})`,
      endsAt,
    })),
    ...pins.map(({ cloud, name, role, endsAt }) => ({ what: role, which: `${name} (${cloud})`, endsAt })),
    ...keys.map(({ kind, id, endsAt }) => ({ what: kind.replace('_', ' '), which: id ?? '', endsAt })),
  ];
  return ends.sort((left, right) => Date.parse(left.endsAt) - Date.parse(right.endsAt));
}
