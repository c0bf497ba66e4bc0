import { Session } from 'node:inspector/promises';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createKeyPair, fillStore, settingsOf, useInstances } from '../app/instance.ts';
import type { Instance } from '../app/instance.ts';
import { useAzurite } from '../support/azurite.ts';
import { readSources } from '../support/sources.ts';

/** The files that a warm renewal runs through are those that docs/architecture.md lists, and not many. */

const MAX_FILES = 28;
/** Each is one step of the way, however many files it has. */
const COUNTED_AS_ONE = ['tables', 'tokens', 'verifier'];
const SOURCES = resolve(import.meta.dirname, '../../src');
const SECTION = /## The way of a licence request\n([\s\S]*?)\n## /;

const tables = useAzurite();
const createInstance = useInstances();

function readDocumented(): readonly string[] {
  const [source] = readSources('docs/architecture.md');
  const section = SECTION.exec(source?.text ?? '')?.[1] ?? '';
  return [...section.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, place = '']) => place);
}

/** Where functions ran. The getters that the test runner makes of exports are no functions of ours. */
async function listExecuted(session: Session): Promise<readonly string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ functions }) =>
      functions.some(({ functionName, ranges: [whole] }) => functionName !== 'get' && (whole?.count ?? 0) > 0),
    )
    .map(({ url }) => (url.startsWith('file:') ? fileURLToPath(url) : ''))
    .filter((path) => path.startsWith(SOURCES))
    .map((path) => path.slice(SOURCES.length + 1).replaceAll(sep, '/'));
}

/** Executes one renewal; what came before it, as far as the challenge, is not counted. */
async function renewCounted(instance: Instance, key: ReturnType<typeof createKeyPair>): Promise<readonly string[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const issueChallenge: Instance['service']['issueChallenge'] = async (request) => {
    const reply = await instance.service.issueChallenge(request);
    await session.post('Profiler.takePreciseCoverage');
    return reply;
  };
  expect((await instance.boot({ key, from: { ...instance.service, issueChallenge } })).reply.status).toBe(200);
  const executed = await listExecuted(session);
  session.disconnect();
  return executed;
}

/** The test's own VM signs its document in this process; the contract's helpers are everybody's words. */
const isStep = (place: string) => !place.startsWith('emulator/') && !place.startsWith('contract/');

const stepOf = (place: string) => {
  const folder = place.split('/')[0] ?? '';
  return COUNTED_AS_ONE.includes(folder) ? `${folder}/` : place;
};

test('a warm renewal runs through the files that are documented', async () => {
  const mine = tables();
  await fillStore(mine);
  const instance = await createInstance(settingsOf(mine));
  const key = createKeyPair();
  for (let times = 0; times < 2; times += 1) {
    instance.clock.at += 60_000;
    expect((await instance.boot({ key })).reply.status).toBe(200);
  }
  instance.clock.at += 1_000;
  const executed = await renewCounted(instance, key);
  const steps = [...new Set(executed.filter(isStep).map(stepOf))];
  expect(steps.toSorted()).toEqual(readDocumented().toSorted());
  expect(steps.length).toBeLessThanOrEqual(MAX_FILES);
  for (const folder of COUNTED_AS_ONE) expect(steps).toContain(`${folder}/`);
});
