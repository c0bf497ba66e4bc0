import { expect, test } from 'vitest';

import { foldCase, isAllowed, isSameName, isSamePlan, parsePlanName } from '../../src/contract/planName.ts';

test('names are compared without regard to ASCII case, and to no other case', () => {
  expect(isSameName('Contoso-Firewall', 'CONTOSO-firewall')).toBe(true);
  expect(isSameName('contoso', 'contoso2')).toBe(false);
  // U+212A, the Kelvin sign, is a "k" to String.prototype.toLowerCase.
  expect(isSameName('k', '\u212A')).toBe(false);
  expect(foldCase('ÄBC')).toBe('Äbc');
});

test('a plan is publisher, product and plan', () => {
  expect(parsePlanName('contoso/firewall/pro')).toEqual({ publisher: 'contoso', product: 'firewall', name: 'pro' });
  for (const text of ['', 'contoso', 'contoso/firewall', 'contoso/firewall/', '/firewall/pro', 'a/b/c/d', 'a//c']) {
    expect(parsePlanName(text)).toBeNull();
  }
});

test('plans are the same in any spelling', () => {
  const plan = { publisher: 'Contoso', product: 'Firewall', name: 'Pro' };
  expect(isSamePlan(plan, { publisher: 'contoso', product: 'FIREWALL', name: 'pro' })).toBe(true);
  expect(isSamePlan(plan, { ...plan, name: 'Pro2' })).toBe(false);
});

test('a list allows what it names, and an empty sku only by name', () => {
  expect(isAllowed('*', '')).toBe(true);
  expect(isAllowed(['Gen1', 'gen2'], 'GEN2')).toBe(true);
  expect(isAllowed(['Gen1'], '')).toBe(false);
  expect(isAllowed(['Gen1', ''], '')).toBe(true);
  // Inside a list the star is a name like any other.
  expect(isAllowed(['*'], 'Gen1')).toBe(false);
});
