import { expect, test } from 'vitest';
import { addLicence, findOffer } from '../../src/catalogue/findOffer.ts';
import { decide } from '../../src/decisions/decide.ts';
import { licencePool, marketplacePool } from '../../src/seats/poolUsage.ts';
import { AT, attestation, licence, offer } from '../support/licensing.ts';

/** The pool that a VM of the offer draws its seat from. */
function poolOf(sold: ReturnType<typeof offer>, licences: readonly ReturnType<typeof licence>[]) {
  const plan = { publisher: sold.plan.publisher, product: sold.plan.product, name: sold.plan.name };
  const vm = attestation({ plan });
  const terms = addLicence(findOffer([sold], plan, undefined), licences, vm);
  const decision = decide(terms, { vm, keyBound: true, at: AT });
  return decision.granted ? decision.entitlement.pool : decision.code;
}

test('operators look at the very pools that VMs draw their seats from', () => {
  const { cloud, subscriptionId } = attestation();
  const marketplace = offer({ mode: 'marketplace' });
  expect(poolOf(marketplace, [])).toEqual(marketplacePool(marketplace, cloud, subscriptionId));
  const licensed = offer({ mode: 'licensed' });
  expect(poolOf(licensed, [licence()])).toEqual(licencePool(licence()));
});
