import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { runCommandLine } from '../../src/cli/runCommandLine.ts';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import type { Authority, LeafChange } from '../../src/emulator/authority/authority.ts';
import { documentContent } from '../../src/emulator/documents/documentContent.ts';
import type { AttestedVm } from '../../src/emulator/documents/documentContent.ts';
import { signDocument } from '../../src/emulator/documents/signDocument.ts';
import { recordIo } from './recordIo.ts';
import { runKeys } from '../support/runKeys.ts';

/** When the documents of these tests are signed. */
export const AT = Date.UTC(2026, 10, 23, 12);
export const NONCE = '1234567890';
export const VM: AttestedVm = {
  vmId: '11111111-0000-4000-8000-000000000001',
  subscriptionId: 'aaaaaaaa-0000-4000-8000-000000000001',
  sku: 'standard-2',
  licenseType: '',
  plan: { publisher: 'contoso', product: 'gateway', name: 'standard' },
};

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}

export interface RunOptions {
  readonly stdin?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: number;
  /** What is typed on the terminal; without it there is none. */
  readonly ask?: (question: string) => Promise<string>;
}

export interface DocumentDescription {
  readonly vm?: Partial<AttestedVm>;
  readonly leaf?: LeafChange;
}

export interface DocumentFiles {
  readonly folder: string;
  readonly authority: Authority;
  /** Runs a command line where the files are. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  write(name: string, content: Uint8Array | string): void;
  /** DER. */
  sign(description?: DocumentDescription): Promise<Buffer>;
}

/**
 * A folder with an authority's certificates (authority.pem) and one good document in its three forms (document.json,
 * document.b64, document.der), for the test file that calls this at its top.
 */
export function useDocumentFiles(): () => DocumentFiles {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  let files: DocumentFiles | undefined;
  beforeAll(async () => {
    files = await createFiles(folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  return () => {
    if (files === undefined) throw new Error('The files are there only while tests run.');
    return files;
  };
}

async function createFiles(folder: string): Promise<DocumentFiles> {
  const pair = runKeys('one')('all');
  const authority = await createAuthority({ at: AT, keys: () => pair });
  const write = (name: string, content: Uint8Array | string) => {
    writeFileSync(join(folder, name), content);
  };
  const sign = async ({ vm, leaf }: DocumentDescription = {}) => {
    const attested = { ...VM, ...vm };
    const content = documentContent({ vm: attested, apiVersion: '2020-09-01', nonce: NONCE, createdOn: AT });
    return Buffer.from(signDocument({ leaf: await authority.issueLeaf(leaf), content }));
  };
  const der = await sign();
  write('authority.pem', authority.pem);
  write('document.der', der);
  write('document.b64', der.toString('base64'));
  write('document.json', JSON.stringify({ encoding: 'pkcs7', signature: der.toString('base64') }));
  return { folder, authority, write, sign, run: (args, options) => runIn(folder, args, options) };
}

export async function runIn(
  directory: string,
  args: readonly string[],
  { stdin, env = {}, now = AT, ask }: RunOptions = {},
): Promise<Run> {
  const change = { directory, env, now: () => now, ...(ask !== undefined && { ask }) };
  const io = recordIo(stdin === undefined ? [] : [Buffer.from(stdin)], change);
  const code = await runCommandLine(args, io);
  return { code, ...io.written };
}

/** Trust in the authority alone. */
export const TRUST = ['--trust-pem', 'authority.pem', '--domain', 'metadata.emulator.test'] as const;
