import { LIST_OPTIONS, createActionCommand, defineAction, positionalsOf, showList } from '../actions.ts';
import { formatExplanation } from '../formatExplanation.ts';
import type { Decision, Explanation } from '../formatExplanation.ts';
import { OPERATOR_SETTINGS_HELP } from '../operatorClient.ts';
import { parseTime } from '../options.ts';
import { formatPlan, rows } from '../printable.ts';
import { cell } from '../table.ts';
import type { Column } from '../table.ts';

const help = `countersign decisions list|show|explain

Every first licence, every change and every refusal of authentic evidence, found by the correlation id that the VM got.

list         the decisions of the newest days, the newest first
show ID      one decision with every check
explain ID   why it was decided so, what to do, and what would be decided now, on one screen

Options:
  --cloud NAME         list: of this cloud
  --subscription UUID  list: of this subscription
  --vm VM              list: of this VM, by its vmId
  --code CODE          list: with this code, such as seats_exhausted or licence_issued
  --from TIME          list: not before, RFC 3339
  --until TIME         list: before, RFC 3339
  --limit N            list: how many at most (default: 100)
  --service URL        the service
  --json               print one JSON value and nothing else

${OPERATOR_SETTINGS_HELP}
Examples:
  countersign decisions list --code seats_exhausted --from 2026-11-23T00:00:00Z
  countersign decisions explain 019aaf10-2c00-8d2b-9d43-0c3f5f0d1f8a
`;

const COLUMNS: readonly Column<Decision>[] = [
  ['TIME', ({ at }) => at],
  ['CODE', ({ code }) => code],
  ['VM', ({ vmId }) => vmId],
  ['SUBSCRIPTION', ({ subscription }) => subscription],
  ['PLAN', ({ plan, claimedOffer }) => (plan === null ? '' : formatPlan(plan)) || claimedOffer],
  ['LICENCE', ({ licence }) => licence],
  ['ID', ({ id }) => id],
];

const FILTER = {
  cloud: { type: 'string' },
  subscription: { type: 'string' },
  vm: { type: 'string' },
  code: { type: 'string' },
  from: { type: 'string' },
  until: { type: 'string' },
} as const;

export const decisions = createActionCommand('decisions', {
  summary: 'list decisions, and explain why a VM was refused, through the service',
  help,
  actions: {
    list: defineAction({ ...LIST_OPTIONS, ...FILTER }, (input) => {
      const { cloud, subscription, vm, code, from, until, limit } = input.values;
      const query = { cloud, subscription, vmId: vm, code, from: writeTime(from), until: writeTime(until) };
      return showList(input, { path: '/decisions', query }, { limit, columns: COLUMNS, order: newestFirst });
    }),
    show: defineAction({}, async ({ client, positionals, show }) => {
      const [id] = positionalsOf(positionals, 'a decision’s ID');
      const decision = (await client({ path: `/decisions/${encodeURIComponent(id)}` })).body as Decision;
      show(decision, () => formatDecision(decision));
    }),
    explain: defineAction({}, async ({ client, positionals, show }) => {
      const [id] = positionalsOf(positionals, 'a decision’s ID');
      const { body } = await client({ path: `/decisions/${encodeURIComponent(id)}/explanation` });
      show(body, () => formatExplanation(body as Explanation));
    }),
  },
});

function newestFirst(left: Decision, right: Decision): number {
  return Date.parse(right.at) - Date.parse(left.at);
}

function writeTime(text: string | undefined): string | undefined {
  return text === undefined ? undefined : new Date(parseTime(text)).toISOString();
}

function formatDecision({ checks, plan, ...decision }: Decision): string {
  const facts = Object.entries({ ...decision, plan: plan === null ? '' : formatPlan(plan) });
  const judged = checks.map(
    ({ name, outcome, detail }) => [`check ${name}`, detail === undefined ? outcome : `${outcome}: ${detail}`] as const,
  );
  return rows(Object.fromEntries([...facts.map(([name, value]) => [name, cell(value)] as const), ...judged]));
}
