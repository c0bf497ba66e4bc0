import { beforeAll, describe, expect, test } from 'vitest';
import { hasShared } from '../support/shared.ts';
import { judgeSuite, listIds, readKnownVerdicts } from './publicSuite.ts';
import type { JudgedCase } from './publicSuite.ts';

/**
 * Public suites through the same code as `cli conformance`. Every verdict is the suite's, or stands among the exceptions
 * with its reason; an exception that no longer applies has to go, and the number of right verdicts goes up with it.
 */

const isSuccess = ({ limboCase }: JudgedCase) => limboCase.expected === 'SUCCESS';
const isFalseAccept = ({ verdict, isRight }: JudgedCase) => verdict.accepted && !isRight;

function checkKnownVerdicts(cases: readonly JudgedCase[], file: string): void {
  const { right, exceptions } = readKnownVerdicts(file);
  const excepted = exceptions.flatMap(({ cases: ids }) => ids).sort();
  expect(listIds(cases.filter(({ isRight }) => !isRight))).toEqual(excepted);
  expect(cases.filter(({ isRight }) => isRight)).toHaveLength(right);
  expect(new Set(excepted).size).toBe(excepted.length);
  expect(exceptions.every(({ reason }) => reason.length > 40)).toBe(true);
}

function checkDurations(cases: readonly JudgedCase[]): void {
  expect(listIds(cases.filter(({ duration }) => duration > 5000))).toEqual([]);
}

describe.skipIf(!hasShared)('x509-limbo core', () => {
  let cases: JudgedCase[] = [];
  beforeAll(() => {
    cases = judgeSuite('limbo-core.json');
  });

  test('every verdict is the suite’s or has its reason', () => {
    expect(cases).toHaveLength(208);
    checkKnownVerdicts(cases, 'limbo-core.exceptions.json');
  });

  test('none of the cases that everybody rejects is accepted', () => {
    const consensus = cases.filter(({ isConsensusReject }) => isConsensusReject);
    expect(consensus).toHaveLength(79);
    expect(listIds(consensus.filter(({ verdict }) => verdict.accepted))).toEqual([]);
  });

  test('real chains are accepted, and nearly all that must be', () => {
    const online = cases.filter(({ limboCase }) => limboCase.id.startsWith('online::'));
    expect(online).toHaveLength(14);
    expect(listIds(online.filter(({ verdict }) => !verdict.accepted))).toEqual([]);
    expect(cases.filter(isSuccess)).toHaveLength(63);
    expect(cases.filter((one) => isSuccess(one) && one.isRight).length).toBeGreaterThanOrEqual(61);
  });

  test('no case takes more than 5 s', () => {
    checkDurations(cases);
  });
});

describe.skipIf(!hasShared)('PKITS', () => {
  let cases: JudgedCase[] = [];
  beforeAll(() => {
    cases = judgeSuite('pkits-as-limbo.json');
  });

  test('every verdict is the suite’s or has its reason', () => {
    expect(cases).toHaveLength(247);
    checkKnownVerdicts(cases, 'pkits-as-limbo.exceptions.json');
  });

  test('all 84 cases without an optional feature are right', () => {
    const plain = cases.filter(({ features }) => features.length === 0);
    expect(plain).toHaveLength(84);
    expect(plain.filter(isSuccess)).toHaveLength(40);
    expect(listIds(plain.filter(({ isRight }) => !isRight))).toEqual([]);
  });

  test('what is accepted wrongly rests on revocation, or on policies that the suite’s shape cannot state', () => {
    const optional = ['has-crl', 'has-policy-constraints'];
    const others = cases
      .filter(isFalseAccept)
      .filter(({ features }) => !features.some((word) => optional.includes(word)));
    expect(listIds(others)).toEqual([]);
  });

  test('no case takes more than 5 s', () => {
    checkDurations(cases);
  });
});
