import { expect, test } from 'vitest';
import { AREAS } from '../../../../src/client/agent/doctor/causes/areas.ts';
import { diagnose, listChecked } from '../../../../src/client/agent/doctor/diagnose.ts';
import type { Evidence } from '../../../../src/client/agent/doctor/evidence.ts';
import type { Finding } from '../../../../src/client/agent/doctor/finding.ts';
import { runAgent } from '../../../../src/client/agent/runAgent.ts';
import { createAgentScene } from '../support/agentScene.ts';
import type { AgentScene } from '../support/agentScene.ts';
import type { Live, Recorded } from './fixture.ts';
import { FIXTURES } from './fixtures/fixtures.ts';
import { HEALTHY } from './healthy.ts';
import { emulated } from './imdsPlaces.ts';

/** Each cause by its fixture: exactly its finding with its exact command, and none without its reason. */

const recorded = Object.entries(FIXTURES).filter((entry): entry is [string, Recorded] => 'seen' in entry[1]);
const live = Object.entries(FIXTURES).filter((entry): entry is [string, Live] => 'arrange' in entry[1]);

/** Evidence is JSON, as a bundle has it. */
function diagnoseOver(seen: Partial<Evidence>): readonly Finding[] {
  return diagnose(JSON.parse(JSON.stringify({ ...HEALTHY, ...seen })) as Evidence);
}

test.each(recorded)('%s, as it was recorded', (cause, { seen, cured, finding }) => {
  expect(diagnoseOver(seen)).toEqual([expect.objectContaining({ cause, ...finding })]);
  expect(diagnoseOver({ ...seen, ...cured })).toEqual([]);
});

async function runDoctor(scene: AgentScene, variables: Readonly<Record<string, string>>) {
  const imds = variables['COUNTERSIGN_IMDS_URL'] === undefined ? await emulated() : {};
  const written = { out: '', complaints: '' };
  const code = await runAgent(['doctor', '--json'], {
    ...{ env: { ...scene.env, ...imds, ...variables }, isWatched: false, ask: null },
    out: (text) => void (written.out += text),
    complain: (text) => void (written.complaints += text),
  });
  expect(written.complaints).toBe('');
  const { findings } = JSON.parse(written.out) as { findings: readonly Finding[] };
  expect(code).toBe(findings.length === 0 ? 0 : 1);
  return findings;
}

test.each(live)('%s, on a VM', async (cause, { arrange, cure, finding }) => {
  const scene = await createAgentScene();
  const variables = await arrange(scene);
  const found = await runDoctor(scene, variables);
  const expected = typeof finding === 'function' ? finding(scene, variables) : finding;
  expect(found).toEqual([expect.objectContaining({ cause, ...expected })]);
  expect(await runDoctor(scene, (await cure?.(scene)) ?? {})).toEqual([]);
});

test('a service that was not asked is not said to be silent', () => {
  const { seen } = FIXTURES.licence_file_due as Recorded;
  const service = { notLookedAt: 'Nothing is asked while the configuration is wrong.' };
  expect(diagnoseOver({ ...seen, service })).toEqual([]);
});

test('nothing is found on a healthy VM, and everything is looked at', () => {
  const findings = diagnose(HEALTHY);
  expect(findings).toEqual([]);
  expect(listChecked(HEALTHY, findings).map(({ area, outcome }) => `${area} ${outcome}`)).toEqual(
    Object.keys(AREAS).map((area) => `${area} ok`),
  );
});

test('what is said of a cause is said in whole sentences', () => {
  for (const { causes } of Object.values(AREAS)) {
    for (const [name, { means, advice }] of Object.entries(causes)) {
      expect(name).toMatch(/^[a-z]+(?:_[a-z0-9]+)*$/);
      for (const text of [means, advice]) expect(text, name).toMatch(/^[A-Z].{10,}\.$/);
    }
  }
});
