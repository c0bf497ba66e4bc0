import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '../../../src/client/version.ts';
import { PROBLEMS } from '../../../src/contract/problems.ts';
import { useScenes } from '../../support/serviceScene.ts';
import type { Scene } from '../../support/serviceScene.ts';
import { recordPresentClient } from './record.ts';
import { readRecordings, signToken } from './recording.ts';
import type { RecordedAnswer } from './recording.ts';
import { replayAnswers } from './replayAnswers.ts';
import { RequestReplay } from './replayRequests.ts';
import { findLosses } from './shape.ts';
import { ROOT, SIGNING } from './wireClient.ts';

/*
 * Clients live in VM images for years. Each released one is recorded here, and every later service must understand what it
 * sends and answer with all that it reads. `RECORD_WIRE=1` records the present client: CONTRIBUTING.md, "Releases".
 */

const AT = Date.UTC(2026, 10, 28, 12);
let ticks = 0;
let ahead = 0;
const createScene = useScenes(
  () => ahead,
  () => AT + (ticks += 1),
);

function startScene(): Promise<Scene> {
  ahead = 0;
  const catalogue = readFileSync(join(import.meta.dirname, 'catalogue.json'), 'utf8');
  return createScene({ catalogue, settings: { SIGNING_KEY: SIGNING.pem, ROOT_KEY: ROOT.pem } });
}

const isRecording = process.env['RECORD_WIRE'] === '1';

test.skipIf(!isRecording)('the present client is recorded', async () => {
  await recordPresentClient(await startScene(), AT, (time) => {
    ahead += time;
  });
});

const recordings = readRecordings();

test('the present version of the client has a recording', () => {
  expect(recordings.map(({ client }) => client)).toContain(VERSION);
});

test.each(recordings)(
  'client $client: this service understands its requests and answers with all that it knew',
  async (recording) => {
    const replay = new RequestReplay(await startScene(), recording);
    const losses: string[] = [];
    for (const step of recording.steps) {
      ahead += step.after ?? 0;
      for (const { exchange, live } of await replay.replay(step)) {
        const place = `client ${recording.client}, ${step.name}, ${exchange.method} ${exchange.path}`;
        losses.push(...findLosses(exchange.answer, live).map((loss) => `${place}: ${loss}`));
      }
    }
    expect(losses).toEqual([]);
  },
);

test.each(recordings)(
  'client $client: the present client takes the answers of its service as it did',
  async (recording) => {
    expect(await replayAnswers(recording)).toEqual(recording.steps.map(({ outcome }) => outcome));
  },
);

test.each(recordings)('client $client: every code that it may have met means the same', ({ problems }) => {
  const present = Object.entries(PROBLEMS).map(
    ([code, { status, retryable }]) => [code, { status, retryable }] as const,
  );
  expect(Object.fromEntries(present)).toMatchObject(problems);
});

const tokenOf = (claims: object) => signToken(SIGNING, {}, claims);
const answerOf = (body: object, change: Partial<RecordedAnswer> = {}): RecordedAnswer => {
  return { status: 200, headers: { 'content-type': 'application/json' }, text: JSON.stringify(body), ...change };
};
const BODY = { licence: tokenOf({ azure: { region: null, sku: 's' } }), keys: [{ kty: 'EC' }] };

test.each<[string, RecordedAnswer, string]>([
  ['another status', answerOf(BODY, { status: 201 }), 'status is number 201; it was number 200'],
  ['no media type', answerOf(BODY, { headers: {} }), 'header content-type is gone; it was string "application/json"'],
  ['no licence', answerOf({ keys: BODY.keys }), 'licence is gone; it was string "'],
  [
    'a renamed claim',
    answerOf({ ...BODY, licence: tokenOf({ azure: { region: null, size: 's' } }) }),
    'licence.claims.azure.sku is gone; it was string "s"',
  ],
  ['another key type', answerOf({ ...BODY, keys: [{ kty: 'OKP' }] }), 'keys.0.kty is string "OKP"; it was string "EC"'],
  ['an empty list', answerOf({ ...BODY, keys: [] }), 'keys.0 is gone; it was object'],
  ['a number for a text', answerOf({ ...BODY, licence: 1 }), 'licence is number 1; it was string "'],
  ['a licence that is no token', answerOf({ ...BODY, licence: 'text' }), 'licence is no token any more'],
])('an answer with %s is told in one line', (_, live, line) => {
  expect(findLosses(answerOf(BODY), live)).toEqual([expect.stringContaining(line)]);
});

test('what is new in an answer is no loss', () => {
  const licence = tokenOf({ azure: { region: 'westeurope', sku: 't', more: 1 } });
  expect(findLosses(answerOf(BODY), answerOf({ ...BODY, licence, more: 1 }))).toEqual([]);
});
