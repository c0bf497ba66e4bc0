import { execFile, execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { checkLicence } from '../../../src/client/index.ts';
import { buildAgent } from '../../../src/dev/buildAgent.ts';
import { PACKAGES, packPackage } from '../../../src/dev/packages/pack.ts';
import { ImdsStub } from '../../client/support/imdsStub.ts';
import { LicenceService } from '../../client/support/licenceService.ts';
import { PRODUCT } from '../../client/support/vectors.ts';
import type { BenchOptions } from '../options.ts';
import { median } from '../rounds.ts';
import { measureAgentMemory } from './agentMemory.ts';
import type { MemoryOfAgent } from './agentMemory.ts';
import type { SignatureInput, Times } from './checkProcess.ts';
import { measureInVirtualTime } from './inVirtualTime.ts';
import type { VirtualFigures } from './inVirtualTime.ts';

/** The client and the agent as they are published, on a VM that has a licence. */

const PROCESS = join(import.meta.dirname, 'checkProcess.ts');

/** As plain JavaScript: in a process that takes types away the heap is full of that, and is collected during the check. */
async function buildProcess(folder: string): Promise<string> {
  const outfile = join(folder, 'checkProcess.mjs');
  await build({ entryPoints: [PROCESS], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' });
  return outfile;
}

export interface ClientFigures extends VirtualFigures, MemoryOfAgent {
  /** Octets: the tarball, and the agent's one file. */
  readonly packed: number;
  readonly agentFile: number;
  /** Milliseconds, medians over processes. */
  readonly signatures: number;
  readonly first: number;
  readonly later: number;
}

export async function measureClient({ rounds }: Pick<BenchOptions, 'rounds'>): Promise<ClientFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const [imds, service] = await Promise.all([ImdsStub.start(), LicenceService.start(Date.now)]);
  try {
    const { packed, installed } = await install(folder);
    const agent = await buildAgent(folder);
    const vm = { issuer: service.issuer, imdsUrl: imds.url, rootKeys: service.roots.map(({ kid }) => kid) };
    const times = await timeProcesses({ folder, installed, rounds, vm });
    const memory = await measureAgentMemory(agent, agentSettings(folder, vm));
    return { packed, agentFile: statSync(agent).size, ...times, ...(await measureInVirtualTime()), ...memory };
  } finally {
    await Promise.all([imds.close(), service.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As somebody who depends on the package has it. */
async function install(folder: string): Promise<{ readonly packed: number; readonly installed: string }> {
  const source = PACKAGES.find((one) => one.folder === 'src/client');
  if (source === undefined) throw new Error('The client is not among the packages.');
  const { tarball, bytes } = await packPackage(source, folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const flags = ['--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache')];
  execFileSync('npm', ['install', ...flags, tarball], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return { packed: bytes, installed: join(folder, 'node_modules/@countersign/client') };
}

interface Vm {
  readonly issuer: string;
  readonly imdsUrl: string;
  readonly rootKeys: readonly string[];
}

interface Measured {
  readonly folder: string;
  readonly installed: string;
  readonly rounds: number;
  readonly vm: Vm;
}

/** In turn, so that whatever else the machine does is shared by both. */
async function timeProcesses({ folder, installed, rounds, vm: { issuer, imdsUrl, rootKeys } }: Measured) {
  const program = await buildProcess(folder);
  const kept = join(folder, 'kept');
  const options = { issuer, imdsUrl, product: PRODUCT, trust: { rootKeys } };
  mkdirSync(kept, { mode: 0o700 });
  await checkLicence({ ...options, folder: kept });
  const [signatures, checks]: [Times[], Times[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    // What one process leaves behind about its requests to IMDS does not hold the next one up.
    const own = join(folder, `vm-${round}`);
    cpSync(kept, own, { recursive: true });
    signatures.push(await runProcess(program, 'signatures', JSON.stringify(SIGNATURE)));
    checks.push(await runProcess(program, 'check', installed, JSON.stringify({ ...options, folder: own })));
  }
  const of = (samples: readonly Times[], name: keyof Times) => median(samples.map((times) => times[name] ?? NaN));
  return { signatures: of(signatures, 'first'), first: of(checks, 'first'), later: of(checks, 'later') };
}

async function runProcess(program: string, ...args: readonly string[]): Promise<Times> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return JSON.parse(stdout) as Times;
}

function agentSettings(folder: string, { issuer, imdsUrl, rootKeys }: Vm): NodeJS.ProcessEnv {
  return {
    ...{ COUNTERSIGN_ISSUER: issuer, COUNTERSIGN_PRODUCT: PRODUCT, COUNTERSIGN_IMDS_URL: imdsUrl },
    ...{ COUNTERSIGN_TRUST: JSON.stringify({ rootKeys }), COUNTERSIGN_FOLDER: join(folder, 'agent') },
    COUNTERSIGN_RUN_FOLDER: join(folder, 'run'),
  };
}

const SIGNATURE = createSignature();

function createSignature(): SignatureInput {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const octets = Buffer.alloc(800, 'a');
  const signature = sign('sha256', octets, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const jwkOf = (key: typeof privateKey) => ({ ...key.export({ format: 'jwk' }) }) as Record<string, string>;
  const texts = { signature: signature.toString('base64'), octets: octets.toString('base64') };
  return { privateJwk: jwkOf(privateKey), publicJwk: jwkOf(publicKey), ...texts };
}
