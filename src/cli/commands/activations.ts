import type { ActionInput } from '../actions.ts';
import { LIST_OPTIONS, createActionCommand, defineAction, positionalsOf, showList } from '../actions.ts';
import { RefusedError, UsageError } from '../command.ts';
import type { OperatorClient } from '../operatorClient.ts';
import { OPERATOR_SETTINGS_HELP, readList } from '../operatorClient.ts';
import { printable, rows } from '../printable.ts';
import { cell } from '../table.ts';
import type { Column } from '../table.ts';

const help = `countersign activations list|show|seats|block|unblock|clear-key-changes

VMs with their seats, keys and leases.

list                     the VMs of a licence or of a subscription, or one VM wherever it is
show VM                  one VM
seats                    how many seats of --licence are taken, and by how many it is over
block VM                 its next renewal is refused with a signed denial; with --licence also one that never came
unblock VM               lets it in again
clear-key-changes VM     forgets its changes of key, so that it may change it again

VM is a vmId. Where a VM has several licences, --licence says which one is meant.

Options:
  --licence ID         of this licence
  --cloud NAME         list: of this cloud (default: AzurePublicCloud)
  --subscription UUID  list: of this subscription
  --vm VM              list: this VM
  --limit N            list: how many at most (default: 100)
  --service URL        the service
  --json               print one JSON value and nothing else

${OPERATOR_SETTINGS_HELP}
Examples:
  countersign activations list --licence fabrikam-2026
  countersign activations seats --licence fabrikam-2026
  countersign activations block 02aab8a4-74ef-476e-8182-f6d2ba4166a6
`;

/** As the service answers it. */
type Activation = Readonly<Record<string, unknown>> & { readonly id: string; readonly licence: string };

const COLUMNS: readonly Column<Activation>[] = [
  ['VM', (item) => item['vmId']],
  ['LICENCE', ({ licence }) => licence],
  ['SEAT', (item) => item['seat']],
  ['LEASE END', (item) => item['leaseEnd']],
  ['BLOCKED', (item) => (item['blocked'] === true ? 'blocked' : '')],
  ['KEY CHANGES', (item) => (item['keyChanges'] as readonly unknown[]).length],
  ['REGION', (item) => item['region']],
  ['CLIENT', (item) => item['client']],
  ['LABEL', (item) => item['label']],
  ['LAST SEEN', (item) => item['lastSeen']],
];

const LICENCE = { licence: { type: 'string' } } as const;

const WHICH = {
  ...LICENCE,
  cloud: { type: 'string' },
  subscription: { type: 'string' },
  vm: { type: 'string' },
} as const;

export const activations = createActionCommand('activations', {
  summary: 'list, block and unblock VMs, through the service',
  help,
  actions: {
    list: defineAction({ ...LIST_OPTIONS, ...WHICH }, (input) => {
      const { licence, subscription, vm, limit } = input.values;
      const { cloud = subscription === undefined ? undefined : 'AzurePublicCloud' } = input.values;
      if (licence === undefined && subscription === undefined && vm === undefined) {
        throw new UsageError('say which: --licence, --subscription or --vm');
      }
      const query = { licence, cloud, subscription, vmId: vm };
      return showList(input, { path: '/activations', query }, { limit, columns: COLUMNS });
    }),
    show: defineAction(LICENCE, async (input) => {
      showActivation(input, await findActivation(input, vmOf(input)));
    }),
    seats: defineAction(LICENCE, async ({ client, positionals, show, values: { licence } }) => {
      positionalsOf(positionals);
      if (licence === undefined) throw new UsageError('say which: --licence ID');
      const { body } = await client({ path: '/seats', query: { licence } });
      show(body, () => rows(formatFacts(body as object)));
    }),
    block: defineAction(LICENCE, async (input) => {
      const { licence } = input.values;
      if (licence === undefined) return change(input, 'block');
      const body = { text: JSON.stringify({ licence, vmId: vmOf(input) }), mediaType: 'application/json' };
      showActivation(input, (await input.client({ method: 'POST', path: '/blocks', body })).body as Activation);
    }),
    unblock: defineAction(LICENCE, (input) => change(input, 'unblock')),
    'clear-key-changes': defineAction(LICENCE, (input) => change(input, 'clear-key-changes')),
  },
});

type Input = Pick<ActionInput<typeof LICENCE>, 'client' | 'positionals' | 'show' | 'values'>;

function vmOf({ positionals }: Input): string {
  const [vm] = positionalsOf(positionals, 'a VM, by its vmId');
  return vm;
}

async function change(input: Input, verb: string): Promise<void> {
  const { id } = await findActivation(input, vmOf(input));
  showActivation(
    input,
    (await input.client({ method: 'POST', path: `/activations/${id}/${verb}` })).body as Activation,
  );
}

/**
 * @throws {RefusedError} where the VM never came
 * @throws {UsageError} where it has several licences, and none says which one is meant
 */
async function findActivation({ client, values }: Input, vmId: string): Promise<Activation> {
  const found = await listOf(client, vmId, values.licence);
  const [activation, ...others] = found;
  if (activation === undefined) {
    const where = values.licence === undefined ? 'here' : `under ${printable(values.licence)}`;
    const hint = 'one that never came is blocked by activations block VM --licence ID';
    throw new RefusedError('not_found', `the VM ${printable(vmId)} has not come for a licence ${where}; ${hint}`);
  }
  if (others.length === 0) return activation;
  const names = found.map(({ licence }) => licence).join(', ');
  throw new UsageError(`the VM has several licences: say --licence, one of ${names}`);
}

/** Under a licence that is gone, those that it had when it was there. */
async function listOf(client: OperatorClient, vmId: string, licence: string | undefined) {
  const list = async (query: Readonly<Record<string, string | undefined>>) =>
    (await readList(client, { path: '/activations', query }, 100)).items as readonly Activation[];
  try {
    return await list({ vmId, licence });
  } catch (error) {
    if (licence === undefined || !(error instanceof RefusedError) || error.code !== 'not_found') throw error;
    return (await list({ vmId })).filter((one) => isSameName(one.licence, licence));
  }
}

/** Ids are compared without regard to the case of ASCII letters. */
function isSameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function showActivation({ show }: Input, { id, etag, ...activation }: Activation): void {
  show({ id, etag, ...activation }, () => rows(formatFacts(activation)));
}

function formatFacts(facts: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, cell(value)]));
}
