import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createDocumentTemplate } from '../../src/emulator/documents/documentTemplate.ts';
import { verifyEvidence } from '../../src/verifier/verifyEvidence.ts';
import { forgetLeaves } from './subject.ts';
import type { EmulatedSubject } from './subject.ts';

/** Octets. */
export interface MemoryFigures {
  /** What one entry in the cache of verified leaves keeps alive. */
  readonly perLeaf: number;
  readonly verifications: number;
  /** The heap after that many verifications less that before them, both after a full collection. */
  readonly heapGrowth: number;
  /** The same of what the process holds in all; also native memory, and pages that the allocators keep. */
  readonly residentGrowth: number;
}

/** More than the cache holds, so that leaves leave it again. */
const LEAVES = 300;
const VERIFICATIONS = 1_000_000;

export async function measureMemory(subject: EmulatedSubject): Promise<MemoryFigures> {
  const collect = exposeCollector();
  const documents = await signUnderManyLeaves(subject);
  const perLeaf = await measureLeaf(subject, documents.slice(0, LEAVES / 2), collect);
  return { perLeaf, verifications: VERIFICATIONS, ...(await measureGrowth(subject, documents, collect)) };
}

/** The collector can be called without a flag on the command line. */
function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

async function signUnderManyLeaves({ authority, content }: EmulatedSubject): Promise<readonly Uint8Array[]> {
  const documents: Uint8Array[] = [];
  for (let index = 0; index < LEAVES; index++) {
    const leaf = await authority.issueLeaf({ region: `region${index}` });
    documents.push(createDocumentTemplate(leaf)(content));
  }
  return documents;
}

async function measureLeaf(
  { options }: EmulatedSubject,
  documents: readonly Uint8Array[],
  collect: () => void,
): Promise<number> {
  const warmUp = forgetLeaves(options.trust);
  for (const document of documents) verifyEvidence(document, { ...options, trust: warmUp });
  const trust = forgetLeaves(options.trust);
  const before = await readHeap(collect);
  for (const document of documents) verifyEvidence(document, { ...options, trust });
  const after = await readHeap(collect);
  if (trust.verifiedLeaves.size !== documents.length) throw new Error('not every leaf is in the cache');
  return (after - before) / documents.length;
}

async function measureGrowth(
  subject: EmulatedSubject,
  documents: readonly Uint8Array[],
  collect: () => void,
): Promise<Pick<MemoryFigures, 'heapGrowth' | 'residentGrowth'>> {
  // The cache is full before the first reading: what it holds is no growth.
  for (const document of documents) verifyEvidence(document, subject.options);
  await verifyMany(subject, documents, VERIFICATIONS / 5);
  const heap = await readHeap(collect);
  const resident = process.memoryUsage.rss();
  await verifyMany(subject, documents, VERIFICATIONS);
  return { heapGrowth: (await readHeap(collect)) - heap, residentGrowth: process.memoryUsage.rss() - resident };
}

/** Nearly all under one leaf, as in production; every tenth is refused, and every thousandth is the first of its leaf. */
async function verifyMany(
  { octets, text, options }: EmulatedSubject,
  documents: readonly Uint8Array[],
  times: number,
): Promise<void> {
  const altered = octets.with(-1, (octets.at(-1) ?? 0) ^ 1);
  for (let time = 0; time < times; time++) {
    const other = time % 1000 === 0 ? documents[(time / 1000) % documents.length] : undefined;
    const evidence = other ?? (time % 10 === 5 ? altered : text);
    if (verifyEvidence(evidence, options).accepted !== (evidence !== altered)) throw new Error('a wrong verdict');
    // A service has pauses between requests, and Node frees native memory in them.
    if (time % 100 === 0) await setImmediate();
  }
}

/** Octets of JavaScript's heap and of the buffers outside it. The first collection makes finalizers run, the last sees it. */
async function readHeap(collect: () => void): Promise<number> {
  for (let time = 0; time < 3; time++) {
    collect();
    await setImmediate();
  }
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
