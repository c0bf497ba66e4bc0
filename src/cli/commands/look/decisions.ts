import type { DecisionJson } from '../../../contract/operators/decision.ts';
import { UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { formatExplanation } from '../../formatExplanation.ts';
import { createGroup } from '../../help.ts';
import { rows } from '../../layout.ts';
import { OPTIONS } from '../../options.ts';
import { formatPlan } from '../../printable.ts';
import { openService, serviceCommand, serviceHelp, showList } from '../../serviceCommand.ts';
import { cell } from '../../table.ts';
import { DECISION_COLUMNS, filteredCommand, readFilter } from './decisionFilter.ts';
import { createStats } from './decisionStats.ts';
import { createTail } from './decisionTail.ts';

const DECISION_ID = ['<id>', 'the correlation id that the VM got'] as const;

export function createDecisions(session: Session) {
  return createGroup(
    'decisions',
    'Every first licence, every change and every refusal of authentic evidence, found by the correlation id that the VM got.',
  )
    .addCommand(createList(session))
    .addCommand(createTail(session))
    .addCommand(createTimeline(session))
    .addCommand(createShow(session))
    .addCommand(createExplain(session))
    .addCommand(createStats(session))
    .addHelpText(
      'after',
      serviceHelp(
        'countersign decisions list --code seats_exhausted --from 2026-11-23T00:00:00Z',
        'countersign decisions tail',
        'countersign decisions explain 019aaf10-2c00-8d2b-9d43-0c3f5f0d1f8a',
      ),
    );
}

function createList(session: Session) {
  return filteredCommand('list', 'Lists decisions, the newest first.')
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp('countersign decisions list --code seats_exhausted --from 2026-11-23T00:00:00Z'))
    .action((options) => {
      const call = { path: '/decisions', query: readFilter(options), item: 'Decision' } as const;
      return showList(openService(session, options), call, { limit: options.limit, columns: DECISION_COLUMNS });
    });
}

function createTimeline(session: Session) {
  return serviceCommand('timeline', 'Shows what happened to one subscription or VM, the newest first: a quick list.')
    .option('--subscription <uuid>', 'of this subscription')
    .option('--vm <uuid>', 'of this VM, by its vmId')
    .option('--cloud <name>', 'of this cloud (default: every cloud that the service accepts)')
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp('countersign decisions timeline --vm 02aab8a4-74ef-476e-8182-f6d2ba4166a6'))
    .action((options) => {
      const { subscription, vm, cloud, limit } = options;
      if (subscription === undefined && vm === undefined) {
        throw new UsageError('say whose: give --subscription or --vm');
      }
      if (subscription !== undefined && vm !== undefined) {
        throw new UsageError('a VM has one subscription. Give --subscription or --vm, one of the two');
      }
      const call = { path: '/timeline', query: { subscription, vm, cloud }, item: 'Decision' } as const;
      return showList(openService(session, options), call, { limit, columns: DECISION_COLUMNS });
    });
}

function createShow(session: Session) {
  return serviceCommand('show', 'Shows one decision with every check.')
    .argument(...DECISION_ID)
    .addHelpText('after', serviceHelp('countersign decisions show 019aaf10-2c00-8d2b-9d43-0c3f5f0d1f8a'))
    .action(async (id, options) => {
      const { client, show } = openService(session, options);
      const call = { path: `/decisions/${encodeURIComponent(id)}`, answer: 'Decision' } as const;
      const decision = await client(call);
      show(decision, () => rows(listFacts(decision), session.terminal));
    });
}

function createExplain(session: Session) {
  return serviceCommand('explain', 'Explains a decision on one screen: why, what to do, and what would be decided now.')
    .argument(...DECISION_ID)
    .addHelpText('after', serviceHelp('countersign decisions explain 019aaf10-2c00-8d2b-9d43-0c3f5f0d1f8a'))
    .action(async (id, options) => {
      const { client, show } = openService(session, options);
      const path = `/decisions/${encodeURIComponent(id)}/explanation`;
      const explanation = await client({ path, answer: 'Explanation' });
      show(explanation, () => formatExplanation(explanation, session.terminal));
    });
}

function listFacts({ checks, plan, ...decision }: DecisionJson): Readonly<Record<string, string>> {
  const facts = Object.entries({ ...decision, plan: plan === null ? '' : formatPlan(plan) });
  const judged = checks.map(
    ({ name, outcome, detail }) => [`check ${name}`, detail === undefined ? outcome : `${outcome}: ${detail}`] as const,
  );
  return Object.fromEntries([...facts.map(([name, value]) => [name, cell(value)] as const), ...judged]);
}
