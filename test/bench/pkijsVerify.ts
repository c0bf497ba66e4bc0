import { fromBER } from 'asn1js';
import { Certificate, ContentInfo, SignedData } from 'pkijs';
import { rewriteElement } from '../../src/emulator/documents/der.ts';
import { verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import { forgetLeaves } from './subject.ts';
import type { Subject } from './subject.ts';

/** SHA-256's own object identifier, with which pkijs takes a document; of Azure's it refuses every one. */
const SHA_256 = Buffer.from('0609608648016503040201', 'hex');

/**
 * Parsing and verifying with pkijs and its chain engine. It is given what it needs and no more: the digest's identifier
 * mended, the certificates of the path parsed. What our verifier does beside it (the names, the policy, the content) is
 * left out.
 *
 * @returns one verification, which rejects where pkijs does not accept
 */
export function createPkijsVerify(subject: Subject): () => Promise<void> {
  const octets = mendDigests(subject.octets);
  const [root, ...intermediates] = findIssuers(subject)
    .reverse()
    .map((der) => Certificate.fromBER(der));
  if (root === undefined) throw new Error('the path has no issuers');
  const checkDate = new Date(subject.options.at);
  return async () => {
    const signedData = new SignedData({ schema: new ContentInfo({ schema: fromBER(octets).result }).content });
    signedData.certificates?.push(...intermediates);
    const passed = await signedData.verify({ signer: 0, trustedCerts: [root], checkChain: true, checkDate });
    if (!passed) throw new Error('pkijs refused the document');
  };
}

function mendDigests(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  const outer = rewriteElement(octets, [1, 0, 1, 0, 0], () => SHA_256);
  return rewriteElement(outer, [1, 0, 4, 0, 2, 0], () => SHA_256);
}

/** The path above the leaf, as our verifier found it, in DER. */
function findIssuers({ octets, options }: Subject): Uint8Array<ArrayBuffer>[] {
  const trust = forgetLeaves(options.trust);
  const { checks } = verifyEvidence(octets, { ...options, trust });
  const digest = /SHA-256 ([0-9a-f]{64})/.exec(checks.find(({ name }) => name === 'signer')?.detail ?? '')?.[1] ?? '';
  const [, ...issuers] = trust.verifiedLeaves.get(digest)?.path.certificates ?? [];
  return issuers.map(({ der }) => new Uint8Array(der));
}
