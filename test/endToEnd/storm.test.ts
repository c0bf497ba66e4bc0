import { expect, test } from 'vitest';
import { boot, createKey, readPayload } from './protocolClient.ts';
import { isOwn, useTarget } from './target.ts';

const target = useTarget();

const BOOTS = 500;
const SEATS = 20;

test.skipIf(!isOwn)(
  '500 first boots at once on 20 seats, through two processes, give exactly 20 licences',
  { timeout: 120_000 },
  async () => {
    const { baseUrls, issuer, imdsUrl } = target();
    const boots = Array.from({ length: BOOTS }, (_, index) => {
      const baseUrl = baseUrls[index % baseUrls.length] ?? issuer;
      return bootUntilAnswered({ baseUrl, issuer, imdsUrl, vm: `fleet-${index}`, key: createKey() });
    });
    const answers = await Promise.all(boots);
    const licences = answers.filter(({ status }) => status === 200);
    const subjects = new Set(licences.map(({ body }) => readPayload(String(body['licence']))['sub']));
    expect(subjects.size).toBe(SEATS);
    const refusals = answers.filter(({ status }) => status !== 200).map(({ body }) => body['code']);
    expect(new Set(refusals)).toEqual(new Set(['seats_exhausted']));
    expect(refusals.length).toBe(BOOTS - SEATS);
  },
);

/** As a client does it: what may pass by itself (a store under siege) is tried again with a new challenge. */
async function bootUntilAnswered(options: Parameters<typeof boot>[0]) {
  for (let tries = 1; ; tries += 1) {
    const answer = await boot(options);
    if (answer.body['retryable'] !== true || tries === 10) return answer;
  }
}
