import { beforeAll, expect, test } from 'vitest';
import type { Verification } from '../../src/contract/attestation.ts';
import { AZURE_CLOUDS } from '../../src/contract/clouds.ts';
import { verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import type { Trust } from '../../src/verifier/x509/trust.ts';
import { expectedDocuments, hasShared, readSharedText } from '../support/shared.ts';
import { createSharedTrust } from '../support/sharedTrust.ts';
import { CHANGES, changeMended, changeRaw, listNodes } from './damage.ts';
import type { ChangeName, Node } from './damage.ts';
import { AT } from '../../src/emulator/vectors/scene.ts';
import { createScene, createTrust } from './scene.ts';

/**
 * Exhaustive damage: each single bit, each element, each prefix of a genuine and of an emulated document. Nothing of it
 * may verify, and nothing else than a refusal may come of it.
 */

const GENUINE = '19-public-2026-06-eastus-g2.b64';

/** As little as can be asked: whatever is refused is refused for what it is, not for what a policy wants. */
const POLICY = {
  acceptedClouds: Object.keys(AZURE_CLOUDS),
  requiredClaims: [],
  maximumAge: null,
  clockSkew: 0,
} as const;

interface Specimen {
  readonly octets: Uint8Array;
  readonly at: number;
  readonly createTrust: () => Trust;
}

const specimens = new Map<string, Specimen>();

beforeAll(async () => {
  const scene = await createScene();
  specimens.set('emulated', { octets: scene.genuine, at: AT, createTrust: () => createTrust(scene) });
  const expected = expectedDocuments().find(({ file }) => file === GENUINE);
  if (expected === undefined) return;
  const octets = Buffer.from(readSharedText('attested-documents', GENUINE).trim(), 'base64');
  specimens.set('genuine', { octets, at: Date.parse(expected.at), createTrust: createSharedTrust });
});

const CASES = ['emulated', 'genuine'].flatMap((document) =>
  ['cold', 'warm'].map((temperature) => ({ document, temperature })),
);

/** Judges damaged octets by one trust, which has met the whole document where it is warm. */
class Judge {
  readonly octets: Uint8Array;
  readonly whole: Verification;
  readonly #specimen: Specimen;
  readonly #trust: Trust;

  constructor(document: string, temperature: string) {
    const specimen = specimens.get(document);
    if (specimen === undefined) throw new Error(`no ${document} document`);
    this.#specimen = specimen;
    this.octets = Uint8Array.from(specimen.octets);
    this.whole = verifyEvidence(this.octets, { trust: specimen.createTrust(), policy: POLICY, at: specimen.at });
    this.#trust = specimen.createTrust();
    if (temperature === 'warm') this.accepts(this.octets);
  }

  accepts(octets: Uint8Array): boolean {
    return verifyEvidence(octets, { trust: this.#trust, policy: POLICY, at: this.#specimen.at }).accepted;
  }

  /** By a trust that has met nothing. */
  verifyAlone(octets: Uint8Array): Verification {
    const { at } = this.#specimen;
    return verifyEvidence(octets, { trust: this.#specimen.createTrust(), policy: POLICY, at });
  }

  get knownLeaves(): number {
    return this.#trust.verifiedLeaves.size;
  }
}

/** Tests that run for each document and temperature; those of the genuine one are seen to be skipped without it. */
function eachDocument(name: string, body: (judge: Judge) => void): void {
  for (const { document, temperature } of CASES) {
    const run = test.skipIf(document === 'genuine' && !hasShared);
    run(`${name}: ${document}, ${temperature}`, () => {
      const judge = new Judge(document, temperature);
      expect(judge.whole.accepted).toBe(true);
      expect(judge.knownLeaves).toBe(temperature === 'warm' ? 1 : 0);
      body(judge);
      expect(judge.knownLeaves).toBe(temperature === 'warm' ? 1 : 0);
    });
  }
}

eachDocument('no document with one bit flipped verifies', (judge) => {
  const { octets } = judge;
  const accepted: string[] = [];
  for (const [place, octet] of octets.entries()) {
    for (let bit = 0; bit < 8; bit++) {
      octets[place] = octet ^ (1 << bit);
      if (judge.accepts(octets)) accepted.push(`bit ${bit} of octet ${place}`);
    }
    octets[place] = octet;
  }
  expect(accepted).toEqual([]);
});

eachDocument('no prefix of a document verifies, and nothing with an octet more', (judge) => {
  const { octets } = judge;
  const accepted: number[] = [];
  for (let length = 0; length < octets.length; length++) {
    if (judge.accepts(octets.subarray(0, length))) accepted.push(length);
  }
  for (const more of [0x00, 0x05, 0x30, 0xff]) {
    if (judge.accepts(Buffer.concat([octets, Uint8Array.of(more)]))) accepted.push(octets.length + 1);
  }
  expect(accepted).toEqual([]);
});

const CHANGE_NAMES = Object.keys(CHANGES) as ChangeName[];

/** An element that is empty already is the same when it is emptied. */
const isSame = ({ contents, end }: Node, change: ChangeName) => change === 'emptied' && contents === end;

eachDocument('no document with one element dropped, doubled or emptied verifies', (judge) => {
  const { octets } = judge;
  const accepted: string[] = [];
  for (const node of listNodes(octets)) {
    for (const change of CHANGE_NAMES) {
      if (isSame(node, change)) continue;
      if (judge.accepts(changeRaw(octets, node, change))) accepted.push(`${node.path} ${change}`);
    }
  }
  expect(accepted).toEqual([]);
});

/**
 * The same document in another form. Parameters of these algorithms are NULL or absent (RFC 5754 section 2), and no
 * signature covers the message's own AlgorithmIdentifiers: those of the SignedData's digest, and of the SignerInfo's digest
 * and signature.
 */
const EQUIVALENT = ['0.1.0.1.0.1 dropped', '0.1.0.4.0.2.1 dropped', '0.1.0.4.0.3.1 dropped'];

eachDocument('with the lengths mended neither, except for what is the same document', (judge) => {
  const { octets } = judge;
  const found: string[] = [];
  for (const node of listNodes(octets)) {
    for (const change of CHANGE_NAMES) {
      if (isSame(node, change)) continue;
      const changed = changeMended(octets, node, change);
      const name = `${node.path} ${change}`;
      if (!EQUIVALENT.includes(name)) {
        if (judge.accepts(changed)) found.push(`${name} is accepted`);
        continue;
      }
      found.push(name);
      expect(node.tag).toBe(0x05);
      expect(judge.verifyAlone(changed)).toEqual(judge.whole);
    }
  }
  expect(found).toEqual(EQUIVALENT);
});

test('every element of a document is damaged, those inside of strings too', () => {
  const { octets } = new Judge('emulated', 'cold');
  const nodes = listNodes(octets);
  const deepest = Math.max(...nodes.map(({ around }) => around.length));
  expect(nodes.length).toBeGreaterThan(100);
  expect(deepest).toBeGreaterThan(8);
  for (const node of nodes) expect(changeMended(octets, node, 'doubled').length).toBeGreaterThan(octets.length);
});
