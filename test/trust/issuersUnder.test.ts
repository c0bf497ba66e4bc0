import { beforeAll, expect, test } from 'vitest';

import { createAuthority } from '../../src/emulator/authority/authority.ts';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import { listIssuersUnder } from '../../src/trust/issuersUnder.ts';
import { findPinnedCertificates } from '../../src/trust/pinnedCertificates.ts';
import { signerRules } from '../../src/verifier/signerRules.ts';
import { runKeys } from '../support/runKeys.ts';
import { AT, CLOUD, createPki, DOMAIN, dersOf, manifestOf } from './pki.ts';

const rules = signerRules(true);

let pki: Authority;
/** Its issuing CA has the name of the other's, and its roots have names of their own. */
let twin: Authority;

beforeAll(async () => {
  pki = await createPki();
  const names = { root: 'Twin Root', secondRoot: 'Twin Second Root' };
  twin = await createAuthority({ domain: DOMAIN, at: AT, names, keys: runKeys('other') });
});

function find(digest: string, { all = [pki], distrusted = new Set<string>() } = {}) {
  const manifests = all.map((authority) => manifestOf(authority));
  const certificates = findPinnedCertificates(manifests, dersOf(all.flatMap((one) => one.certificates)));
  return listIssuersUnder(digest, { manifests, certificates, distrusted }, { rules, at: AT });
}

const certain = (ca: Authority['intermediate'], isCertain = true) => ({ cloud: CLOUD, name: ca.facts.name, isCertain });

test('an issuing CA is under its own certificate and its own key', () => {
  const { intermediate } = pki;
  const { sha256, spkiSha256 } = intermediate.facts;
  expect(find(sha256)).toEqual([certain(intermediate)]);
  expect(find(spkiSha256)).toEqual([certain(intermediate)]);
  // It says the same once that holds.
  expect(find(sha256, { distrusted: new Set([sha256]) })).toEqual([certain(intermediate)]);
});

test('an issuing CA is under the key of its root, and perhaps under one of two certificates of it', () => {
  const { intermediate, root, secondRoot, crossSignedRoot } = pki;
  const under = (digest: string, distrusted?: ReadonlySet<string>) =>
    find(digest, distrusted && { distrusted: new Set(distrusted) })?.filter(
      ({ name }) => name === intermediate.facts.name,
    );
  expect(under(root.facts.spkiSha256)).toEqual([certain(intermediate)]);
  for (const { facts } of [root, secondRoot, crossSignedRoot]) {
    expect(under(facts.sha256)).toEqual([certain(intermediate, false)]);
  }
  expect(under(root.facts.sha256, new Set([secondRoot.facts.sha256]))).toEqual([certain(intermediate)]);
});

test('of two CAs with one name it is not known which one issued', () => {
  const { intermediate } = pki;
  const all = [pki, twin];
  expect(find(intermediate.facts.sha256, { all })).toEqual([certain(intermediate, false)]);
  expect(twin.intermediate.facts.name).toBe(intermediate.facts.name);
});

test('what no pin names may be a leaf: nothing is said of it', () => {
  expect(find('ab'.repeat(32))).toBeNull();
});
