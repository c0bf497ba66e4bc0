import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createLocalSigner } from '../../../src/tokens/localSigner.ts';
import { publishKey } from '../../../src/tokens/keySet.ts';
import { signKeySet } from '../../../src/tokens/signedKeySet.ts';
import type { PublicJwk } from '../../../src/contract/wire.ts';
import { send } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../useStack.ts';

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const ROOT = createLocalSigner(pem, 'root key');

/** Its root key stays offline. */
const offline = useStack({ settings: { ROOT_KEY_FILE: '', ROOT_THUMBPRINTS: ROOT.kid } });
/** Its root key lies in a file. */
const online = useStack();

interface KeyReport {
  readonly signing: readonly { readonly kid: string; readonly published: boolean; readonly publicKey: PublicJwk }[];
  readonly rootKeys: readonly { readonly thumbprint: string; readonly source: string; readonly set: object | null }[];
  readonly licenceLife: number;
  readonly troubles: readonly string[];
}

async function readReport(stack: typeof offline): Promise<KeyReport> {
  const { status, body } = await operate(stack(), 'GET /keys', { as: 'Reader' });
  expect(status).toBe(200);
  return body as unknown as KeyReport;
}

let iat = Math.floor(Date.now() / 1_000) - 60;

async function signNext(change: Partial<Parameters<typeof signKeySet>[0]> = {}): Promise<string> {
  const { signing } = await readReport(offline);
  iat += 1;
  const input = { issuer: offline().serviceUrl, keys: signing.map(({ publicKey }) => publicKey), life: 2_592_000, iat };
  return signKeySet({ seconds: 86_400 * 30, ...input, ...change }, ROOT);
}

const put = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  operate(offline(), 'PUT /keys/sets', { as: 'Admin', body, headers });

test('before a set was uploaded the report has the keys that are to be signed, and says what to do', async () => {
  const { signing, rootKeys, licenceLife, troubles } = await readReport(offline);
  expect(signing).toMatchObject([{ state: 'current', published: false }]);
  for (const { kid, publicKey } of signing) expect(publishKey(publicKey).kid).toBe(kid);
  expect(rootKeys).toEqual([{ thumbprint: ROOT.kid, source: 'upload', set: null }]);
  expect([licenceLife, troubles]).toEqual([2_592_000, [expect.stringContaining('no key set was uploaded yet')]]);
});

test('a set is uploaded as JSON or as it is, and what it says is answered', async () => {
  const first = await signNext();
  const created = await put({ keySet: first });
  expect([created.status, created.body['code']]).toEqual([201, undefined]);
  const { signing, rootKeys, troubles } = await readReport(offline);
  const set = {
    issuedAt: new Date(iat * 1_000).toISOString().replace('.000Z', 'Z'),
    expiresAt: new Date((iat + 86_400 * 30) * 1_000).toISOString().replace('.000Z', 'Z'),
    life: 2_592_000,
    keys: signing.map(({ kid }) => kid),
  };
  expect(created.body).toMatchObject({ root: ROOT.kid, ...set, uploadedBy: expect.any(String) as string });
  expect(signing.map(({ published }) => published)).toEqual([true]);
  expect([rootKeys, troubles]).toEqual([[{ thumbprint: ROOT.kid, source: 'upload', set }], []]);
  const second = await signNext();
  const replaced = await put(`${second}\n`, { 'Content-Type': 'application/jwk-set+jwt' });
  expect(replaced.status).toBe(200);
  expect((await send(`${offline().serviceUrl}/.well-known/jwks.jwt`)).text).toBe(second);
  const again = await put({ keySet: second });
  expect([again.status, again.body]).toEqual([200, replaced.body]);
  const older = await put({ keySet: first });
  expect([older.status, older.body['code']]).toEqual([412, 'changed_meanwhile']);
  expect(older.body['detail']).toMatch(/^The key set was not taken\. The stored set was signed at /);
  const { body } = await operate(offline(), 'GET /changes?kind=keyset', { as: 'Reader' });
  const record = { key: ROOT.kid, operation: 'putKeySet', state: 'done' };
  expect(body['items']).toMatchObject([
    { ...record, old: set, new: { keys: set.keys } },
    { ...record, old: null, new: set },
  ]);
  expect(JSON.stringify(body)).not.toContain(first);
});

test('a set that a client would refuse is refused, with what to do; the one before stays', async () => {
  const before = (await send(`${offline().serviceUrl}/.well-known/jwks.jwt`)).text;
  const answer = await put({ keySet: await signNext({ issuer: 'https://licences.contoso.com' }) });
  expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
  expect(answer.body['detail']).toBe(
    'The key set was not taken. It is for another issuer. Sign it with --issuer set to the ISSUER of this service.',
  );
  expect((await put({ keySet: await signNext({ life: 60 }) })).body['detail']).toContain(
    'Sign it again with --life 2592000',
  );
  expect((await send(`${offline().serviceUrl}/.well-known/jwks.jwt`)).text).toBe(before);
});

test.each<[string, unknown, Readonly<Record<string, string>>, number, string]>([
  ['nothing', '', {}, 400, 'request_malformed'],
  ['another member', { keySet: 'a.b.c', force: true }, {}, 400, 'request_malformed'],
  ['what is no token', { keySet: 'a.b.c' }, {}, 400, 'request_malformed'],
  ['a text that is too long', { keySet: 'a'.repeat(16_385) }, {}, 400, 'request_malformed'],
  ['a body that is too long', { keySet: 'a'.repeat(40_000) }, {}, 413, 'request_too_large'],
  ['a plain text', 'a.b.c', { 'Content-Type': 'text/plain' }, 415, 'media_type_unsupported'],
])('%s is refused', async (_, body, headers, status, code) => {
  const answer = await put(body, headers);
  expect([answer.status, answer.body['code']]).toEqual([status, code]);
});

test.each(['Reader', 'Operator'] as const)('a %s uploads nothing', async (as) => {
  const answer = await operate(offline(), 'PUT /keys/sets', { as, body: { keySet: 'a.b.c' } });
  expect([answer.status, answer.body['code']]).toEqual([403, 'role_missing']);
});

test('a service that signs its sets itself takes none, and reports its own', async () => {
  const answer = await operate(online(), 'PUT /keys/sets', { as: 'Admin', body: { keySet: await signNext() } });
  expect([answer.status, answer.body['code']]).toEqual([400, 'request_malformed']);
  expect(answer.body['detail']).toContain('set ROOT_THUMBPRINTS');
  const { signing, rootKeys, troubles } = await readReport(online);
  expect(rootKeys).toMatchObject([{ thumbprint: online().rootKeys[0], source: 'setting', set: { life: 2_592_000 } }]);
  expect([signing.map(({ published }) => published), troubles]).toEqual([[true], []]);
});
