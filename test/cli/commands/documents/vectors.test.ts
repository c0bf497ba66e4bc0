import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { runCommandLine } from '../../../../src/cli/runCommandLine.ts';
import type { Feature, Vector } from '../../../../src/emulator/vectors/vectorFile.ts';
import { readDocument, readVectors } from '../../../emulator/vectors/readVectors.ts';
import { readOutput, recordIo } from '../../recordIo.ts';

/* The vectors as they are made with new keys, and `countersign verify` on all that it has the options for. */

const folder = mkdtempSync(join(tmpdir(), 'countersign-vectors-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function run(args: readonly string[], stdin = '', directory = folder) {
  const io = recordIo([Buffer.from(stdin)], { directory });
  const exitCode = await runCommandLine(args, io);
  return { exitCode, io, ...io.written };
}

let made: Awaited<ReturnType<typeof run>>;
let vectors: readonly Vector[];

beforeAll(async () => {
  made = await run(['vectors', '--out', 'vectors', '--json']);
  vectors = readVectors(join(folder, 'vectors'));
});

test('what was written is told as one JSON value, and progress beside it', () => {
  const accepted = vectors.filter(({ expected }) => expected.accepted).length;
  const refused = vectors.length - accepted;
  const [summary, ...more] = readOutput(made.io) as { codes: Record<string, number> }[];
  expect({ exitCode: made.exitCode, more }).toEqual({ exitCode: 0, more: [] });
  expect(summary).toMatchObject({ out: 'vectors', vectors: vectors.length, accepted, refused });
  expect(Object.values(summary?.codes ?? {}).reduce((sum, count) => sum + count)).toBe(refused);
  expect(made.complaints).toBe(
    `making keys and certificates …\n${[100, 200, 300].map((n) => `${n} of ${vectors.length} vectors\n`).join('')}`,
  );
});

/** What `verify` has no option for, or what it reads a bound number of. */
const NOT_IN_VERIFY: readonly Feature[] = [
  ...(['clouds', 'distrust', 'issuingCas', 'largeTrust', 'maximumAge', 'missing'] as const),
  ...(['requiredClaims', 'rootKeys'] as const),
];
const USUAL_TRUST = 'trust/azure-public-cloud.pem';
/** `verify --batch` reads lines up to this length. */
const MAX_LINE = 8 * 1024 * 1024;

test('countersign verify is right on every vector that it has the options for', async () => {
  const judged = vectors.filter(({ features }) => !features.some((feature) => NOT_IN_VERIFY.includes(feature)));
  expect(judged.length).toBeGreaterThan(vectors.length * 0.9);
  const verdicts = await verifyBatch(judged.filter(({ trust }) => trust.certificates === USUAL_TRUST));
  for (const vector of judged) {
    const { accepted, code } = verdicts.get(vector.id) ?? (await verifyFile(vector));
    const { expected } = vector;
    expect({ id: vector.id, accepted, code }).toEqual({
      ...{ id: vector.id, accepted: expected.accepted, code: expected.code },
    });
  }
});

interface Verdict {
  readonly id: string;
  readonly accepted: boolean;
  readonly code: string | null;
}

const flagsOf = (trust: string) => ['--trust-pem', join('vectors', trust), '--domain', 'metadata.azure.com'];

/** Of those that a line can hold. */
async function verifyBatch(batch: readonly Vector[]): Promise<ReadonlyMap<string, Verdict>> {
  const lines = batch.map(writeLine).filter((line) => line.length < MAX_LINE);
  expect(lines.length).toBeGreaterThan(batch.length - 3);
  const stdin = lines.map((line) => `${line}\n`).join('');
  const { io, exitCode } = await run(['verify', '--batch', ...flagsOf(USUAL_TRUST)], stdin);
  expect(exitCode).toBe(0);
  return new Map((readOutput(io) as Verdict[]).map((verdict) => [verdict.id, verdict]));
}

function writeLine(vector: Vector): string {
  const { id, at, nonce } = vector;
  const document = readDocument(join(folder, 'vectors'), vector);
  const text = typeof document === 'string' ? document : Buffer.from(document).toString('base64');
  return JSON.stringify({ id, document: text, at, nonce });
}

async function verifyFile({ document, at, nonce, trust }: Vector): Promise<Omit<Verdict, 'id'>> {
  const args = ['verify', join('vectors', document), '--at', at, '--nonce', nonce, '--json'];
  const { io } = await run([...args, ...flagsOf(trust.certificates)]);
  return readOutput(io)[0] as Omit<Verdict, 'id'>;
}

test('no private key is written', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true });
  const texts = files.filter((file) => file.isFile()).map((file) => readFileSync(join(file.parentPath, file.name)));
  expect(texts.length).toBeGreaterThan(vectors.length);
  expect(texts.filter((text) => text.includes('PRIVATE KEY'))).toEqual([]);
});

test('a folder that is not empty, a file, and a missing option are refused, and nothing is written', async () => {
  const other = mkdtempSync(join(tmpdir(), 'countersign-vectors-'));
  onTestFinished(() => {
    rmSync(other, { recursive: true });
  });
  mkdirSync(join(other, 'full'));
  writeFileSync(join(other, 'full/note.txt'), '');
  const runs = [['--out', 'full'], ['--out', 'full/note.txt'], []].map((args) => run(['vectors', ...args], '', other));
  expect((await Promise.all(runs)).map(({ exitCode, complaints }) => [exitCode, complaints.split('\n')[0]])).toEqual([
    [1, 'countersign vectors: the folder full is not empty. Name a new or an empty folder'],
    [1, 'countersign vectors: full/note.txt is a file. Name a new or an empty folder'],
    [1, 'countersign vectors: the option --out <dir> is missing. Add it'],
  ]);
  expect(readdirSync(other, { recursive: true }).sort()).toEqual(['full', 'full/note.txt']);
});

test('the schema is printed', async () => {
  const { exitCode, out } = await run(['vectors', '--schema']);
  expect({ exitCode, schema: JSON.parse(out) as unknown }).toEqual({
    exitCode: 0,
    schema: JSON.parse(readFileSync(join(folder, 'vectors/vectors.schema.json'), 'utf8')) as unknown,
  });
});
