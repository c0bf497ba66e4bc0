import type { ActivationJson } from '../../contract/operators/activation.ts';
import { Link } from '../routing/navigation.tsx';
import { shortenId } from '../text/ids.ts';
import { State } from './icons.tsx';
import { Ago, useNow } from './now.tsx';
import { Table } from './table.tsx';
import type { Column } from './table.tsx';
import { Plain } from './text.tsx';

/** Whether a VM is let in, and whether it has a seat. */
export function VmState({ vm }: { readonly vm: ActivationJson }) {
  const now = useNow();
  if (vm.blocked) return <State is="bad" word="blocked" />;
  if (vm.movedTo !== null) return <State is="idle" word="moved on" />;
  if (vm.seat === null || Date.parse(vm.leaseEnd) <= now) return <State is="idle" word="without a seat" />;
  return vm.overSince === null ? <State is="good" word="licensed" /> : <State is="warn" word="beyond the seats" />;
}

const COLUMNS: readonly Column<ActivationJson>[] = [
  {
    title: 'VM',
    cell: ({ vmId, pool, label }) => (
      <Link to={{ page: 'vms', id: vmId, query: { pool } }}>
        {label === null ? <code>{shortenId(vmId)}</code> : <Plain text={label} />}
      </Link>
    ),
  },
  { title: 'State', cell: (vm) => <VmState vm={vm} /> },
  { title: 'Seat', cell: ({ seat }) => seat ?? '–', isNumber: true },
  { title: 'Lease ends', cell: ({ leaseEnd }) => <Ago at={leaseEnd} /> },
  { title: 'Region', cell: ({ region }) => region !== null && <Plain text={region} /> },
  { title: 'Client', cell: ({ client }) => client !== null && <Plain text={client} /> },
  { title: 'Last seen', cell: ({ lastSeen }) => <Ago at={lastSeen} /> },
];

export function VmTable({ items }: { readonly items: readonly ActivationJson[] }) {
  return <Table caption="VMs" columns={COLUMNS} items={items} keyOf={({ id }) => id} />;
}
