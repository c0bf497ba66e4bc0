import { generateKeyPairSync, sign, verify } from 'node:crypto';
import type { AttestationResult } from '../../src/contract/attestation.ts';
import { checkNonce, checkTimes } from '../../src/verifier/appraise.ts';
import { checkClaims, parseAttestedDocument } from '../../src/verifier/attestedDocument.ts';
import { decodeBase64 } from '../../src/contract/base64.ts';
import { parseSignedDocument } from '../../src/verifier/cms/signedData.ts';
import type { SignedDocument } from '../../src/verifier/cms/signedData.ts';
import { checkDer } from '../../src/verifier/der.ts';
import { checkSecondReading } from '../../src/verifier/secondReader.ts';
import { certifySigner, checkCloud, identifySigner } from '../../src/verifier/signer.ts';
import { DOCUMENT_LIMITS, verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import type { VerifyOptions } from '../../src/verifier/verifyEvidence.ts';
import type { VerifiedLeaf } from '../../src/verifier/x509/trust.ts';
import { createIssuer } from './licensing.ts';
import { createPkijsVerify } from './pkijsVerify.ts';
import type { Candidate } from './rounds.ts';
import { forgetLeaves } from './subject.ts';
import type { Subject } from './subject.ts';

/** What is timed, by the letters of the table in docs/performance.md where it has one. */
export async function createCandidates(subject: Subject): Promise<readonly Candidate[]> {
  const token = await createIssuer()(verifyWarm(subject), subject.options.at);
  return [...createLimits(subject, Buffer.from(token)), ...createVerifications(subject), createWarm(subject)];
}

/** The same verifications of a genuine document. */
export function createGenuineCandidates(subject: Subject): readonly Candidate[] {
  verifyWarm(subject);
  return createVerifications(subject).map((candidate) => ({ ...candidate, name: `genuine ${candidate.name}` }));
}

function repeat(name: string, once: () => void): Candidate {
  const run = (times: number): void => {
    for (let time = 0; time < times; time++) once();
  };
  return { name, run };
}

function repeatAsync(name: string, once: () => Promise<unknown>): Candidate {
  const run = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) await once();
  };
  return { name, run };
}

/** (a): the cryptography that no service of this kind can do without. */
function createLimits(subject: Subject, token: Buffer): readonly Candidate[] {
  const { content, signature } = parseSignedDocument(subject.octets);
  const publicKey = verifyUncached(subject.text, forgetfulOptions(subject)).leaf.certificate.publicKey();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signingInput = token.subarray(0, token.lastIndexOf('.'));
  const rsaVerify = (): void => {
    if (!verify('sha256', content, publicKey, signature)) throw new Error('the signature did not verify');
  };
  const es256 = (): void => {
    sign('sha256', signingInput, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  };
  const limit = (): void => {
    rsaVerify();
    es256();
  };
  return [repeat('rsaVerify', rsaVerify), repeat('es256', es256), repeat('limit', limit)];
}

/** (v), (c), (s), (d), and the whole of a leaf's first document. */
function createVerifications(subject: Subject): readonly Candidate[] {
  const { text, octets, options } = subject;
  const uncached = forgetfulOptions(subject);
  const document = parseSignedDocument(octets);
  const { certificate } = verifyUncached(text, uncached).leaf;
  return [
    repeat('verify', () => verifyWarm(subject)),
    repeat('cold', () => verifyUncached(text, uncached)),
    repeat('secondReading', () => {
      checkSecondReading(octets, document, certificate);
    }),
    repeat('first', () => verifyWarm({ ...subject, options: { ...options, trust: forgetLeaves(options.trust) } })),
    repeatAsync('pkijs', createPkijsVerify(subject)),
  ];
}

/** (b) */
function createWarm(subject: Subject): Candidate {
  const issue = createIssuer();
  return repeatAsync('warm', () => issue(verifyWarm(subject), subject.options.at));
}

/** The verifier as it is called by the service; the leaf is in the trust's cache from the second call on. */
function verifyWarm({ text, options }: Pick<Subject, 'text' | 'options'>): AttestationResult {
  const verification = verifyEvidence(text, options);
  if (!verification.accepted) throw new Error(`the document was refused: ${verification.code}`);
  return verification.result;
}

/** Nothing in this file fills the cache of this trust. */
function forgetfulOptions({ options }: Subject): VerifyOptions {
  return { ...options, trust: forgetLeaves(options.trust) };
}

/**
 * (c): the steps of `verifyEvidence` in its order, without the second reading, and so without anything that would put the
 * leaf into the cache. The second reading cannot be switched off in the verifier itself; that the steps here are still its
 * own shows in the table: (c) and (s) together are a leaf's first document.
 */
function verifyUncached(
  text: string,
  { trust, policy, nonce, at }: VerifyOptions,
): { leaf: VerifiedLeaf; createdOn: number } {
  const octets = decodeBase64(text);
  if (octets === null) throw new Error('not base64');
  checkDer(octets, DOCUMENT_LIMITS);
  const document = parseSignedDocument(octets);
  const signer = identifySigner(document, trust, at);
  if (signer.known !== null) throw new Error('the leaf is in the cache');
  const leaf = certifySigner(signer, checkCloud(signer, trust, policy.acceptedClouds), at);
  checkSignature(document, leaf);
  const claims = parseAttestedDocument(document.content);
  checkClaims(claims, policy.requiredClaims);
  const { createdOn } = checkTimes(claims, leaf.certificate, policy, at);
  if (nonce !== undefined) checkNonce(claims, nonce);
  return { leaf, createdOn };
}

function checkSignature({ content, signature }: SignedDocument, { certificate }: VerifiedLeaf): void {
  if (!verify('sha256', content, certificate.publicKey(), signature)) throw new Error('the signature did not verify');
}
