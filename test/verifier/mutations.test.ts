import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { CHECK_NAMES } from '../../src/contract/attestation.ts';
import { EVIDENCE_CODES } from '../../src/contract/codes.ts';
import { ATTACKS } from '../../src/emulator/vectors/attacks.ts';
import { MUTATIONS } from '../../src/emulator/vectors/mutations.ts';
import type { Mutation } from '../../src/emulator/vectors/mutation.ts';
import { createScene, createTrust, judge, verdict, warm } from './scene.ts';
import type { Offer, Scene } from '../../src/emulator/vectors/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await createScene();
});

const all = EVIDENCE_CODES.flatMap((code) => MUTATIONS[code].map((mutation) => ({ code, ...mutation })));

const newTrust = ({ pins }: Offer) => createTrust(scene, pins);

/** Whether a leaf that gets as far as this check may have entered the cache. */
const isBehindReading = ({ check }: Mutation) => CHECK_NAMES.indexOf(check) > CHECK_NAMES.indexOf('reading');

test('the document that all the others are made from is accepted, cold and warm, in octets and in text', () => {
  const trust = createTrust(scene);
  expect(verdict(judge(scene, {}, trust))).toBe('accepted');
  expect(trust.verifiedLeaves.size).toBe(1);
  expect(verdict(judge(scene, {}, trust))).toBe('accepted');
  expect(verdict(judge(scene, { evidence: Buffer.from(scene.genuine).toString('base64') }, trust))).toBe('accepted');
});

test.each(all)('$code: $name', async (mutation) => {
  const { code, check, offer } = mutation;
  const changed = await offer(scene);
  const cold = newTrust(changed);
  const refusal = judge(scene, changed, cold);
  expect(verdict(refusal)).toBe(`${check}: ${code}`);
  if (!isBehindReading(mutation)) expect(cold.verifiedLeaves.size).toBe(0);
  const known = warm(scene, newTrust(changed));
  if (changed.pins === undefined) expect(known.verifiedLeaves.size).toBe(1);
  expect(verdict(judge(scene, changed, known))).toBe(`${check}: ${code}`);
  expect(refusal.checks.map(({ outcome }) => outcome)).toEqual(outcomesUntil(mutation));
  expect(verdict(judge(scene, inText(changed), newTrust(changed)))).toBe(`${check}: ${code}`);
});

/** The same octets as base64, which is how IMDS hands them out. */
function inText({ evidence = scene.genuine, ...offer }: Offer): Offer {
  return { ...offer, evidence: typeof evidence === 'string' ? evidence : Buffer.from(evidence).toString('base64') };
}

function outcomesUntil({ check }: Mutation): string[] {
  const failed = CHECK_NAMES.indexOf(check);
  return CHECK_NAMES.map((_, index) => (index < failed ? 'passed' : index === failed ? 'failed' : 'not_reached'));
}

test('mutations are told apart by their names', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test('every attack that has broken somebody has a mutation', () => {
  const covered = new Set(all.map(({ attack }) => attack));
  expect(ATTACKS.filter((attack) => !covered.has(attack))).toEqual([]);
});

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/threat-model.md'), 'utf8');

/** The rows of the page's table of attacks: the attack, and what stops it. */
function readAttackTable(): string[][] {
  const [, section = ''] = PAGE.split('## What stops which attack');
  const [table = ''] = section.split('\n## ');
  const rows = table.split('\n').filter((line) => line.startsWith('|'));
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  return cells.slice(2).map(([, attack = '', stoppedBy = '']) => [attack.replace('\\*', '*'), stoppedBy]);
}

test('the page on threats says of each attack which checks stop it, and with which codes', () => {
  const expected = ATTACKS.map((attack) => {
    const stops = all.filter((mutation) => mutation.attack === attack);
    const texts = new Set(stops.map(({ check, code }) => `\`${check}\`: \`${code}\``));
    return [attack, [...texts].join(', ')];
  });
  expect(readAttackTable()).toEqual(expected);
});

test('the page on threats names every check', () => {
  for (const check of CHECK_NAMES) expect(PAGE).toContain(`\`${check}\``);
});
