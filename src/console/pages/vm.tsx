import { useState } from 'preact/hooks';
import type { ActivationJson } from '../../contract/operators/activation.ts';
import { VM_CHANGES, listVmVerbs } from '../changes/vmChange.ts';
import type { VmVerb } from '../changes/vmChange.ts';
import { VmDialogue } from '../changes/vmDialogue.tsx';
import { useData } from '../data/useData.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Done } from '../parts/notices.tsx';
import { Ago } from '../parts/now.tsx';
import { Panel } from '../parts/panel.tsx';
import { Facts } from '../parts/table.tsx';
import { Id, Plain } from '../parts/text.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { VmState } from '../parts/vmTable.tsx';
import { Link } from '../routing/navigation.tsx';
import { shortenId } from '../text/ids.ts';
import { useMay, useSession } from '../session/context.ts';

export interface VmPageProps {
  readonly id: string;
  /** The pool of seats that is meant; every one where it is empty. */
  readonly pool: string;
}

/** One VM, under each licence that it has had. */
export function VmPage({ id, pool }: VmPageProps) {
  const { api } = useSession();
  const data = useData(`vm ${id}`, (signal) => api.read('listActivations', { query: { vmId: id }, signal }));
  const label = data.value?.items.find((vm) => vm.label !== null)?.label ?? null;
  return (
    <>
      <h1>VM {label === null ? <code>{shortenId(id)}</code> : <Plain text={label} />}</h1>
      <p>
        <Id id={id} what="the vmId" />
      </p>
      <Loaded data={data}>
        {({ items }) => {
          const shown = items.filter((vm) => pool === '' || vm.pool === pool);
          return (
            <>
              {shown.length === 0 && (
                <p class="empty">No VM with this id has had a licence{pool !== '' && ' there'}.</p>
              )}
              {shown.map((vm) => (
                <Activation key={vm.id} vm={vm} reload={data.reload} />
              ))}
              {shown.length < items.length && (
                <p>
                  <Link to={{ page: 'vms', id }}>Show it under all {items.length} licences</Link>
                </p>
              )}
              <Events vms={shown} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function Activation({ vm, reload }: { readonly vm: ActivationJson; readonly reload: () => void }) {
  return (
    <section>
      <h2>
        {vm.pool.startsWith('licence:') ? (
          <Link to={{ page: 'licences', id: vm.licence }}>
            <Plain text={vm.licence} />
          </Link>
        ) : (
          <Plain text={vm.licence} />
        )}
      </h2>
      <VmState vm={vm} />
      <VmFacts vm={vm} />
      <VmActions vm={vm} reload={reload} />
    </section>
  );
}

function VmFacts({ vm }: { readonly vm: ActivationJson }) {
  const { label, client, region, key, keyChanges } = vm;
  return (
    <Facts
      facts={[
        ['Label', label !== null && <Plain key="label" text={label} />],
        [
          'Subscription',
          <>
            {vm.cloud} <Id id={vm.subscription} what="the id of the subscription" />
          </>,
        ],
        ['Offer', vm.offer !== '' && <Plain key="offer" text={vm.offer} />],
        ['Region', region !== null && <Plain key="region" text={region} />],
        ['Client', client !== null && <Plain key="client" text={client} />],
        ['Seat', vm.seat ?? 'none'],
        ['Lease ends', <Ago key="lease" at={vm.leaseEnd} />],
        ['May run until', <Ago key="grace" at={vm.graceUntil} />],
        ['Key', key !== null && <Id key="key" id={key} what="the thumbprint of the key" />],
        ['Changes of key', keyChanges.length > 0 && keyChanges.map(({ at }) => <Ago key={at} at={at} />)],
        ['First seen', <Ago key="first" at={vm.firstSeen} />],
        ['Last seen', <Ago key="last" at={vm.lastSeen} />],
        [
          'Changes by operators',
          <>
            <Link to={{ page: 'changes', query: { kind: 'block', key: vm.id } }}>blocks</Link>,{' '}
            <Link to={{ page: 'changes', query: { kind: 'activation', key: vm.id } }}>seats and keys</Link>
          </>,
        ],
      ]}
    />
  );
}

function VmActions({ vm, reload }: { readonly vm: ActivationJson; readonly reload: () => void }) {
  const [verb, setVerb] = useState<VmVerb | null>(null);
  const [said, setSaid] = useState('');
  const mayWrite = useMay('Operator');
  const close = () => {
    setVerb(null);
  };
  return (
    <>
      {mayWrite && (
        <div class="actions unprinted">
          {listVmVerbs(vm).map((one) => (
            <button
              key={one === 'unblock' ? 'block' : one}
              type="button"
              class={one === 'unblock' ? 'primary' : VM_CHANGES[one].isEnding ? 'ending' : ''}
              onClick={() => {
                setVerb(one);
              }}
            >
              {VM_CHANGES[one].open}
            </button>
          ))}
        </div>
      )}
      {verb !== null && (
        <VmDialogue
          vm={vm}
          verb={verb}
          close={() => {
            close();
            reload();
          }}
          finish={(done) => {
            close();
            setSaid(done);
            reload();
          }}
        />
      )}
      <Done said={said} />
    </>
  );
}

function Events({ vms }: { readonly vms: readonly ActivationJson[] }) {
  const [vm] = vms;
  if (vm === undefined) return null;
  return (
    <Panel
      title="What was decided"
      action={<Link to={{ page: 'decisions', query: { cloud: vm.cloud, vmId: vm.vmId } }}>As a list, live</Link>}
    >
      <Timeline cloud={vm.cloud} vmId={vm.vmId} />
    </Panel>
  );
}
