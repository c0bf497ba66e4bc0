import fc from '../support/properties.ts';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { CHECK_NAMES } from '../../src/contract/attestation.ts';
import { EVIDENCE_CODES } from '../../src/contract/codes.ts';
import { rewriteElement } from '../../src/emulator/documents/der.ts';
import { ProfileError, parseSignedDocument } from '../../src/verifier/cms/signedData.ts';
import { DerError } from '../../src/verifier/der.ts';
import { parseCertificate } from '../../src/verifier/x509/certificate.ts';
import type { Trust } from '../../src/verifier/x509/trust.ts';
import { hasShared, listShared, sharedPath } from '../support/shared.ts';
import { HOSTILE } from './hostile.ts';
import { AT_PATH } from '../../src/emulator/vectors/derChanges.ts';
import { createScene, createTrust, judge, warm } from './scene.ts';
import type { Scene } from '../../src/emulator/vectors/scene.ts';

/** Whatever comes in: a refusal with a code, and nothing else. */

let scene: Scene;
let trusts: readonly Trust[];

beforeAll(async () => {
  scene = await createScene();
  trusts = [createTrust(scene), warm(scene, createTrust(scene))];
});

/** The check that refused the evidence, the same cold and warm; fails where it is accepted or anything is thrown. */
function refusedAt(evidence: Uint8Array | string): string {
  const [cold, known] = trusts.map((trust) => {
    const verification = judge(scene, { evidence }, trust);
    const failed = verification.checks.filter(({ outcome }) => outcome === 'failed');
    expect(failed).toHaveLength(1);
    expect(!verification.accepted && EVIDENCE_CODES.includes(verification.code)).toBe(true);
    return failed[0]?.name;
  });
  expect(known).toBe(cold);
  expect(CHECK_NAMES).toContain(cold);
  return cold ?? '';
}

/** Each reader alone, without what stands before it in the pipeline. */
function readAlone(octets: Uint8Array): void {
  expect(errorOf(() => parseSignedDocument(octets))).toSatisfy(
    (error) => error === null || error instanceof ProfileError,
  );
  expect(errorOf(() => parseCertificate(octets))).toSatisfy((error) => error === null || error instanceof DerError);
}

function errorOf(read: () => unknown): unknown {
  try {
    read();
    return null;
  } catch (error) {
    return error;
  }
}

const PLACES = Object.values(AT_PATH);

/** In the place of each part of a genuine document, with the lengths around it mended. */
function putEverywhere(octets: Uint8Array): void {
  for (const place of PLACES) refusedAt(rewriteElement(scene.genuine, place, () => octets));
}

test.each(HOSTILE)('$name is refused', async ({ octets }) => {
  const hostile = await octets(scene);
  expect(hostile.length).toBeLessThanOrEqual(16 * 1024);
  expect(refusedAt(hostile)).not.toBe('size');
  refusedAt(Buffer.from(hostile).toString('base64'));
  readAlone(hostile);
});

test('every input of one or two octets is refused', () => {
  for (let first = 0; first < 256; first++) {
    expect(['encoding', 'profile']).toContain(refusedAt(Uint8Array.of(first)));
  }
  const [cold] = trusts;
  if (cold === undefined) throw new Error('no trust');
  let accepted = 0;
  for (let pair = 0; pair < 65_536; pair++) {
    if (judge(scene, { evidence: Uint8Array.of(pair >> 8, pair & 0xff) }, cold).accepted) accepted++;
  }
  expect(accepted).toBe(0);
});

test('random octets are refused, alone and in each place of a document', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      refusedAt(octets);
      readAlone(octets);
      putEverywhere(octets);
    }),
    { numRuns: 150 },
  );
});

test('random text is refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), (text) => {
      refusedAt(text);
    }),
  );
});

test('the parts of a document in each other’s place are refused', () => {
  const parts: Uint8Array[] = [];
  for (const place of PLACES) {
    rewriteElement(scene.genuine, place, (element) => {
      parts.push(element);
      return element;
    });
  }
  for (const [one, place] of PLACES.entries()) {
    for (const [other, part] of parts.entries()) {
      if (isSamePlace(one, other)) continue;
      refusedAt(rewriteElement(scene.genuine, place, () => part));
    }
  }
});

/** Parts that are the same octets wherever they stand: the versions, and the two digest algorithms. */
function isSamePlace(one: number, other: number): boolean {
  const names = Object.keys(AT_PATH);
  const kind = (index: number) => names[index]?.replace(/^signer(?=Version|DigestAlgorithm)/, '').toLowerCase();
  return kind(one) === kind(other);
}

const FOLDER = ['suites', 'cms-fuzz'] as const;

test.skipIf(!hasShared)('public inputs that were made to break CMS readers are refused', () => {
  const files = listShared(...FOLDER);
  expect(files).toHaveLength(183);
  for (const file of files) {
    const octets = readFileSync(sharedPath(...FOLDER, file));
    expect(['encoding', 'profile'], file).toContain(refusedAt(octets));
    expect(['encoding', 'profile'], file).toContain(refusedAt(octets.toString('base64')));
    readAlone(octets);
  }
});

test.skipIf(!hasShared)('the same inputs in each place of a document are refused', () => {
  for (const file of listShared(...FOLDER)) putEverywhere(readFileSync(sharedPath(...FOLDER, file)));
});
