import { expect, test } from 'vitest';
import type { RunningEmulator } from '../../../src/emulator/server/emulator.ts';
import { hasShared } from '../../support/shared.ts';
import { get, withEmulator } from '../running.ts';
import { contentOf } from './contentOf.ts';
import { REQUESTS, readExample, type ArticleRequest } from './readArticle.ts';

/* Every request of the article, in its order. */

interface Expected {
  /** That the article had in mind; the root otherwise. */
  readonly vm?: string;
  /** Of an answer, what the example or the text around it says. */
  readonly check: (text: string, request: ArticleRequest) => unknown;
  readonly status?: number;
}

const asExample = (text: string, { answer }: ArticleRequest) => {
  expect(JSON.parse(text)).toEqual(readExample(answer ?? ''));
};
const asText = (text: string, { answer }: ArticleRequest) => {
  expect(text).toBe(answer?.trimEnd());
};

const EXPECTED: readonly Expected[] = [
  {
    vm: 'article',
    check: (text, { answer }) => {
      const { network, ...rest } = JSON.parse(text) as Record<string, unknown>;
      expect(rest).toEqual(readExample(answer ?? ''));
      expect(network).toHaveProperty('interface');
    },
  },
  {
    check: (text) => {
      expect(text).toBe('compute/\nnetwork/');
    },
  },
  {
    status: 400,
    check: (text, { answer }) => {
      const example = JSON.parse(answer ?? '') as Record<string, unknown>;
      expect(JSON.parse(text)).toEqual({ ...example, 'newest-versions': ['2025-04-07', '2024-07-17', '2024-03-15'] });
    },
  },
  { vm: 'tracked', check: asText },
  { vm: 'negasonic', check: asText },
  { vm: 'negasonic', check: asExample },
  { vm: 'negasonic', check: asText },
  { check: asExample },
  {
    check: (text) => {
      expect(text).toBe('203.0.113.4');
    },
  },
  { vm: 'negasonic', check: asExample },
  { vm: 'negasonic', check: asText },
  { vm: 'negasonic', check: asExample },
  {
    check: (text, { answer }) => {
      const content = contentOf(text);
      expect(Object.keys(content)).toEqual(Object.keys(contentOf(answer ?? '')));
      expect(content).toMatchObject({ nonce: '1234567890' });
    },
  },
  {
    check: (text) => {
      expect(contentOf(text)).toMatchObject({
        // A time: the document's own end, six hours after the emulator's clock.
        nonce: '20260701-180000',
        subscriptionId: '8d10da13-8125-4ba9-a717-bf7490507b3d',
      });
    },
  },
];

test.skipIf(!hasShared)('every request of the article has the answer that it describes', async () => {
  expect(REQUESTS).toHaveLength(14);
  await withEmulator({}, async (emulator) => {
    for (const [index, request] of REQUESTS.entries()) await ask(emulator, request, EXPECTED[index]);
  });
});

async function ask(emulator: RunningEmulator, request: ArticleRequest, expected: Expected | undefined): Promise<void> {
  if (!expected) throw new Error(`nothing is expected of ${request.path}`);
  const { vm, status = 200, check } = expected;
  const base = vm === undefined ? '' : `/vms/${vm}`;
  const answer = await get(emulator, base + request.path, { headers: request.headers });
  expect({ path: request.path, status: answer.status }).toEqual({ path: request.path, status });
  check(answer.text, request);
}
