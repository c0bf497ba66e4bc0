import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ClientError } from '../../../src/client/clientError.ts';
import { verifyLicence } from '../../../src/client/licence/licence.ts';
import { standingOf } from '../../../src/client/licence/standing.ts';
import { verifySignedKeySet } from '../../../src/client/trust/signedKeySet.ts';
import { AgentScene } from '../../client/agent/support/agentScene.ts';
import type { AgentProcess } from '../../client/agent/support/agentScene.ts';
import { ImdsStub } from '../../client/support/imdsStub.ts';
import { LicenceService } from '../../client/support/licenceService.ts';
import { listen } from '../../client/support/loopback.ts';
import type { Loopback } from '../../client/support/loopback.ts';
import { AZURE_TAG, OTHER_VM_ID, PRODUCT, VM_ID } from '../../client/support/vectors.ts';
import { build, LANGUAGES, listOf, missingForVerify, missingOf, run } from './languages.ts';
import type { Command, Commands, Verdict } from './languages.ts';
import { STATE_ROWS, TOKEN_ROWS } from './rows.ts';
import type { Row } from './rows.ts';
import { Vendor } from './runFolders.ts';
import type { RunFiles } from './runFolders.ts';

/** The programs of docs/any-language.md against run folders of every kind: the same verdict in every language. */

const folder = mkdtempSync(join(tmpdir(), 'countersign-languages-'));
const CHASSIS_TAG = join(folder, 'chassis_asset_tag');

const languages = LANGUAGES.map((language) => ({
  ...language,
  absent: missingOf(language),
  verifyAbsent: missingForVerify(language),
}));
for (const { name, absent, verifyAbsent } of languages) {
  // The reporter shows that tests are skipped, but not why.
  if (verifyAbsent === null) continue;
  process.stderr.write(
    `docs/examples/any-language/${name}: ${absent === null ? 'verify' : 'all'} is skipped: ${verifyAbsent}\n`,
  );
}

let service: LicenceService;
let vendor: Vendor;
let imds: Loopback;
let answer: (response: ServerResponse) => void;
const commands = new Map<string, Commands>();

const QUERY = '/metadata/instance/compute/vmId?api-version=2021-01-01&format=text';

const ELSEWHERE = '/elsewhere';

/** As Azure's metadata service: without its header there is no answer. */
function serve({ url, headers }: IncomingMessage, response: ServerResponse): void {
  if (url === ELSEWHERE) response.end(VM_ID);
  else if (url !== QUERY || headers['metadata'] !== 'true') response.writeHead(400).end();
  else answer(response);
}

beforeEach(() => {
  writeFileSync(CHASSIS_TAG, `${AZURE_TAG}\n`);
  answer = (response) => response.end(VM_ID);
});

beforeAll(async () => {
  service = await LicenceService.start(Date.now);
  vendor = await Vendor.create(service);
  imds = await listen(serve);
  for (const language of languages) {
    if (language.absent !== null) continue;
    const built = build(language, join(folder, language.name), {
      'https://licences.contoso.com': vendor.issuer,
      'contoso/widget': PRODUCT,
      Qz0l7u8v5JXqk3nS2pYtWmR4cH1bE9fGdAaBxKoLiNs: listOf(language, vendor.rootKeys),
      '169.254.169.254': new URL(imds.url).host,
      '/sys/class/dmi/id/chassis_asset_tag': CHASSIS_TAG,
    });
    commands.set(language.name, built);
  }
});

afterAll(async () => {
  await Promise.all([imds.close(), service.close()]);
  rmSync(folder, { recursive: true });
});

/** Of a language that is not absent. */
function commandOf(name: string, level: keyof Commands): Command {
  const command = commands.get(name)?.[level];
  if (command === undefined) throw new Error(`${name} was not built.`);
  return command;
}

let folders = 0;

async function arrange(row: Pick<Row, 'change'>): Promise<{ path: string; files: RunFiles }> {
  const path = join(folder, `run-${String(folders++)}`);
  const files = { ...(await vendor.files()), ...(await row.change(vendor)) };
  mkdirSync(path);
  const present = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined);
  for (const [name, text] of present) writeFileSync(join(path, name), text);
  return { path, files };
}

/** What a machine can answer to the question which VM it is. */
interface Surroundings {
  readonly what: string;
  /** Of Azure's metadata service; the VM's id unless given. */
  readonly answer?: (response: ServerResponse) => void;
  /** Of the chassis; Azure's unless given, null where it cannot be read. */
  readonly tag?: string | null;
  readonly says: RegExp | null;
}

const reset = (response: ServerResponse): void => void response.destroy();
const OTHER_VM = /: the licence is for another VM\.$/;
const NOT_IN_AZURE = /: this machine is not in Azure\.$/;

const SURROUNDINGS: readonly Surroundings[] = [
  { what: 'IMDS names another VM', answer: (response) => response.end(OTHER_VM_ID), says: OTHER_VM },
  { what: 'IMDS writes the id large', answer: (response) => response.end(VM_ID.toUpperCase()), says: null },
  { what: 'IMDS answers and the chassis is another', tag: 'Another hypervisor', says: null },
  { what: 'IMDS is silent on Azure hardware', answer: reset, says: null },
  { what: 'IMDS is silent on other hardware', answer: reset, tag: 'Another hypervisor', says: NOT_IN_AZURE },
  { what: 'IMDS is silent on hardware with an empty tag', answer: reset, tag: '\n', says: NOT_IN_AZURE },
  { what: 'IMDS is silent on unknown hardware', answer: reset, tag: null, says: null },
  {
    what: 'IMDS answers 403 on other hardware',
    answer: (response) => response.writeHead(403).end(VM_ID),
    tag: 'Another hypervisor',
    says: NOT_IN_AZURE,
  },
  {
    what: 'IMDS answers with a page on other hardware',
    answer: (response) => response.end(`<html>${'A'.repeat(100_000)}`),
    tag: 'Another hypervisor',
    says: NOT_IN_AZURE,
  },
  {
    what: 'somebody redirects to the right answer, on other hardware',
    answer: (response) => response.writeHead(302, { location: ELSEWHERE }).end(),
    tag: 'Another hypervisor',
    says: NOT_IN_AZURE,
  },
];

/** What the client says to the same files, as far as it reads such files. */
function clientTakes({ 'licence.jwt': token = '', 'jwks.jwt': keys = '' }: RunFiles): boolean {
  const { issuer, rootKeys } = vendor;
  try {
    const keySet = verifySignedKeySet(keys, { issuer, rootKeys });
    const claims = verifyLicence(token, keySet, { issuer, product: PRODUCT, vmId: VM_ID });
    return standingOf(claims, Date.now()) !== 'ended';
  } catch (error) {
    if (error instanceof ClientError) return false;
    throw error;
  }
}

test.each(TOKEN_ROWS)("the client's own verdict: $what", async (row) => {
  const { files } = await arrange(row);
  expect(clientTakes(files)).toBe(row.says === null);
});

/** Level 2 is level 1 first. */
const VERIFY_ROWS: readonly Row[] = [
  ...STATE_ROWS.filter(({ what }) =>
    ['in grace', 'the state denied', '31 minutes without the next check'].includes(what),
  ),
  ...TOKEN_ROWS,
];

/** What a program must end with: 0 and an answer, or 1 and a reason. */
function expectVerdict({ code, stdout, stderr }: Verdict, says: RegExp | null): void {
  const reason = says === null ? '' : (expect.stringMatching(says) as string);
  expect({ code, stderr: stderr.trimEnd() }).toEqual({ code: says === null ? 0 : 1, stderr: reason });
  expect(stdout.length > 0).toBe(says === null);
}

describe.each(languages)('$name', ({ name, absent, verifyAbsent }) => {
  const isRunBy = async (level: keyof Commands, { change, says }: Omit<Row, 'what'>): Promise<void> => {
    const { path } = await arrange({ change });
    expectVerdict(await run(commandOf(name, level), path), says);
  };

  test.skipIf(absent !== null).concurrent.each(STATE_ROWS)('read-state: $what', (row) => isRunBy('readState', row));

  test.skipIf(verifyAbsent !== null).concurrent.each(VERIFY_ROWS)('verify: $what', (row) => isRunBy('verify', row));

  test.skipIf(verifyAbsent !== null).each(SURROUNDINGS)('verify, where $what', async ({ says, ...given }) => {
    answer = given.answer ?? answer;
    if (given.tag === null) rmSync(CHASSIS_TAG);
    if (typeof given.tag === 'string') writeFileSync(CHASSIS_TAG, given.tag);
    await isRunBy('verify', { change: () => ({}), says });
  });
});

const runnable = languages.filter(({ absent }) => absent === null);
const verifying = languages.filter(({ verifyAbsent }) => verifyAbsent === null);

/** In all languages at once. */
async function expectOfAll(path: string, says: RegExp | null): Promise<void> {
  const programs = [
    ...runnable.map(({ name }) => commandOf(name, 'readState')),
    ...verifying.map(({ name }) => commandOf(name, 'verify')),
  ];
  for (const verdict of await Promise.all(programs.map((program) => run(program, path)))) expectVerdict(verdict, says);
}

test.skipIf(verifying.length === 0)('an IMDS that never ends its answer holds no program up for ever', async () => {
  answer = (response) => response.writeHead(200, { 'content-length': VM_ID.length }).write(VM_ID.slice(0, 8));
  const { path } = await arrange({ change: () => ({}) });
  await expectOfAll(path, null);
});

/** A real agent, when it has its first answer. */
async function startAgent(name: string): Promise<{ agent: AgentProcess; run: string }> {
  const agentImds = await ImdsStub.start();
  onTestFinished(() => agentImds.close());
  const scene = new AgentScene(agentImds, service, join(folder, name));
  mkdirSync(scene.state, { mode: 0o700, recursive: true });
  const agent = scene.spawn(['run']);
  await expect.poll(() => existsSync(join(scene.run, 'state'))).toBe(true);
  return { agent, run: scene.run };
}

test.skipIf(runnable.length === 0)('what a real agent leaves: a licence, then nothing', async () => {
  const { agent, run } = await startAgent('licensed');
  await expectOfAll(run, null);
  agent.signal('SIGTERM');
  expect((await agent.ended).code).toBe(0);
  await expectOfAll(run, /: state cannot be read/);
});

test.skipIf(runnable.length === 0)('what a real agent leaves: a denial', async () => {
  service.denies = 'vm_blocked';
  const { run } = await startAgent('denied');
  await expectOfAll(run, /: the state is .?denied/);
});

test.skipIf(!verifying.some(({ name }) => name === 'python'))('Python without cryptography says so', async () => {
  const [python, ...args] = commandOf('python', 'verify');
  const { code, stderr } = await run([python, '-S', ...args], folder);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('pip install cryptography') as string });
});

test.skipIf(!verifying.some(({ name }) => name === 'shell'))('the shell without curl says so', async () => {
  const [, ...args] = commandOf('shell', 'verify');
  const { code, stderr } = await run(['env', 'PATH=/nowhere', '/bin/sh', ...args], folder);
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'verify.sh needs curl. Install it.\n' });
});
