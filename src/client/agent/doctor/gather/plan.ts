import { findClaimCode } from '../../../claimCode.ts';
import type { Answer } from '../../../diagnosis/ask.ts';
import { objectMember, textMember } from '../../../members.ts';
import type { JsonObject } from '../../../members.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import type { Circumstances } from './circumstances.ts';

/** What IMDS says this VM is, beside what the configuration asks for. Names as each of them writes them. */
export interface PlanEvidence {
  /** Lower case; null where IMDS does not tell it. */
  readonly vmId: string | null;
  /** `publisher/product/plan` of the image; null where it has none. */
  readonly plan: string | null;
  /** `publisher/offer/sku` of the image. */
  readonly image: string;
  /** Options; null where they are not set. */
  readonly product: string | null;
  readonly offer: string | null;
  /** Where a claim code was found, never the code. `unusable`: its line is there, and what follows is no code. */
  readonly claim: 'configuration' | 'userData' | 'unusable' | null;
}

/** Characters. */
const MAX_NAME = 256;
const MAX_USER_DATA = 90_000;
/** However somebody has spelled it. */
const CLAIM = /countersign[-_ ]?claim/i;

export function lookAtPlan(
  { agent: { configuration } }: Pick<Circumstances, 'agent'>,
  instance: Answer<JsonObject> | null,
): PlanEvidence | NotLookedAt {
  const compute = instance?.judgement.kind === 'usable' ? objectMember(instance.judgement.value, 'compute') : undefined;
  if (compute === undefined) return { notLookedAt: 'IMDS did not answer with it.' };
  const read = (from: JsonObject, ...names: readonly string[]) =>
    names.map((name) => textMember(from, name, MAX_NAME) ?? '').join('/');
  const plan = read(objectMember(compute, 'plan') ?? {}, 'publisher', 'product', 'name');
  const { options } = configuration;
  return {
    vmId: textMember(compute, 'vmId', MAX_NAME)?.toLowerCase() ?? null,
    plan: plan === '//' ? null : plan,
    image: read(compute, 'publisher', 'offer', 'sku'),
    product: readName(options, 'product', 2),
    offer: readName(options, 'offer', 3),
    claim: options['claim'] === undefined ? findClaim(compute) : 'configuration',
  };
}

/** Null also where it does not have so many parts: that is told with the configuration. */
function readName(options: JsonObject, name: string, parts: number): string | null {
  const text = textMember(options, name, MAX_NAME) ?? '';
  return text.split('/').filter((part) => part !== '').length === parts ? text : null;
}

function findClaim(compute: JsonObject): PlanEvidence['claim'] {
  const userData = textMember(compute, 'userData', MAX_USER_DATA) ?? '';
  if (findClaimCode(userData) !== undefined) return 'userData';
  const isMeant = [userData, Buffer.from(userData, 'base64').toString('utf8')].some((text) => CLAIM.test(text));
  return isMeant ? 'unusable' : null;
}
