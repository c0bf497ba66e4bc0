import type { ActivationJson } from '../../contract/operators/activation.ts';
import type { EffectReportJson } from '../../contract/operators/records.ts';
import { useData } from '../data/useData.ts';
import { useSession } from '../session/context.ts';
import { ChangeDialogue } from './dialogue.tsx';
import { Loaded } from './loaded.tsx';
import { Ago } from './now.tsx';
import { Facts } from './table.tsx';

export type BlockVerb = 'block' | 'unblock';

const ENDPOINTS = { block: 'blockActivation', unblock: 'unblockActivation' } as const;

export interface BlockDialogueProps {
  readonly vm: ActivationJson;
  readonly verb: BlockVerb;
  readonly close: () => void;
}

/** Blocks a VM under one licence, or lets it in again. */
export function BlockDialogue({ vm, verb, close }: BlockDialogueProps) {
  const { api } = useSession();
  const params = { pool: vm.pool, vm: vm.vmId };
  const address = { params, etag: vm.etag };
  return (
    <ChangeDialogue
      title={verb === 'block' ? 'Block this VM?' : 'Unblock this VM?'}
      verb={verb === 'block' ? 'Block' : 'Unblock'}
      command={['activations', verb, vm.vmId, `--licence=${vm.licence}`, ...(verb === 'block' ? ['--yes'] : [])]}
      describe={(report) => <Effect vm={vm} verb={verb} report={report} />}
      attempt={async (signal) =>
        (await api.write(ENDPOINTS[verb], { ...address, query: { dryRun: 'true' }, signal })) as EffectReportJson
      }
      apply={async ({ reason, key }) => {
        await api.write(ENDPOINTS[verb], { ...address, query: { reason }, key });
      }}
      showVersions={() => <VersionsOf vm={vm} />}
      close={close}
    />
  );
}

interface EffectProps {
  readonly vm: ActivationJson;
  readonly verb: BlockVerb;
  readonly report: EffectReportJson;
}

function Effect({ vm, verb, report }: EffectProps) {
  if (verb === 'unblock') return <>The VM gets a licence again at its next renewal, where there is a seat for it.</>;
  if (report.effect.vms === 0) return <>No VM runs on this licence now. If it comes back, it gets no licence.</>;
  return (
    <>
      1 VM, denied at its next renewal. Where it cannot reach the service, it runs to the end of its grace,{' '}
      <Ago at={vm.graceUntil} />.
    </>
  );
}

/** As it was read, and as it is now: only what is different. */
function VersionsOf({ vm }: { readonly vm: ActivationJson }) {
  const { api } = useSession();
  const data = useData(`version ${vm.id}`, (signal) =>
    api.read('listActivations', { query: { vmId: vm.vmId }, signal }),
  );
  return (
    <Loaded data={data}>
      {({ items }) => {
        const now = items.find(({ id }) => id === vm.id);
        const members = (['blocked', 'seat', 'leaseEnd', 'lastSeen', 'key', 'region', 'client'] as const).filter(
          (member) => now !== undefined && now[member] !== vm[member],
        );
        return <Facts facts={members.map((member) => [member, `${String(vm[member])} → ${String(now?.[member])}`])} />;
      }}
    </Loaded>
  );
}
