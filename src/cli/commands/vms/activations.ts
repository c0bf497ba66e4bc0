import type { ActivationJson } from '../../../contract/operators/activation.ts';
import { RefusedError, UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { end, endingCommand } from '../../endings.ts';
import type { EndingFlags } from '../../endings.ts';
import { createGroup } from '../../help.ts';
import { rows } from '../../layout.ts';
import type { OperatorClient } from '../../operatorClient.ts';
import { readList } from '../../operatorClient.ts';
import { OPTIONS, needed } from '../../options.ts';
import { printable } from '../../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp, showList } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { cell } from '../../table.ts';
import type { Column } from '../../table.ts';

/** What the service says of a VM that was blocked before it came. */
const NEVER = '1970-01-01T00:00:00Z';
const timeOrNull = (time: string) => (time === NEVER ? null : time);

const COLUMNS: readonly Column<ActivationJson>[] = [
  ['VM', ({ vmId }) => vmId],
  ['LICENCE', ({ licence }) => licence],
  ['SEAT', ({ seat }) => seat],
  ['LEASE END', ({ leaseEnd }) => timeOrNull(leaseEnd)],
  ['BLOCKED', ({ blocked }) => (blocked ? 'blocked' : '')],
  ['KEY CHANGES', ({ keyChanges }) => keyChanges.length],
  ['REGION', ({ region }) => region],
  ['CLIENT', ({ client }) => client],
  ['LABEL', ({ label }) => label],
  ['LAST SEEN', ({ lastSeen }) => lastSeen],
];

const VM = ['<vm>', 'the vmId of the VM'] as const;
const LICENCE = ['--licence <id>', 'the licence that is meant, where the VM has several'] as const;
const EXAMPLE_VM = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';

export function createActivations(session: Session) {
  return createGroup('activations', 'VMs with their seats, keys and leases.')
    .addCommand(createListCommand(session))
    .addCommand(createShow(session))
    .addCommand(createSeats(session))
    .addCommand(createBlock(session))
    .addCommand(createUnblock(session))
    .addCommand(createRelease(session))
    .addCommand(createReleaseKey(session))
    .addHelpText(
      'after',
      serviceHelp(
        'countersign activations list --licence fabrikam-2026',
        'countersign activations seats --licence fabrikam-2026',
        `countersign activations block ${EXAMPLE_VM}`,
      ),
    );
}

function createListCommand(session: Session) {
  return serviceCommand(
    'list',
    'Lists the VMs of a licence or of a subscription, or one VM under every licence it has.',
  )
    .option('--licence <id>', 'of this licence')
    .option('--subscription <uuid>', 'of this subscription')
    .option('--cloud <name>', 'of this cloud (with --subscription: AzurePublicCloud unless given)')
    .option('--vm <uuid>', 'this VM, by its vmId')
    .option('--label <text>', 'with words of the label that begin so (with --licence or --subscription)')
    .option(...OPTIONS.limit)
    .addHelpText('after', serviceHelp('countersign activations list --licence fabrikam-2026'))
    .action((options) => {
      const { licence, subscription, vm, label, limit } = options;
      const { cloud = subscription === undefined ? undefined : 'AzurePublicCloud' } = options;
      if (licence === undefined && subscription === undefined && vm === undefined) {
        throw new UsageError('say which VMs: give --licence, --subscription or --vm');
      }
      if (label !== undefined && licence === undefined && subscription === undefined) {
        throw new UsageError(
          'labels are searched within a licence or a subscription: give --licence or --subscription',
        );
      }
      const query = { licence, cloud, subscription, vmId: vm, label };
      return showList(
        openService(session, options),
        { path: '/activations', query, item: 'Activation' },
        { limit, columns: COLUMNS },
      );
    });
}

function createShow(session: Session) {
  return serviceCommand('show', 'Shows one VM.')
    .argument(...VM)
    .option(...LICENCE)
    .addHelpText('after', serviceHelp(`countersign activations show ${EXAMPLE_VM}`))
    .action(async (vm, options) => {
      const service = openService(session, options);
      showActivation(service, await findActivation(service.client, { vm, licence: options.licence }));
    });
}

function createSeats(session: Session) {
  return serviceCommand('seats', 'Shows how many seats of a licence are taken, and by how many it is over.')
    .option('--licence <id>', 'of this licence (needed)')
    .addHelpText('after', serviceHelp('countersign activations seats --licence fabrikam-2026'))
    .action(async (options) => {
      const licence = needed('--licence <id>', options.licence);
      const { client, show } = openService(session, options);
      const usage = await client({ path: '/seats', query: { licence }, answer: 'SeatUsage' });
      const { overSince, ...counts } = usage;
      show(usage, () => rows({ ...listFacts(counts), 'over since': cell(overSince) }, session.terminal));
    });
}

function createBlock(session: Session) {
  return endingCommand(
    'block',
    'Refuses the next renewal of a VM with a signed denial. With --licence also a VM that has not come yet.',
  )
    .argument(...VM)
    .option(...LICENCE)
    .addHelpText('after', serviceHelp(`countersign activations block ${EXAMPLE_VM}`))
    .action(async (vm, options) => {
      const service = openService(session, options);
      const { licence } = options;
      const found = licence === undefined ? await findActivation(service.client, { vm, licence }) : null;
      const under = printable(found?.licence ?? licence ?? '');
      const effect = `Blocks the VM ${printable(vm)} under ${under}. The VM learns this at its next renewal, and stops.`;
      const call =
        found === null
          ? { path: '/blocks', body: jsonBody({ licence, vmId: vm }) }
          : { path: `/activations/${found.id}/block` };
      await end(service, options, {
        effect: () => effect,
        call: { method: 'POST', ...call, answer: 'Activation' },
        show: (activation) => {
          showActivation(service, activation);
        },
      });
    });
}

function createUnblock(session: Session) {
  return endingCommand('unblock', 'Gives a blocked VM licences again.')
    .argument(...VM)
    .option(...LICENCE)
    .addHelpText('after', serviceHelp(`countersign activations unblock ${EXAMPLE_VM}`))
    .action(async (vm, options) => {
      const service = openService(session, options);
      const found = await findActivation(service.client, { vm, licence: options.licence });
      await change(service, options, { ...found, verb: 'unblock' });
    });
}

function createRelease(session: Session) {
  return endingCommand('release', 'Frees the seat of a VM at once, for example of one that was deleted.')
    .argument(...VM)
    .option(...LICENCE)
    .addHelpText('after', serviceHelp(`countersign activations release ${EXAMPLE_VM}`))
    .action(async (vm, options) => {
      const service = openService(session, options);
      const { id, licence, leaseEnd } = await findActivation(service.client, { vm, licence: options.licence });
      const effect = [
        `Frees the seat of the VM ${printable(vm)} under ${printable(licence)}.`,
        `The licence that the VM has lives until it expires, at the latest at ${printable(leaseEnd)}.`,
        'With overage 0, the VM that takes the seat makes two on one seat until then.',
      ].join(' ');
      const none = `The VM ${printable(vm)} never had a licence under ${printable(licence)}. Nothing changes for it.`;
      await end(service, options, {
        effect: () => (leaseEnd === NEVER ? none : effect),
        call: { method: 'POST', path: `/activations/${id}/release`, answer: 'Activation' },
        show: (activation) => {
          showActivation(service, activation);
        },
      });
    });
}

function createReleaseKey(session: Session) {
  return endingCommand('release-key', 'Forgets the key changes of a VM, so that it may change its key again.')
    .argument(...VM)
    .option(...LICENCE)
    .addHelpText('after', serviceHelp(`countersign activations release-key ${EXAMPLE_VM}`))
    .action(async (vm, options) => {
      const service = openService(session, options);
      const found = await findActivation(service.client, { vm, licence: options.licence });
      await change(service, options, { ...found, verb: 'release-key' });
    });
}

/** A change that takes nothing from anybody. */
function change(service: Service, flags: EndingFlags, { id, verb }: { readonly id: string; readonly verb: string }) {
  return end(service, flags, {
    effect: null,
    call: { method: 'POST', path: `/activations/${id}/${verb}`, answer: 'Activation' },
    show: (activation) => {
      showActivation(service, activation);
    },
  });
}

interface Wanted {
  readonly vm: string;
  readonly licence?: string | undefined;
}

/**
 * @throws {RefusedError} where the VM never came
 * @throws {UsageError} where it has several licences, and none says which one is meant
 */
async function findActivation(client: OperatorClient, { vm, licence }: Wanted): Promise<ActivationJson> {
  const all = await listOf(client, vm, licence);
  const newest = all.filter(({ movedTo }) => movedTo === null);
  // A row that the VM has left is meant only where there is no other.
  const found = newest.length > 0 ? newest : all;
  const [activation, ...others] = found;
  if (activation === undefined) {
    const where = licence === undefined ? 'here' : `under ${printable(licence)}`;
    const hint = 'To block a VM that never came, use activations block VM --licence ID';
    throw new RefusedError('not_found', `the VM ${printable(vm)} has not come for a licence ${where}. ${hint}`);
  }
  if (others.length === 0) return activation;
  const names = found.map((one) => printable(one.licence)).join(', ');
  throw new UsageError(`the VM has several licences. Name one with --licence: ${names}`);
}

/** Under a licence that is gone, those that it had when it was there. */
async function listOf(client: OperatorClient, vmId: string, licence: string | undefined) {
  const list = async (query: Readonly<Record<string, string | undefined>>) =>
    (await readList(client, { path: '/activations', query, item: 'Activation' }, 100)).items;
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

function showActivation({ show, session }: Service, { id, etag, ...activation }: ActivationJson): void {
  const { leaseEnd, graceUntil } = activation;
  const facts = { ...activation, leaseEnd: timeOrNull(leaseEnd), graceUntil: timeOrNull(graceUntil) };
  show({ id, etag, ...activation }, () => rows(listFacts(facts), session.terminal));
}

function listFacts(facts: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, cell(value)]));
}
