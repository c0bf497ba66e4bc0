import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningEmulator } from '../../src/emulator/server/emulator.ts';
import { startEmulator } from '../../src/emulator/server/startEmulator.ts';
import { runsOpenssl } from '../support/programs.ts';
import { runKeys } from '../support/runKeys.ts';
import { getJson } from './running.ts';

/*
 * The way of Microsoft's article to check a document, step by step with openssl: who signed it, where that certificate's
 * issuer is found, its download, and the check of it all. Nothing is trusted but the emulator's root.
 */

const folder = mkdtempSync(join(tmpdir(), 'countersign-openssl-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let emulator: RunningEmulator | undefined;
let signature: string;

// openssl checks times by the machine's clock, so these documents are made by it too.
beforeAll(async () => {
  if (!runsOpenssl) return;
  emulator = await startEmulator({ port: 0, keys: runKeys('emulator'), rateLimit: Infinity });
  const document = await getJson(emulator, '/metadata/attested/document?api-version=2020-09-01&nonce=1234567890');
  ({ signature } = document as { signature: string });
  writeFileSync(join(folder, 'root.pem'), emulator.authority.root.pem);
  writeFileSync(join(folder, 'document.der'), Buffer.from(signature, 'base64'));
});
afterAll(() => emulator?.close());

function openssl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ''}: ${stdout}${stderr}`);
  return stdout;
}

/** What the article's `grep` and `awk` find. */
function addressIn(certificate: string): string {
  const text = openssl('x509', '-in', certificate, '-noout', '-text');
  const lines = text.split('\n').filter((line) => line.includes(' CA Issuers -'));
  expect(lines).toHaveLength(1);
  return lines[0]?.split('URI:')[1] ?? '';
}

async function download(address: string, file: string): Promise<void> {
  const answer = await fetch(address);
  expect(answer.status).toBe(200);
  writeFileSync(join(folder, file), Buffer.from(await answer.arrayBuffer()));
}

test.skipIf(!runsOpenssl)('the signer, its issuer’s address, the download and the check', async () => {
  openssl('pkcs7', '-inform', 'DER', '-in', 'document.der', '-out', 'sign.pk7');
  openssl('pkcs7', '-inform', 'DER', '-in', 'document.der', '-print_certs', '-out', 'signer.pem');
  await download(addressIn('signer.pem'), 'intermediate.cer');
  openssl('x509', '-inform', 'der', '-in', 'intermediate.cer', '-out', 'intermediate.pem');
  const content = openssl('smime', '-verify', '-in', 'sign.pk7', '-inform', 'pem', '-noverify');
  expect(JSON.parse(content)).toMatchObject({ nonce: '1234567890', vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6' });
  expect(openssl('x509', '-noout', '-subject', '-in', 'signer.pem')).toContain('CN = metadata.emulator.test');
  const issuer = openssl('x509', '-noout', '-issuer', '-in', 'signer.pem').replace('issuer=', '');
  expect(openssl('x509', '-noout', '-subject', '-in', 'intermediate.pem').replace('subject=', '')).toBe(issuer);
  const args = ['-verbose', '-CAfile', 'root.pem', '-untrusted', 'intermediate.pem', 'signer.pem'];
  expect(openssl('verify', ...args)).toBe('signer.pem: OK\n');
});

test.skipIf(!runsOpenssl)('the path with its revocation lists, strictly', async () => {
  const lists: string[] = [];
  for (const certificate of ['signer.pem', 'intermediate.pem']) {
    const [, address = ''] = /URI:(\S+\.crl)/.exec(openssl('x509', '-in', certificate, '-noout', '-text')) ?? [];
    await download(address, 'list.crl');
    lists.push(openssl('crl', '-inform', 'der', '-in', 'list.crl'));
  }
  writeFileSync(join(folder, 'lists.pem'), lists.join(''));
  const args = ['-x509_strict', '-crl_check_all', '-CRLfile', 'lists.pem', '-CAfile', 'root.pem'];
  const name = ['-verify_hostname', 'westus.metadata.emulator.test', '-purpose', 'sslserver'];
  expect(openssl('verify', ...args, ...name, '-untrusted', 'intermediate.pem', 'signer.pem')).toBe('signer.pem: OK\n');
});

test.skipIf(!runsOpenssl)('openssl cms with the root and the downloaded intermediate', () => {
  const trusted = ['root.pem', 'intermediate.pem'].map((file) => readFileSync(join(folder, file), 'utf8'));
  writeFileSync(join(folder, 'chain.pem'), trusted.join(''));
  const args = ['-inform', 'DER', '-in', 'document.der', '-CAfile', 'chain.pem', '-purpose', 'any'];
  expect(JSON.parse(openssl('cms', '-verify', ...args))).toMatchObject({ nonce: '1234567890' });
});
