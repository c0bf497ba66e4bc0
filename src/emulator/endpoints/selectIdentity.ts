import type { ManagedIdentities } from '../vms/managedIdentities.ts';
import { refuse, type Refusal } from '../protocol/reply.ts';
import { uuidOf, type Vm } from '../vms/vms.ts';

export interface ManagedIdentity {
  readonly clientId: string;
  readonly objectId: string;
  /** Of the VM itself, or of the user-assigned identity. */
  readonly resourceId: string;
}

/** What a request names an identity by, and what it names then; the last two are one. */
const SELECTORS = {
  client_id: 'clientId',
  object_id: 'objectId',
  msi_res_id: 'resourceId',
  mi_res_id: 'resourceId',
} as const satisfies Record<string, keyof ManagedIdentity>;

const NAMES = Object.keys(SELECTORS) as (keyof typeof SELECTORS)[];

/** The identity that the request selects; without a selector the VM's own, or its only one. Throws a refusal. */
export function selectIdentity(vm: Vm, query: URLSearchParams): ManagedIdentity {
  const [name, ...more] = NAMES.filter((each) => (query.get(each) ?? '') !== '');
  if (more.length > 0) throw refuseToken('Only one of client_id, object_id and msi_res_id may be in the request');
  const selected = name === undefined ? findUsual(vm) : findSelected(vm, SELECTORS[name], query.get(name) ?? '');
  if (!selected) throw refuseToken('Identity not found');
  return selected;
}

export function refuseToken(description: string): Refusal {
  return refuse(400, 'invalid_request', { error_description: description });
}

/** A VM has its own identity alone where nothing is stated. */
const USUAL: ManagedIdentities = { system: true, user: [] };

function findUsual(vm: Vm): ManagedIdentity | undefined {
  const { system, user } = vm.identities ?? USUAL;
  if (system) return ownIdentity(vm);
  const [only, ...others] = user;
  if (others.length > 0) {
    throw refuseToken(
      'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
    );
  }
  return only && withIds(only);
}

function findSelected(vm: Vm, by: keyof ManagedIdentity, value: string): ManagedIdentity | undefined {
  const { system, user } = vm.identities ?? USUAL;
  const all = [...(system ? [ownIdentity(vm)] : []), ...user.map(withIds)];
  return all.find((identity) => identity[by].toLowerCase() === value.toLowerCase());
}

/** Its ids belong to the vmId. */
function ownIdentity({ compute }: Vm): ManagedIdentity {
  return {
    clientId: uuidOf(`client of ${compute.vmId}`),
    objectId: uuidOf(`principal of ${compute.vmId}`),
    resourceId: typeof compute['resourceId'] === 'string' ? compute['resourceId'] : '',
  };
}

function withIds({ resourceId, clientId, objectId }: ManagedIdentities['user'][number]): ManagedIdentity {
  const key = resourceId.toLowerCase();
  return {
    clientId: clientId ?? uuidOf(`client of ${key}`),
    objectId: objectId ?? uuidOf(`principal of ${key}`),
    resourceId,
  };
}
