import { expect, test } from 'vitest';
import { EmptyTrustError, Trust } from '../../../src/verifier/x509/trust.ts';
import { TrustedCertificates } from '../../../src/verifier/x509/trustedCertificates.ts';
import { issueCa, parseIssued } from './pki.ts';

const empty = new TrustedCertificates({ anchors: [], intermediates: [] });
const domainOf = (certificates: TrustedCertificates) => ({
  name: 'test',
  domain: 'a.example',
  isPinned: true,
  certificates,
});

test('an empty trust is an error, never a state in which anything is trusted', async () => {
  const root = parseIssued(await issueCa('root'));
  const intermediates = new TrustedCertificates({ anchors: [], intermediates: [root] });
  expect(() => new Trust([], '1')).toThrow(EmptyTrustError);
  expect(() => new Trust([domainOf(empty), domainOf(intermediates)], '1')).toThrow('no trust anchor for any cloud');
});

test('trust is immutable, and its cache of leaves its own', async () => {
  const anchors = [parseIssued(await issueCa('root'))];
  const domains = [domainOf(empty), domainOf(new TrustedCertificates({ anchors, intermediates: [] }))];
  const trust = new Trust(domains, '2026-07-01');
  domains.pop();
  expect(trust.domains).toHaveLength(2);
  expect(Object.isFrozen(trust.domains)).toBe(true);
  expect(trust.version).toBe('2026-07-01');
  expect(new Trust(trust.domains, '1').verifiedLeaves).not.toBe(trust.verifiedLeaves);
});
