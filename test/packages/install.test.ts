import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PACKAGES, packPackage } from '../../src/dev/packages/pack.ts';
import { startStack } from '../../src/dev/stack.ts';
import type { Stack } from '../../src/dev/stack.ts';
import { runsPrograms } from '../support/programs.ts';
import { expectedDocuments, hasShared, sharedPath } from '../support/shared.ts';
import { NODE_VERSIONS, installNode } from './nodeVersions.ts';

/** Each package as those who install it have it, under each Node that it promises. */

const SMOKE = resolve(import.meta.dirname, 'smoke.mjs');

const WITHOUT_MATERIAL = [
  'ok install',
  'ok countersign --version',
  'ok countersign licences list --help',
  'ok countersign imds',
  'ok countersign verify, of the emulator',
  'ok countersign explain',
  'ok countersign trust status --local, without certificates',
];
const WITH_MATERIAL = ['ok countersign trust sync, then trust status --local', 'ok countersign verify, of Azure'];

/** A genuine document, and what it takes to accept it. */
function materialArguments(): readonly string[] {
  const genuine = expectedDocuments().findLast(({ expect: verdict }) => verdict === 'accept');
  if (genuine === undefined) throw new Error('There is no genuine document.');
  const document = sharedPath('attested-documents', genuine.file);
  return ['--document', document, '--at', genuine.at, '--certificates', sharedPath('pki', 'certificates')];
}

describe.skipIf(!runsPrograms)('the tarballs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-install-'));
  let stack: Stack;

  beforeAll(async () => {
    for (const source of PACKAGES) await packPackage(source, folder);
    stack = await startStack({
      ports: { service: 0, imds: 0, table: 0 },
      folder: join(folder, 'stack'),
      store: { connectionString: inject('azurite'), tablePrefix: 'install' },
      progress: () => undefined,
    });
  });

  afterAll(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  test.for(NODE_VERSIONS)('install and work on Node %s', async (version, context) => {
    const node = installNode(version);
    if (node === null) return context.skip('The npm registry cannot be reached.');
    const { serviceUrl: issuer, rootKeys } = stack;
    // A VM of its own: one VM changes its key once.
    const imdsUrl = `${stack.imdsUrl}/vms/fleet-${Number.parseInt(version)}`;
    const call = { issuer, imdsUrl, product: 'planPublisher/planProduct', trust: { rootKeys } };
    const material = hasShared ? materialArguments() : [];
    const args = [SMOKE, '--tarballs', folder, '--stack', JSON.stringify(call), ...material];
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    const [out, complaints] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
    expect(await ended, complaints).toEqual([0, null]);
    const lines = out.trimEnd().split('\n');
    expect(lines.pop()).toMatch(new RegExp(`^all on Node v${version.replace('.', '\\.')}\\.`));
    const expected = [...WITHOUT_MATERIAL, ...(hasShared ? WITH_MATERIAL : []), 'ok @countersign/client, licensed'];
    expected.push(`ok @countersign/verifier${hasShared ? ', of Azure' : ''}`);
    expect(lines).toEqual(expected);
  });
});
