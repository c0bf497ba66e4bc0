import type { AttestationResult, AttestedPlan } from '../../contract/attestation.ts';
import { objectMember, textMember } from '../../client/members.ts';
import type { JsonObject } from '../../client/members.ts';
import { foldCase } from '../../contract/planName.ts';
import { formatPlan } from '../printable.ts';
import type { Answer } from '../../client/diagnosis/ask.ts';
import { NOT_REACHED, noted, passed } from './finding.ts';
import type { Found } from './finding.ts';

/** What IMDS says of the image, outside the signed document. */
export interface ImageFacts {
  readonly plan: AttestedPlan;
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
}

const MAX_NAME = 4096;

export function readImage(instance: Answer<JsonObject> | null): ImageFacts | null {
  if (instance?.judgement.kind !== 'usable') return null;
  const compute = objectMember(instance.judgement.value, 'compute') ?? {};
  const plan = objectMember(compute, 'plan') ?? {};
  const text = (object: JsonObject, name: string) => textMember(object, name, MAX_NAME, 0) ?? '';
  return {
    plan: { publisher: text(plan, 'publisher'), product: text(plan, 'product'), name: text(plan, 'name') },
    ...{ publisher: text(compute, 'publisher'), offer: text(compute, 'offer'), sku: text(compute, 'sku') },
  };
}

/** The attested plan decides about licences; what `/instance` says beside it is only compared. */
export function judgePlan(instance: Answer<JsonObject> | null, attested: AttestationResult | null): Found {
  if (attested?.plan === null || attested === null) return NOT_REACHED;
  const plan = formatPlan(attested.plan);
  if (plan === '') {
    return noted(
      'plan_empty',
      'The document attests no Marketplace plan: the image was not deployed from a plan.',
      'Test your Marketplace image as well. For an image without a plan of yours, set the option "offer" of the client.',
    );
  }
  const image = readImage(instance);
  const other = image === null ? plan : formatPlan(image.plan);
  if (other === plan) return passed(`${plan}. If this is not your plan, set the option "offer" of the client.`);
  const isCase = foldCase(other) === foldCase(plan);
  return isCase
    ? noted('plan_case', `${plan}; /metadata/instance writes it ${other}. Countersign takes both for the same plan.`)
    : noted(
        'plan_differs',
        `${plan}; /metadata/instance says ${other === '' ? '(none)' : other}. The document counts.`,
      );
}
