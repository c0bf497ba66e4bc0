import { createAuthority } from '../emulator/authority/authority.ts';
import { documentContent } from '../emulator/documents/documentContent.ts';
import { createKeyRing } from '../emulator/authority/keys.ts';
import { signDocument } from '../emulator/documents/signDocument.ts';
import { createAdHocTrust } from '../trust/adHocTrust.ts';
import { verifyEvidence } from '../verifier/verifyEvidence.ts';
import type { Verification } from '../contract/attestation.ts';

/** After so many the verifier's code is compiled, and what it loads late is loaded. */
const ROUNDS = 40;

const DAY = 24 * 60 * 60 * 1000;

/** Any time will do. */
const AT = Date.UTC(2026, 0, 1);

/**
 * Verifies documents that are made for nothing else, so that the first real one costs no more than the others. Trust is
 * made anew each round: every round is a leaf's first, with its path and its second reading. One key serves the whole
 * authority, because keys are what takes time to make.
 *
 * @returns the last verification; its document is a good one
 */
export async function warmUp(): Promise<Verification> {
  const pair = createKeyRing()('warm-up');
  const authority = await createAuthority({ keys: () => pair, at: AT });
  const vm = { vmId: ID, subscriptionId: ID, sku: '', licenseType: '', plan: { name: '', product: '', publisher: '' } };
  const content = documentContent({ vm, apiVersion: '2020-09-01', createdOn: AT });
  const document = Buffer.from(signDocument({ leaf: await authority.issueLeaf(), content }));
  const verifyAt = (at: number): Verification => {
    const trust = createAdHocTrust(authority.pem, authority.domain);
    const acceptedClouds = trust.domains.map(({ name }) => name);
    const policy = { acceptedClouds, requiredClaims: ['vmId', 'timeStamp'], maximumAge: null, clockSkew: 0 } as const;
    return verifyEvidence(document.toString('base64'), { trust, policy, at });
  };
  for (let round = 1; round < ROUNDS; round++) verifyAt(AT + (round % 2) * DAY);
  return verifyAt(AT);
}

const ID = '00000000-0000-4000-8000-000000000000';
