import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CheckName } from '../../src/contract/attestation.ts';
import { alterContent } from '../../src/emulator/documents/documentChanges.ts';
import { MAX_DOCUMENT_OCTETS } from '../../src/verifier/verifyEvidence.ts';
import { runsOpenssl } from '../support/programs.ts';
import { expectedDocuments, hasShared, listShared, readSharedText } from '../support/shared.ts';
import { ASN1PARSE_LISTS, OPENSSL_ACCEPTS, PKIJS_DIFFERS, PKIJS_READS } from './disagreements.ts';
import type { Disagreement } from './disagreements.ts';
import { MUTATIONS } from '../../src/emulator/vectors/mutations.ts';
import { AT } from '../../src/emulator/vectors/scene.ts';
import { createScene } from './scene.ts';
import type { Scene } from '../../src/emulator/vectors/scene.ts';
import {
  createOpenssl,
  decodeOurselves,
  decodeWithPkijs,
  listElementsOurselves,
  listElementsWithOpenssl,
  verifyWithPkijs,
  withStandardDigest,
} from './secondOpinion.ts';
import type { Openssl } from './secondOpinion.ts';

/** Every document of the tests, as others read it. Where they disagree, `disagreements.ts` says why. */

interface Document {
  readonly name: string;
  /** That refuses it; null where it is accepted. */
  readonly check: CheckName | null;
  readonly octets: Uint8Array;
  readonly at: number;
  /** Whether pins of its own belong to it, which openssl's command has no notion of. */
  readonly hasOwnPins: boolean;
}

let scene: Scene;
let emulated: readonly Document[];
const folder = mkdtempSync(join(tmpdir(), 'countersign-'));

beforeAll(async () => {
  scene = await createScene();
  const accepted = { check: null, at: AT, hasOwnPins: false };
  emulated = [
    { ...accepted, name: 'as production', octets: scene.genuine },
    { ...accepted, name: 'with the standard digest', octets: scene.make({ digestOid: 'standard' }) },
    { ...accepted, name: 'without parameters', octets: scene.make({ parameters: 'absent' }) },
    ...(await makeMutated()),
  ];
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Those whose octets are changed, and that are not refused for their size alone. */
async function makeMutated(): Promise<Document[]> {
  const documents: Document[] = [];
  for (const { name, check, offer } of Object.values(MUTATIONS).flat()) {
    const { evidence, pins, at = AT } = await offer(scene);
    if (!(evidence instanceof Uint8Array) || evidence.length > MAX_DOCUMENT_OCTETS) continue;
    documents.push({ name, check, octets: evidence, at, hasOwnPins: pins !== undefined });
  }
  return documents;
}

function genuineDocuments(): Document[] {
  return expectedDocuments().map(({ file, at, expect: verdict }) => ({
    ...{ name: file, at: Date.parse(at), hasOwnPins: false },
    check: verdict === 'accept' ? null : 'path',
    octets: Buffer.from(readSharedText('attested-documents', file).trim(), 'base64'),
  }));
}

/** Of all documents, for which the list has a reason. */
function listed(disagreements: readonly Disagreement[], documents: readonly Document[]): string[] {
  const has = ({ name, check }: Document) =>
    disagreements.some(
      ({ checks = [], mutations = [] }) => mutations.includes(name) || (check !== null && checks.includes(check)),
    );
  return documents.filter(has).map(({ name }) => name);
}

const names = (documents: readonly Document[]) => documents.map(({ name }) => name);

test('every name in the lists is that of a mutation', () => {
  const all = new Set(Object.values(MUTATIONS).flatMap((list) => list.map(({ name }) => name)));
  const lists = [...PKIJS_READS, ...PKIJS_DIFFERS, ...ASN1PARSE_LISTS, ...OPENSSL_ACCEPTS];
  expect(lists.flatMap(({ mutations = [] }) => mutations).filter((name) => !all.has(name))).toEqual([]);
});

test('what we decode pkijs decodes the same; what it decodes alone is listed', () => {
  expect(emulated.length).toBeGreaterThan(200);
  const decoded = emulated.map((document) => {
    return { document, ours: decodeOurselves(document.octets), theirs: decodeWithPkijs(document.octets) };
  });
  const alone = decoded.filter(({ ours, theirs }) => ours === null && theirs !== null);
  const differing = decoded.filter(({ ours, theirs }) => ours !== null && !isDeepStrictEqual(ours, theirs));
  expect(names(alone.map(({ document }) => document))).toEqual(listed(PKIJS_READS, emulated));
  expect(names(differing.map(({ document }) => document))).toEqual(listed(PKIJS_DIFFERS, emulated));
  expect(decoded.filter(({ ours }) => ours !== null).length).toBeGreaterThan(150);
});

test.skipIf(!runsOpenssl)(
  'where our walk passes, openssl finds the same elements; what it lists alone is listed',
  () => {
    const walked = emulated.map((document) => {
      return {
        document,
        ours: listElementsOurselves(document.octets),
        theirs: listElementsWithOpenssl(document.octets),
      };
    });
    const alone = walked.filter(({ ours, theirs }) => ours === null && theirs !== null);
    const differing = walked.filter(({ ours, theirs }) => ours !== null && !isDeepStrictEqual(ours, theirs));
    expect(names(differing.map(({ document }) => document))).toEqual([]);
    const may = listed(ASN1PARSE_LISTS, emulated);
    expect(names(alone.map(({ document }) => document)).filter((name) => !may.includes(name))).toEqual([]);
    expect(walked.filter(({ ours }) => ours !== null).length).toBeGreaterThan(200);
  },
);

/** Its verdict with SHA-256's own identifier, so that nothing hangs on what a release does with Azure's, and whether the content that it hands out is what we read. */
function askOpenssl(openssl: Openssl, { octets, at }: Document): 'refused' | 'accepted' | 'accepted, other content' {
  const mended = withStandardDigest(octets);
  const answer = openssl.verify(mended, at);
  if ('error' in answer) return 'refused';
  const ours = decodeOurselves(mended);
  return ours === null || ours.content === answer.content ? 'accepted' : 'accepted, other content';
}

test.skipIf(!runsOpenssl)(
  'what we accept openssl accepts, with the same content; what it accepts alone is listed',
  () => {
    const openssl = createOpenssl(folder, scene.authority.pem + scene.chinese.pem);
    const comparable = emulated.filter(({ hasOwnPins }) => !hasOwnPins);
    const may = listed(OPENSSL_ACCEPTS, comparable);
    const surprises = comparable.flatMap((document) => {
      const verdict = askOpenssl(openssl, document);
      const isExpected =
        document.check === null
          ? verdict === 'accepted'
          : verdict === 'refused' || (verdict === 'accepted' && may.includes(document.name));
      return isExpected ? [] : [`${document.name}: ${verdict}`];
    });
    expect(surprises).toEqual([]);
  },
);

test('the digest OID: pkijs refuses every document as production writes it, and takes it with SHA-256’s own', async () => {
  const octets = [scene.genuine, ...genuineDocuments().flatMap((each) => (each.check === null ? [each.octets] : []))];
  for (const each of octets) {
    expect(await verifyWithPkijs(each)).toBe(false);
    expect(await verifyWithPkijs(withStandardDigest(each))).toBe(true);
  }
  expect(await verifyWithPkijs(withStandardDigest(scene.make({ change: alterContent })))).toBe(false);
});

test.skipIf(!hasShared)('genuine documents are decoded the same by pkijs', () => {
  const documents = genuineDocuments();
  expect(documents.length).toBeGreaterThan(10);
  for (const { name, octets } of documents) {
    const ours = decodeOurselves(octets);
    expect(ours, name).not.toBeNull();
    expect(decodeWithPkijs(octets), name).toEqual(ours);
  }
});

test.skipIf(!hasShared || !runsOpenssl)('genuine documents are read and judged the same by openssl', () => {
  const authorities = listShared('pki', 'certificates').map((file) => readSharedText('pki', 'certificates', file));
  const openssl = createOpenssl(folder, authorities.join('\n'));
  for (const document of genuineDocuments()) {
    const { name, octets, check } = document;
    expect(listElementsWithOpenssl(octets), name).toEqual(listElementsOurselves(octets));
    expect(askOpenssl(openssl, document), name).toBe(check === null ? 'accepted' : 'refused');
  }
});
