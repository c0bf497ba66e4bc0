import type { DecisionJson } from '../../../contract/operators/decision.ts';
import { parseInstant } from '../../options.ts';
import { formatPlan } from '../../printable.ts';
import { serviceCommand } from '../../serviceCommand.ts';
import type { Column } from '../../table.ts';

/* Which decisions are meant, and how they are shown: for the list, and for those that come. */

export const DECISION_COLUMNS: readonly Column<DecisionJson>[] = [
  ['TIME', ({ at }) => at],
  ['CODE', ({ code }) => code],
  ['VM', ({ vmId }) => vmId],
  ['SUBSCRIPTION', ({ subscription }) => subscription],
  ['PLAN', ({ plan, claimedOffer }) => (plan === null ? '' : formatPlan(plan)) || claimedOffer],
  ['LICENCE', ({ licence }) => licence],
  ['ID', ({ id }) => id],
];

export function filteredCommand(name: string, description: string) {
  return serviceCommand(name, description)
    .option('--cloud <name>', 'of this cloud; together with --subscription or --vm, the answer is quick')
    .option('--subscription <uuid>', 'of this subscription')
    .option('--vm <uuid>', 'of this VM, by its vmId')
    .option('--licence <id>', 'of this licence')
    .option('--refused', 'refusals alone')
    .option('--code <code>', 'with this code, such as seats_exhausted or licence_issued')
    .option('--from <time>', 'not before this time, RFC 3339', parseInstant)
    .option('--until <time>', 'before this time, RFC 3339', parseInstant);
}

type FilterName = 'cloud' | 'subscription' | 'vm' | 'licence' | 'code' | 'from' | 'until';

type Filter = Readonly<Partial<Record<FilterName, string | undefined>>> & { readonly refused?: true | undefined };

/** As the service takes it. */
export function readFilter(options: Filter) {
  const { cloud, subscription, vm: vmId, licence, refused, code, from, until } = options;
  return { cloud, subscription, vmId, licence, refused: refused && 'true', code, from, until };
}
