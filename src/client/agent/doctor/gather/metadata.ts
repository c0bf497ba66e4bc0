import { asObject, objectMember, textMember } from '../../../members.ts';
import type { JsonObject } from '../../../members.ts';
import type { Answer } from '../../../diagnosis/ask.ts';
import type { NotLookedAt } from '../notLookedAt.ts';

/** What IMDS says of the VM: which parts are there, and not what stands in them. */
export interface MetadataEvidence {
  readonly apiVersion: string;
  /** `compute`, `network` */
  readonly sections: readonly string[];
  /** Fields of `compute` that every VM has, and that are absent or empty here. */
  readonly missing: readonly string[];
  /** The VM's own id in Azure; null where it is not told. */
  readonly resourceId: string | null;
  readonly isInScaleSet: boolean;
}

/** Of every VM of Azure Resource Manager, in every api-version since 2018-10-01. */
const FIELDS = ['azEnvironment', 'location', 'name', 'osType', 'resourceGroupName', 'subscriptionId', 'vmId', 'vmSize'];
/** Characters. */
const MAX_TEXT = 2048;

export function lookAtMetadata(instance: Answer<JsonObject> | null): MetadataEvidence | NotLookedAt {
  if (instance?.judgement.kind !== 'usable') return { notLookedAt: 'IMDS did not answer with it.' };
  const { value } = instance.judgement;
  const compute = objectMember(value, 'compute') ?? {};
  const text = (name: string) => textMember(compute, name, MAX_TEXT) ?? null;
  return {
    apiVersion: instance.query['api-version'] ?? '',
    sections: Object.keys(value).filter((name) => asObject(value[name]) !== undefined),
    missing: FIELDS.filter((name) => text(name) === null),
    resourceId: text('resourceId'),
    isInScaleSet: text('vmScaleSetName') !== null,
  };
}
