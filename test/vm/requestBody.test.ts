import * as z from 'zod';
import { expect, test } from 'vitest';
import {
  MAX_BODY_OCTETS,
  challengeRequestSchema,
  licenceRequestSchema,
  readJsonBody,
} from '../../src/vm/requestBody.ts';
import { RequestError } from '../../src/http/requestError.ts';
import { createRequest } from '../app/edgeRequest.ts';
import type { RequestDescription } from '../app/edgeRequest.ts';

const anything = z.unknown();

async function refusalOf(description: RequestDescription, schema: z.ZodType = anything): Promise<RequestError> {
  const error: unknown = await readJsonBody(createRequest(description), schema).catch((thrown: unknown) => thrown);
  if (error instanceof RequestError) return error;
  throw new Error('It was not refused.');
}

const codeOf = async (description: RequestDescription, schema?: z.ZodType) =>
  (await refusalOf(description, schema)).code;

const notRead = () => Promise.reject(new Error('The body was asked for.'));
const withLength = (length: string): RequestDescription => ({
  headers: { 'content-length': length },
  readBody: notRead,
});

test.each([
  ...['65537', '10000000', '9'.repeat(400), '1e9', 'x', '-', 'Infinity', 'NaN'],
  // Numbers that are no sizes: a body behind them could have any.
  ...['-1', '-70000', '+5', '1e3', '0x10', '5.5', '5, 5', '5,5', '2;', ' ', ''],
])('with Content-Length %s the body is never read', async (length) => {
  expect(await codeOf(withLength(length))).toBe('request_too_large');
});

test('64 KiB is read, by header and by octets; one octet more is not', async () => {
  const text = (octets: number) => `"${'a'.repeat(octets - 2)}"`;
  const headers = { 'content-length': String(MAX_BODY_OCTETS) };
  expect(MAX_BODY_OCTETS).toBe(65_536);
  expect(await readJsonBody(createRequest({ headers, body: text(65_536) }), anything)).toHaveLength(65_534);
  expect(await codeOf({ body: text(65_537) })).toBe('request_too_large');
  expect(await codeOf({ headers: { 'content-length': '2' }, body: text(65_537) })).toBe('request_too_large');
});

const never = z.never();

test('what is wrong is told in this order: size, media type, JSON, shape', async () => {
  const headers = { 'content-type': 'text/plain' };
  expect(await codeOf({ headers, body: '{'.repeat(65_537) }, never)).toBe('request_too_large');
  expect(await codeOf({ headers, body: '{' }, never)).toBe('media_type_unsupported');
  expect((await refusalOf({ body: '{' }, never)).detail).toBe('The body is not JSON.');
  expect((await refusalOf({ body: '{}' }, never)).detail).toBe('The body is missing or not in its form.');
});

test.each([
  'application/json',
  'Application/JSON',
  'application/json; charset=utf-8',
  'application/json ;charset="UTF-8"',
  'application/json;charset=iso-8859-1',
])('%s is JSON; a charset means nothing (RFC 8259 section 11)', async (type) => {
  const request = createRequest({ headers: { 'content-type': type }, body: '"é"' });
  expect(await readJsonBody(request, anything)).toBe('é');
});

test.each([
  '',
  'text/json',
  'application/jsonp',
  'application/problem+json',
  'text/plain; application/json',
  'multipart/form-data',
])('%j is another media type', async (type) => {
  expect(await codeOf({ headers: { 'content-type': type }, body: '{}' })).toBe('media_type_unsupported');
});

test.each([
  ['ISO 8859-1', Buffer.from('{"a":"é"}', 'latin1')],
  ['an overlong form', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)],
  ['half a surrogate pair', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
  ['cut off', Uint8Array.of(0x22, 0xe2, 0x82, 0x22)],
])('%s is not UTF-8', async (_, body) => {
  expect(await refusalOf({ body })).toMatchObject({ code: 'request_malformed', detail: 'The body is not UTF-8.' });
});

test.each([
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ['nothing', new Uint8Array()],
  ['two values', Buffer.from('{}{}')],
  ['NaN', Buffer.from('NaN')],
  ['a comment', Buffer.from('{} // ')],
  ['brackets without end', Buffer.from('['.repeat(60_000))],
])('%s is not JSON', async (_, body) => {
  expect(await refusalOf({ body })).toMatchObject({ code: 'request_malformed', detail: 'The body is not JSON.' });
});

test('a byte order mark is passed over, and deep nesting is read', async () => {
  expect(await readJsonBody(createRequest({ body: '\ufeff{}' }), anything)).toEqual({});
  const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
  expect(await readJsonBody(createRequest({ body: deep }), anything)).toHaveLength(1);
});

test.each(['null', '[]', '"text"', '1', '{"key":"text"}', '{"key":[]}', '{"key":1}'])(
  'a request for a challenge is not %s',
  async (body) => {
    expect(await codeOf({ body }, challengeRequestSchema)).toBe('request_malformed');
  },
);

const DOCUMENT = { encoding: 'pkcs7', signature: 'AA==' };
const LICENCE_REQUEST = { challenge: 'a.b.c', document: DOCUMENT };

test.each<[string, object]>([
  ['challenge', { challenge: undefined }],
  ['challenge', { challenge: '' }],
  ['challenge', { challenge: 'a'.repeat(16_385) }],
  ['document', { document: undefined }],
  ['document', { document: null }],
  ['document.encoding', { document: { ...DOCUMENT, encoding: 'PKCS7' } }],
  ['document.signature', { document: { encoding: 'pkcs7' } }],
  ['document.signature', { document: { ...DOCUMENT, signature: '' } }],
  ['document.signature', { document: { ...DOCUMENT, signature: 'A'.repeat(32_769) } }],
  ['proof', { proof: 1 }],
  ['proof', { proof: 'a'.repeat(16_385) }],
  ['offer', { offer: '' }],
  ['offer', { offer: 'a'.repeat(513) }],
])('of a request for a licence, %s is named where it is not in its form', async (where, change) => {
  const refusal = await refusalOf({ body: { ...LICENCE_REQUEST, ...change } }, licenceRequestSchema);
  expect(refusal).toMatchObject({ code: 'request_malformed', detail: `"${where}" is missing or not in its form.` });
});

const readLabel = async (label: unknown) =>
  (await readJsonBody(createRequest({ body: { ...LICENCE_REQUEST, label } }), licenceRequestSchema)).label;

test.each([
  'web-1',
  'Zürich / Halle 3 (links)',
  'データセンター東京',
  'नई दिल्ली',
  'a\u00a0b',
  '🚀 nightly',
  'x'.repeat(64),
  '🚀'.repeat(64),
])('the label %j is taken as it is', async (label) => {
  expect(await readLabel(label)).toBe(label);
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['an object', { toString: 'web-1' }],
  ['a list', ['web-1']],
  ['empty', ''],
  ['blank', '  \u00a0'],
  ['of 65 characters', 'x'.repeat(65)],
  ['of 65 characters beyond the first plane', '🚀'.repeat(65)],
  ['very long', 'x'.repeat(50_000)],
  ['two lines', 'web\n1'],
  ['two lines, as Windows has them', 'web\r\n1'],
  ['with a line separator', 'web\u20281'],
  ['with a paragraph separator', 'web\u20291'],
  ['with a tab', 'web\t1'],
  ['with NUL', 'web\u00001'],
  ['with an escape sequence', '\u001b[2Jweb'],
  ['with a C1 control', 'web\u009b1'],
  ['with DEL', 'web\u007f1'],
  ['turned round', 'web\u202e1'],
  ['with a mark for the right-to-left direction', 'web\u200f1'],
  ['with an isolate', 'web\u20661\u2069'],
  ['with a joiner of no width', 'web\u200d1'],
  ['with a space of no width', 'web\u200b1'],
  ['with a byte order mark', '\ufeffweb'],
  ['with a soft hyphen', 'web\u00ad1'],
  ['with tags', 'web\u{e0061}'],
  ['with half a surrogate pair', 'web\ud83d'],
  ['for private use', 'web\ue000'],
  ['not assigned', 'web\u0378'],
  ['not in NFC', 'Zu\u0308rich'],
])('a label that is %s is dropped, and the request goes on', async (_, label) => {
  expect(await readLabel(label)).toBeUndefined();
});

test('unknown members are left out, and __proto__ is one of them', async () => {
  const body = JSON.stringify({ ...LICENCE_REQUEST, more: 1 }).replace('{', '{"__proto__":{"proof":"forged"},');
  const read = await readJsonBody(createRequest({ body }), licenceRequestSchema);
  expect(Object.keys(read).filter((name) => read[name as keyof typeof read] !== undefined)).toEqual([
    'challenge',
    'document',
  ]);
  expect(read.proof).toBeUndefined();
});

test('no refusal repeats what was sent', async () => {
  const secret = 'c2VjcmV0';
  const bodies = [secret, `{"${secret}":`, `{"challenge":{"${secret}":1}}`, `{"key":"${secret}"}`, `["${secret}"]`];
  for (const body of bodies) {
    for (const schema of [challengeRequestSchema, licenceRequestSchema]) {
      const refusal = await refusalOf({ body }, schema.and(z.never()));
      expect(`${refusal.message} ${String(refusal.detail)}`).not.toContain(secret);
    }
  }
});
