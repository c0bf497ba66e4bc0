import { isSameName } from '../../../../contract/planName.ts';
import type { Evidence } from '../evidence.ts';
import type { Area } from '../finding.ts';
import type { PlanEvidence } from '../gather/plan.ts';
import { isLookedAt } from '../notLookedAt.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';

const CLAIMS = {
  configuration: ', with a claim code in the configuration',
  userData: ', with a claim code in the user data',
  unusable: '',
};

/** Names are compared without regard to case, as the service does. */
export const PLAN = {
  title: 'Plan',
  describe: ({ claim, offer, plan }) => `${offer ?? plan ?? 'none'}${claim === null ? '' : CLAIMS[claim]}`,
  causes: {
    plan_missing: {
      means: 'The image of this VM has no plan, and the configuration names no offer.',
      advice:
        'Deploy the VM from the vendor’s image in the Marketplace. Where the vendor sells it otherwise, set the member offer as the vendor says.',
      judge(own, all) {
        if (own.plan !== null || own.offer !== null || own.product === null) return null;
        return { evidence: ['plan: none', `image: ${own.image}`], ...cure(own, all) };
      },
    },
    plan_of_other_product: {
      means: 'The plan of the image is for another product than the configuration.',
      advice:
        'Compare the member product with what the vendor sent. Where the image is another vendor’s, set the member offer as the vendor says.',
      judge(own, all) {
        const { offer, plan, product } = own;
        if (plan === null || offer !== null || product === null || isOf(plan, product)) return null;
        // The vendor may sell the plan under another name.
        if (hasLicence(all)) return null;
        return { evidence: [`plan: ${plan}`, `product: ${product}`], ...cure(own, all) };
      },
    },
    offer_of_other_product: {
      means: 'The members offer and product of the configuration are for two products.',
      advice: 'Set both as the vendor says. The offer begins with the product.',
      judge({ offer, product }) {
        if (offer === null || product === null || isOf(offer, product)) return null;
        return {
          ...{ evidence: [`offer: ${offer}`, `product: ${product}`], command: null },
          snippet: `"offer": "${product}/<plan>"`,
        };
      },
    },
    claim_unusable: {
      means: 'The user data of this VM speaks of a claim code, and has no line that can be read as one.',
      advice:
        'Write the line countersign-claim=CODE into the user data, on a line of its own, and encode it as base64.',
      judge: ({ claim }) =>
        claim === 'unusable'
          ? { evidence: ['userData: no line countersign-claim=CODE'], command: null, snippet: 'countersign-claim=CODE' }
          : null,
    },
  },
} as const satisfies Area<PlanEvidence>;

/** Whether `publisher/product/plan` is of this `publisher/product`. */
function isOf(plan: string, product: string): boolean {
  return isSameName(plan.split('/').slice(0, 2).join('/'), product);
}

function hasLicence({ clock }: Evidence): boolean {
  return isLookedAt(clock) && clock.licenceIssuedAt !== null;
}

function cure({ product }: PlanEvidence, { metadata }: Evidence) {
  const id = isLookedAt(metadata) ? metadata.resourceId : null;
  return {
    command: id === null ? null : quoteForSh('az', 'vm', 'show', '--query', 'plan', '--ids', id),
    snippet: `"offer": "${product ?? ''}/<plan>"`,
  };
}
