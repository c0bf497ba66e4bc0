import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVIDENCE_CODES } from '../../../src/contract/codes.ts';
import { formatInstant } from '../../../src/contract/instants.ts';
import { MUTATIONS } from '../../../src/emulator/vectors/mutations.ts';
import { VARIANTS } from '../../../src/emulator/vectors/variants.ts';
import { createVectorJsonSchema, vectorFile, type Vector } from '../../../src/emulator/vectors/vectorFile.ts';
import { writeVectors } from '../../../src/emulator/vectors/writeVectors.ts';
import { verifyEvidence } from '../../../src/verifier/verifyEvidence.ts';
import { runKeys } from '../../support/runKeys.ts';
import { readDocument, readOptions, readVectors } from './readVectors.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-vectors-'));
let vectors: readonly Vector[];

beforeAll(async () => {
  await writeVectors(folder, { keysOf: runKeys });
  vectors = readVectors(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('every mutation and every variant is a vector, with an id of its own', () => {
  const cases = [...VARIANTS, ...EVIDENCE_CODES.flatMap((code) => MUTATIONS[code])];
  expect(vectors.map(({ description }) => description)).toEqual(cases.map(({ name }) => name));
  expect(new Set(vectors.map(({ id }) => id)).size).toBe(vectors.length);
  expect(new Set(vectors.map(({ document }) => document)).size).toBe(vectors.length);
});

test('the list has the form of its schema, which is the one that is published', () => {
  vectorFile.parse(JSON.parse(readFileSync(join(folder, 'vectors.json'), 'utf8')));
  const schema: unknown = JSON.parse(JSON.stringify(createVectorJsonSchema()));
  const published = new URL('../../../docs/vectors.schema.json', import.meta.url);
  expect(JSON.parse(readFileSync(published, 'utf8'))).toEqual(schema);
  expect(JSON.parse(readFileSync(join(folder, 'vectors.schema.json'), 'utf8'))).toEqual(schema);
});

test('our verifier is right on every vector, by the files alone', () => {
  for (const vector of vectors) {
    const verification = verifyEvidence(readDocument(folder, vector), readOptions(folder, vector));
    expect({ id: vector.id, ...summarise(verification) }).toEqual({ id: vector.id, ...expectedOf(vector) });
  }
});

/** Our result names the cloud too. */
function expectedOf({ domain: cloud, expected }: Vector) {
  return expected.accepted ? { ...expected, result: { cloud, ...expected.result } } : expected;
}

function summarise(verification: ReturnType<typeof verifyEvidence>) {
  const { accepted, checks } = verification;
  if (!accepted) {
    const check = checks.find(({ outcome }) => outcome === 'failed')?.name;
    return { accepted, code: verification.code, check };
  }
  const { createdOn, expiresOn, ...claims } = verification.result;
  const times = { createdOn: formatInstant(createdOn), expiresOn: formatInstant(expiresOn) };
  return { accepted, code: null, check: null, result: { ...claims, ...times } };
}

test('a vector that names no feature is refused without any of them, too', () => {
  const plain = vectors.filter(({ features, expected }) => features.length === 0 && !expected.accepted);
  expect(plain.length).toBeGreaterThan(250);
  for (const vector of plain) {
    const options = readOptions(folder, vector);
    const policy = { ...options.policy, requiredClaims: [], maximumAge: null };
    const { accepted } = verifyEvidence(readDocument(folder, vector), { ...options, policy });
    expect({ id: vector.id, accepted }).toEqual({ id: vector.id, accepted: false });
  }
});
