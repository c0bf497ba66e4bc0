import type { ActivationJson } from '../../contract/operators/activation.ts';
import type { OperatorEndpoint } from '../../contract/endpoints.ts';
import { describeUtc } from '../text/time.ts';

export const VM_VERBS = ['block', 'unblock', 'release', 'release-key'] as const;

/** As the route and the command call it. */
export type VmVerb = (typeof VM_VERBS)[number];

export interface VmChange {
  readonly endpoint: OperatorEndpoint;
  readonly title: string;
  /** On the button that opens the dialogue, and on the one that does it. */
  readonly open: string;
  readonly button: string;
  /** Whether it takes something from somebody: then the command asks too, unless it has `--yes`. */
  readonly isEnding: boolean;
  /** @param vms that run on the licence: one or none */
  readonly describe: (vm: ActivationJson, vms: number | null) => string;
  readonly done: string;
}

export const VM_CHANGES: Readonly<Record<VmVerb, VmChange>> = {
  block: {
    ...{ endpoint: 'blockActivation', title: 'Block this VM?', open: 'Block this VM …', button: 'Block' },
    isEnding: true,
    describe: ({ graceUntil }, vms) =>
      vms === 0
        ? 'No VM runs on this licence now. If it comes back, it gets no licence.'
        : `1 VM, denied at its next renewal. If it cannot reach the service, it runs to the end of its grace, ${at(graceUntil)}.`,
    done: 'The VM is blocked now.',
  },
  unblock: {
    ...{ endpoint: 'unblockActivation', title: 'Unblock this VM?', open: 'Unblock this VM …', button: 'Unblock' },
    isEnding: false,
    describe: () => 'The VM gets a licence again at its next renewal, where there is a seat for it.',
    done: 'The VM is no longer blocked.',
  },
  release: {
    ...{ endpoint: 'releaseSeat', title: 'Release the seat of this VM?', open: 'Release its seat …' },
    ...{ button: 'Release the seat', isEnding: true },
    describe: ({ leaseEnd }) =>
      `The seat is free at once, for example because the VM was deleted. If it still runs, its licence lives until it expires, at the latest ${at(leaseEnd)}: with overage 0, the VM that takes the seat makes two on one seat until then.`,
    done: 'The seat is free now.',
  },
  'release-key': {
    ...{ endpoint: 'releaseKey', title: 'Forget the key changes of this VM?', open: 'Forget its key changes …' },
    ...{ button: 'Forget the key changes', isEnding: false },
    describe: ({ keyChanges }) =>
      `The VM may change its key again, as a reinstalled VM does. It has changed it ${keyChanges.length === 1 ? 'once' : `${keyChanges.length} times`} while licences under earlier keys were valid. If nobody reinstalled it, its disk may have been copied: block it instead.`,
    done: 'The key changes are forgotten. The VM may change its key again.',
  },
};

const at = (time: string) => describeUtc(Date.parse(time));

/** Those that change something about a VM as it is. */
export function listVmVerbs({ blocked, seat, keyChanges }: ActivationJson): readonly VmVerb[] {
  return [
    blocked ? 'unblock' : 'block',
    ...(seat === null ? [] : (['release'] as const)),
    ...(keyChanges.length === 0 ? [] : (['release-key'] as const)),
  ];
}

/** The words of the command after `countersign`. */
export function vmCommand({ vmId, licence }: ActivationJson, verb: VmVerb): readonly string[] {
  return ['activations', verb, vmId, `--licence=${licence}`, ...(VM_CHANGES[verb].isEnding ? ['--yes'] : [])];
}
