import { expect, test } from 'vitest';
import { addLicence, findOffer } from '../../src/catalogue/findOffer.ts';
import type { Licence } from '../../src/catalogue/licence.ts';
import { attestation, licence, offer } from '../support/licensing.ts';

const vm = attestation();

function licenceOf(licences: readonly Licence[], licenceId: string, sold = offer()): string | null {
  const terms = addLicence(findOffer([sold], vm.plan, undefined), licences, vm, { licenceId });
  return terms.found ? (terms.licence?.id ?? null) : terms.code;
}

test('a licence that was issued earlier is found by its id, or by what replaced it', () => {
  const other = { publisher: 'Contoso', product: 'Firewall', name: 'Basic' };
  const [own, renamed] = [licence({ id: 'own', plan: other }), licence({ id: 'renamed' })];
  expect(licenceOf([renamed, own], 'own')).toBe('own');
  expect(licenceOf([renamed], 'own')).toBe('renamed');
  expect(licenceOf([own], 'gone')).toBeNull();
  expect(licenceOf([renamed], 'own', offer({ mode: 'marketplace' }))).toBeNull();
});
