import { expect, test } from 'vitest';
import { DerError } from '../../src/verifier/der.ts';
import { EvidenceError, readPart } from '../../src/verifier/evidenceError.ts';

const PART = { part: 'document', check: 'encoding', code: 'document_malformed', kind: DerError } as const;

function readFailing(error: unknown): unknown {
  try {
    return readPart(PART, () => {
      throw error;
    });
  } catch (thrown) {
    return thrown;
  }
}

test('what is read is handed on', () => {
  expect(readPart(PART, () => 'what was read')).toBe('what was read');
});

test('a reader’s own error is the failure of a check', () => {
  const error = readFailing(new DerError('truncated at 5'));
  expect(error).toBeInstanceOf(EvidenceError);
  const { check, code } = PART;
  expect(error).toMatchObject({ check, code, detail: 'document: truncated at 5', name: 'EvidenceError' });
  expect(error).toHaveProperty('message', 'encoding: document_malformed: document: truncated at 5');
});

test('any other error is none of the evidence, and passes as it is', () => {
  const error = new RangeError('out of order');
  expect(readFailing(error)).toBe(error);
});
