import { expect, test } from 'vitest';
import { readTerms } from '../../src/catalogue/terms.ts';
import { decide } from '../../src/decisions/decide.ts';
import { licencePool, marketplacePool } from '../../src/seats/poolUsage.ts';
import { AT, attestation, licence, offer } from '../support/licensing.ts';
import { memoryCatalogue } from '../support/memoryCatalogue.ts';

/** The pool that a VM of the offer draws its seat from. */
async function poolOf(sold: ReturnType<typeof offer>, licences: readonly ReturnType<typeof licence>[]) {
  const plan = { publisher: sold.plan.publisher, product: sold.plan.product, name: sold.plan.name };
  const vm = attestation({ plan });
  const terms = await readTerms(memoryCatalogue([sold], licences), vm, { at: AT });
  const decision = decide(terms, { vm, keyBound: true, at: AT });
  return decision.granted ? decision.entitlement.pool : decision.code;
}

test('operators look at the very pools that VMs draw their seats from', async () => {
  const { cloud, subscriptionId } = attestation();
  const marketplace = offer({ mode: 'marketplace' });
  expect(await poolOf(marketplace, [])).toEqual(marketplacePool(marketplace, cloud, subscriptionId));
  const licensed = offer({ mode: 'licensed' });
  expect(await poolOf(licensed, [licence()])).toEqual(licencePool(licence()));
});
