import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClientError } from '../../../src/client/clientError.ts';
import { verifyLicence } from '../../../src/client/licence/licence.ts';
import { standingOf } from '../../../src/client/licence/standing.ts';
import { verifySignedKeySet } from '../../../src/client/trust/signedKeySet.ts';
import { listen } from '../../client/support/loopback.ts';
import type { Loopback } from '../../client/support/loopback.ts';
import { AZURE_TAG, OTHER_VM_ID, PRODUCT, VM_ID } from '../../client/support/vectors.ts';
import { build, LANGUAGES, missingForVerify, missingOf, run } from './languages.ts';
import type { Commands } from './languages.ts';
import { STATE_ROWS, TOKEN_ROWS } from './rows.ts';
import type { Row } from './rows.ts';
import { ISSUER, Vendor } from './runFolders.ts';
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

let vendor: Vendor;
let imds: Loopback;
let answer: (response: ServerResponse) => void;
const commands = new Map<string, Commands>();

const QUERY = '/metadata/instance/compute/vmId?api-version=2021-01-01&format=text';

/** As Azure's metadata service: without its header there is no answer. */
function serve({ url, headers }: IncomingMessage, response: ServerResponse): void {
  if (url !== QUERY || headers['metadata'] !== 'true') response.writeHead(400).end();
  else answer(response);
}

beforeEach(() => {
  writeFileSync(CHASSIS_TAG, `${AZURE_TAG}\n`);
  answer = (response) => response.end(VM_ID);
});

beforeAll(async () => {
  vendor = await Vendor.create();
  imds = await listen(serve);
  const { root, secondRoot } = vendor;
  for (const language of languages) {
    if (language.absent !== null) continue;
    const separator = language.name === 'shell' ? ' ' : '", "';
    const built = build(language, join(folder, language.name), {
      'https://licences.contoso.com': ISSUER,
      'contoso/widget': PRODUCT,
      Qz0l7u8v5JXqk3nS2pYtWmR4cH1bE9fGdAaBxKoLiNs: [root.kid, secondRoot.kid].join(separator),
      '169.254.169.254': new URL(imds.url).host,
      '/sys/class/dmi/id/chassis_asset_tag': CHASSIS_TAG,
    });
    commands.set(language.name, built);
  }
});

afterAll(async () => {
  await imds.close();
  rmSync(folder, { recursive: true });
});

let folders = 0;

async function arrange(row: Pick<Row, 'change'>): Promise<{ path: string; files: RunFiles }> {
  const path = join(folder, `run-${String(folders++)}`);
  const files = { ...(await vendor.files()), ...(await row.change(vendor)) };
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
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
    answer: (response) => response.writeHead(302, { location: `${imds.url}${QUERY}` }).end(),
    tag: 'Another hypervisor',
    says: NOT_IN_AZURE,
  },
];

/** What the client says to the same files, as far as it reads such files. */
function clientTakes({ 'licence.jwt': token = '', 'jwks.jwt': keys = '' }: RunFiles): boolean {
  const rootKeys = [vendor.root.kid, vendor.secondRoot.kid];
  try {
    const keySet = verifySignedKeySet(keys, { issuer: ISSUER, rootKeys });
    const claims = verifyLicence(token, keySet, { issuer: ISSUER, product: PRODUCT, vmId: VM_ID });
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

describe.each(languages)('$name', ({ name, absent, verifyAbsent }) => {
  const isRunBy = async (level: keyof Commands, { change, says }: Omit<Row, 'what'>): Promise<void> => {
    const { path } = await arrange({ change });
    const { code, stdout, stderr } = await run(commands.get(name)?.[level] ?? ['false'], path);
    const expected =
      says === null ? { code: 0, stderr: '' } : { code: 1, stderr: expect.stringMatching(says) as string };
    expect({ code, stderr: stderr.trimEnd() }).toEqual(expected);
    expect(stdout === '').toBe(says !== null);
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
