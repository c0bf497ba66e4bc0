import { useState } from 'preact/hooks';
import type { ActivationJson } from '../../contract/operators/activation.ts';
import { ChangeDialogue } from '../parts/dialogue.tsx';
import { Versions } from '../parts/versions.tsx';
import { useSession } from '../session/context.ts';
import { writeCommand } from '../text/commandLine.ts';
import type { Members } from '../text/members.ts';
import { VM_CHANGES, vmCommand } from './vmChange.ts';
import type { VmVerb } from './vmChange.ts';
import { tryAndApply } from './tryAndApply.ts';

export interface VmDialogueProps {
  readonly vm: ActivationJson;
  readonly verb: VmVerb;
  readonly close: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string) => void;
}

/** Changes one VM under one licence, and starts over where somebody else was quicker. */
export function VmDialogue({ vm, verb, close, finish }: VmDialogueProps) {
  const { api } = useSession();
  const [current, setCurrent] = useState(vm);
  const { endpoint, title, button, isEnding, describe, done } = VM_CHANGES[verb];
  const params = { pool: current.pool, vm: current.vmId };
  const address = { params, etag: current.etag };
  return (
    <ChangeDialogue
      key={current.etag}
      title={title}
      verb={button}
      isEnding={isEnding}
      asked={verb}
      describe={({ effect }) => describe(current, effect.vms)}
      command={(reason) => writeCommand(vmCommand(current, verb), [{ name: 'reason', value: reason }])}
      {...tryAndApply(api, endpoint, address)}
      close={close}
      finish={() => {
        finish(done);
      }}
      showVersions={() => (
        <Versions
          read={membersOf(current)}
          mine={membersOf({ ...current, ...CHANGED[verb] })}
          readNow={(signal) => api.read('readActivation', { params, signal })}
          membersOf={membersOf}
          restart={setCurrent}
          close={close}
        />
      )}
    />
  );
}

/** What each verb writes. */
const CHANGED: Readonly<Record<VmVerb, Partial<ActivationJson>>> = {
  block: { blocked: true },
  unblock: { blocked: false },
  release: { seat: null },
  'release-key': { keyChanges: [] },
};

/** What is worth comparing. */
function membersOf({
  blocked,
  seat,
  movedTo,
  leaseEnd,
  key,
  keyChanges,
  region,
  client,
  lastSeen,
}: ActivationJson): Members {
  return { blocked, seat, movedTo, leaseEnd, key, keyChanges: keyChanges.length, region, client, lastSeen };
}
