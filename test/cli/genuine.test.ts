import { expect, test } from 'vitest';
import { expectedDocuments, hasShared, readSharedText, sharedPath } from '../support/shared.ts';
import type { ExpectedDocument } from '../support/shared.ts';
import { runIn } from './documentFiles.ts';

/** The genuine documents and their negatives, through the command line as a person would give it. */
const documents = expectedDocuments();
const directory = sharedPath('attested-documents');
const trust = ['--trust-dir', '../pki/certificates'];

const runOn = (document: ExpectedDocument, ...args: string[]) =>
  runIn(directory, ['verify', document.file, '--at', document.at, ...trust, ...args]);

/** `MM/dd/yy HH:mm:ss -0000` */
function toInstant(text: unknown): string {
  const [, month = '', day = '', year = '', time = ''] =
    /^(\d\d)\/(\d\d)\/(\d\d) (\S+) -0000$/.exec(String(text)) ?? [];
  return `20${year}-${month}-${day}T${time}Z`;
}

function resultOf({ cloud, region, content }: ExpectedDocument) {
  const { timeStamp, plan, vmId, subscriptionId, nonce, sku, licenseType } = content;
  const { createdOn, expiresOn } = timeStamp as Record<string, string>;
  return {
    ...{ cloud, region },
    vmId: String(vmId).toLowerCase(),
    subscriptionId: subscriptionId ?? null,
    sku: sku ?? null,
    licenseType: licenseType ?? null,
    ...{ plan, nonce },
    createdOn: toInstant(createdOn),
    expiresOn: toInstant(expiresOn),
  };
}

const accepted = documents.filter(({ expect: verdict }) => verdict === 'accept');
const rejected = documents.filter(({ expect: verdict }) => verdict === 'reject');

test.skipIf(!hasShared)('there are genuine documents of both kinds', () => {
  expect([accepted.length, rejected.length]).toEqual([9, 4]);
});

test.each(accepted)('$file is accepted at $at, with these claims', async (document) => {
  const { code, out, complaints } = await runOn(document, '--json');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  const { checks, ...value } = JSON.parse(out) as { checks: { outcome: string }[] };
  expect(value).toEqual({ accepted: true, code: null, result: resultOf(document) });
  expect(checks.map(({ outcome }) => outcome)).toEqual([...new Array<string>(10).fill('passed'), 'skipped']);
});

test.each(rejected)('$file is rejected at $at: $code', async (document) => {
  const { code, out, complaints } = await runOn(document, '--json');
  expect({ code, complaints }).toEqual({ code: 2, complaints: '' });
  expect(JSON.parse(out)).toMatchObject({ accepted: false, code: document.code, result: null });
});

test.each(accepted)('$file has expired today, and is of no other cloud or nonce', async (document) => {
  const json = async (...args: string[]) =>
    (JSON.parse((await runOn(document, '--json', ...args)).out) as { code: unknown }).code;
  const other = document.cloud === 'AzureChinaCloud' ? 'AzurePublicCloud' : 'AzureChinaCloud';
  expect(await json('--at', '2036-11-23T12:00:00Z')).toMatch(/^(document|certificate)_expired$/);
  expect(await json('--cloud', other)).toBe('cloud_not_accepted');
  expect(await json('--cloud', other, '--cloud', String(document.cloud))).toBeNull();
  expect(await json('--nonce', String(document.content['nonce']))).toBeNull();
  expect(await json('--nonce', '0')).toBe('nonce_mismatch');
});

test.skipIf(!hasShared)('the article’s own sample is explained: what it is, what failed and why', async () => {
  const article = readSharedText('seed', 'azure-instance-metadata-service.de.md');
  const stdin = /\{[^{}]*"encoding":"pkcs7"[^{}]*\}/.exec(article)?.[0] ?? '';
  const args = ['explain', '-', '--at', '2018-11-20T22:08:00Z', ...trust];
  const { code, out, complaints } = await runIn(directory, args, { stdin });
  expect({ code, complaints }).toEqual({ code: 2, complaints: '' });
  expect(out).toContain('nonce           "1234566766"');
  expect(out).toContain('createdOn       "2018-11-20T22:07:39Z"');
  expect(out).toContain('plan            ""');
  expect(out).toContain('RSA, 1024 bits');
  expect(out).toMatch(/ {2}FAIL {2}cloud /);
  expect(out).toContain('Rejected: signer_unexpected.');
  expect(out).toContain('What to do: ');
});
