import { expect, test } from 'vitest';
import { createIssuerNotes } from '../../../src/trust/live/issuerNotes.ts';
import type { IssuerStore } from '../../../src/trust/live/unknownIssuer.ts';

const FACTS = { code: 'issuer_unknown', cloud: 'AzurePublicCloud', issuer: 'New CA', keyIdentifier: '0a0b' } as const;

type Seen = Parameters<IssuerStore['noteIssuer']>[0];

const log = () => undefined;

function createNotes() {
  const seen: Seen[] = [];
  const noteIssuer = (issuer: Seen) => {
    seen.push(issuer);
    return Promise.resolve();
  };
  return { seen, note: createIssuerNotes({ noteIssuer }) };
}

test('an unknown issuer is noted with its cloud, its name and its key identifier', async () => {
  const { seen, note } = createNotes();
  await note(FACTS, 1_000, log);
  await note({ ...FACTS, issuer: null, keyIdentifier: null }, 61_000, log);
  expect(seen).toEqual([
    { name: '"New CA", key identifier 0a0b', cloud: 'AzurePublicCloud', at: 1_000 },
    { name: '"", key identifier none', cloud: 'AzurePublicCloud', at: 61_000 },
  ]);
});

test('at most one note a minute', async () => {
  const { seen, note } = createNotes();
  for (const at of [0, 59_999, 60_000]) await note(FACTS, at, log);
  expect(seen.map(({ at }) => at)).toEqual([0, 60_000]);
});

test('a store that cannot be written is a line of the log', async () => {
  const lines: unknown[] = [];
  const note = createIssuerNotes({ noteIssuer: () => Promise.reject(new TypeError('secret')) });
  await note(FACTS, 0, (...line) => lines.push(line));
  expect(lines).toEqual([['warn', 'issuer_not_noted', { reason: 'TypeError' }]]);
});
