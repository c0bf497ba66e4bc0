import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgeCase } from '../../src/dev/conformance/judgeCase.ts';
import type { CaseVerdict } from '../../src/dev/conformance/judgeCase.ts';
import { parseLimboSuite } from '../../src/dev/conformance/limboSuite.ts';
import type { LimboCase } from '../../src/dev/conformance/limboSuite.ts';
import { readSharedText } from '../support/shared.ts';

/** What is known of a suite: how many verdicts are the suite's own, and why the others are not. */
export interface KnownVerdicts {
  readonly right: number;
  readonly exceptions: readonly { readonly reason: string; readonly cases: readonly string[] }[];
}

export interface JudgedCase {
  readonly limboCase: LimboCase;
  readonly verdict: CaseVerdict;
  readonly isRight: boolean;
  /** Milliseconds of processor time, which does not depend on what else the machine does. */
  readonly duration: number;
  readonly features: readonly string[];
  /** Every implementation that the suite's makers know rejects it. */
  readonly isConsensusReject: boolean;
}

/** For cases without a time of their own, whose certificates outlive us all. */
const NOW = Date.UTC(2026, 10, 23);

interface RawCase {
  readonly features: readonly string[];
  readonly x_consensus_reject?: boolean;
}

/** Judges every case of a suite of the reference data. */
export function judgeSuite(file: string): JudgedCase[] {
  const text = readSharedText('suites', file);
  const { testcases } = JSON.parse(text) as { testcases: readonly RawCase[] };
  return parseLimboSuite(text).map((limboCase, index) => {
    const before = process.cpuUsage();
    const verdict = judgeCase(limboCase, NOW);
    const duration = process.cpuUsage(before).user / 1000;
    const isRight = verdict.accepted === (limboCase.expected === 'SUCCESS');
    const { features = [], x_consensus_reject: isConsensusReject = false } = testcases[index] ?? {};
    return { limboCase, verdict, isRight, duration, features, isConsensusReject };
  });
}

export function readKnownVerdicts(file: string): KnownVerdicts {
  return JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as KnownVerdicts;
}

/** Ids of the cases, in the order of the alphabet. */
export function listIds(cases: readonly JudgedCase[]): string[] {
  return cases.map(({ limboCase }) => limboCase.id).sort();
}
