import { expect, test } from 'vitest';
import { findClaimCode } from '../../src/client/claimCode.ts';

const encode = (text: string): string => Buffer.from(text).toString('base64');

const CLOUD_CONFIG = `#cloud-config
write_files:
  - path: /etc/claim
    content: |
      countersign-claim=AB12-CD34
`;

test.each([
  ['one line', 'countersign-claim=AB12-CD34'],
  ['a line among others', 'one=1\ncountersign-claim=AB12-CD34\ntwo=2\n'],
  ['Windows line ends', 'one=1\r\ncountersign-claim=AB12-CD34\r\n'],
  ['a shell script', "#!/bin/sh\n: <<'END'\ncountersign-claim=AB12-CD34\nEND\necho started\n"],
  ['a block of a cloud-config file', CLOUD_CONFIG],
  ['white space around the line', '\t countersign-claim=AB12-CD34 \n'],
  ['two codes: the first', 'countersign-claim=AB12-CD34\ncountersign-claim=other\n'],
  ['a code that is none before', `countersign-claim=\ncountersign-claim=é\ncountersign-claim=AB12-CD34`],
])('finds the code in %s', (_, text) => {
  expect(findClaimCode(encode(text))).toBe('AB12-CD34');
});

test('a code may have spaces, as somebody typed it', () => {
  expect(findClaimCode(encode('countersign-claim=AB12 CD34 \n'))).toBe('AB12 CD34');
});

test('octets that are no text do not hide the line', () => {
  const octets = Buffer.concat([Buffer.from([0xff, 0x00, 0x80, 0x0a]), Buffer.from('countersign-claim=AB12\n')]);
  expect(findClaimCode(octets.toString('base64'))).toBe('AB12');
});

test('base64 may be wrapped and end with a line end', () => {
  const base64 = encode('countersign-claim=AB12-CD34').replace(/.{8}/g, '$&\r\n');
  expect(findClaimCode(`${base64}\n`)).toBe('AB12-CD34');
});

test.each([
  ['nothing', ''],
  ['only white space', ' \n'],
  ['plain text', 'countersign-claim=AB12-CD34'],
  ['a page', '<html>'],
  ['other lines', encode('#!/bin/sh\necho countersign-claim=AB12-CD34\n')],
  ['a comment', encode('# countersign-claim=AB12-CD34\n')],
  ['other case', encode('Countersign-Claim=AB12-CD34\n')],
  ['an empty code', encode('countersign-claim=\n')],
  ['a code that is too long', encode(`countersign-claim=${'x'.repeat(129)}\n`)],
  ['a code with a control character', encode('countersign-claim=AB\u000712\n')],
  ['a code of other letters', encode('countersign-claim=ABé\n')],
])('finds none in %s', (_, userData) => {
  expect(findClaimCode(userData)).toBeUndefined();
});

test('the largest user data that Azure takes is searched to its end, and nothing larger', () => {
  const line = '\ncountersign-claim=AB12';
  const largest = Buffer.from('x'.repeat(64 * 1024 - line.length) + line);
  expect(findClaimCode(largest.toString('base64'))).toBe('AB12');
  expect(findClaimCode(Buffer.concat([largest, Buffer.alloc(4096)]).toString('base64'))).toBeUndefined();
});
