import { existsSync, writeFileSync } from 'node:fs';
import { REAL_ADAPTERS } from '../../../src/client/adapters/real.ts';
import type { ImdsReply } from '../../../src/client/adapters.ts';
import { VERSION } from '../../../src/client/version.ts';
import { PROBLEMS } from '../../../src/contract/problems.ts';
import type { Scene } from '../../support/serviceScene.ts';
import { recordAnswer, recordingFile } from './recording.ts';
import type { Exchange, RecordedStep, Recording, Step } from './recording.ts';
import { createWireClients, runStep } from './wireClient.ts';

const HOUR = 3_600_000;

const STEPS: readonly Step[] = [
  { name: 'a first licence', vm: 'licensed', call: 'check', rooted: true },
  { name: 'a renewal', vm: 'licensed', call: 'renew', rooted: true, after: 20 * HOUR },
  { name: 'a licence over the seats', vm: 'licensed-2', call: 'check', rooted: true },
  { name: 'no seat left', vm: 'second', call: 'check', rooted: true },
  { name: 'a trial, with the key set on first use', vm: 'stranger', call: 'check', rooted: false },
  { name: 'a suspended licence', vm: 'suspended', call: 'check', rooted: true },
  {
    ...{ name: 'an unknown plan, with all that a client may add', vm: 'unknown-plan', call: 'check', rooted: false },
    options: { claim: 'K7D2X-9QF3M-T4B8W-ZR6HN-J5PV1-C', label: 'eu-1', offer: 'contoso/gateway/standard' },
  },
  { name: 'a seat given back', vm: 'licensed', call: 'release', rooted: true },
];

/**
 * Has the present client talk to the present service, and writes down all of it. A recording that is there is left alone.
 *
 * @param pass lets time go by: milliseconds
 */
export async function recordPresentClient(scene: Scene, at: number, pass: (time: number) => void): Promise<void> {
  const file = recordingFile(VERSION);
  if (existsSync(file)) throw new Error(`${file} is there. Recordings of released clients are never changed.`);
  let exchanges: Exchange[] = [];
  let imds: Record<string, ImdsReply> = {};
  const issuer = scene.urls[0];
  const clientFor = createWireClients({
    ...{ issuer, imdsUrl: scene.imdsUrl, now: scene.now },
    fetch: async (url, { method, headers, body, ...init }) => {
      const response = await fetch(url, { method, headers, ...(body !== undefined && { body }), ...init });
      const answer = await recordAnswer(response.clone());
      const sent: unknown = body === undefined ? null : JSON.parse(body);
      exchanges.push({ method, path: url.slice(issuer.length), headers, body: sent, answer });
      return response;
    },
    requestImds: async (path, url) => {
      const reply = await REAL_ADAPTERS.requestImds({ url, timeoutMs: 60_000 });
      imds[path] = reply;
      return reply;
    },
  });
  const steps: RecordedStep[] = [];
  for (const step of STEPS) {
    pass(step.after ?? 0);
    const outcome = await runStep(clientFor(step), step);
    steps.push({ ...step, exchanges, imds, outcome });
    exchanges = [];
    imds = {};
  }
  const problems = Object.entries(PROBLEMS).map(
    ([code, { status, retryable }]) => [code, { status, retryable }] as const,
  );
  const recording: Recording = { client: VERSION, at, issuer, problems: Object.fromEntries(problems), steps };
  writeFileSync(file, `${JSON.stringify(recording, null, 1)}\n`);
}
