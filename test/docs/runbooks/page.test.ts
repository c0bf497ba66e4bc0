import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectViews } from '../../../src/app/projectViews.ts';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { startEmulator } from '../../../src/emulator/server/startEmulator.ts';
import type { StartedEmulator } from '../../../src/emulator/server/startEmulator.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import { writePem } from '../../../src/trust/pem.ts';
import { LAG } from '../../../src/views/projectLog.ts';
import { runIn } from '../../cli/documentFiles.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import type { Answer } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../../operators/useStack.ts';
import { runKeys } from '../../support/runKeys.ts';
import { Bindings } from '../support/bindings.ts';
import { expectKnownCalls } from '../support/knownCalls.ts';
import { readPageSteps } from '../support/pageSteps.ts';
import type { PageStep } from '../support/pageSteps.ts';
import { Terminal } from '../support/terminal.ts';

/** docs/runbooks.md: its commands are typed as they stand there, and what it says of outputs is compared. */

const ROOT = resolve(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/runbooks.md'), 'utf8');
const VMS = join(ROOT, 'test/endToEnd/vms.json');
const folder = mkdtempSync(join(tmpdir(), 'countersign-runbooks-'));

interface Runbook {
  readonly title: string;
  readonly text: string;
  readonly steps: readonly PageStep[];
}

const runbooks: readonly Runbook[] = page
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.split('\n')[0] ?? '', text, steps: readPageSteps(text) }));

test('every runbook says when, how long, what to check and how to go back, and has commands', () => {
  for (const { title, text, steps } of runbooks) {
    for (const label of ['When', 'Time', 'Check', 'Go back']) expect(text, title).toContain(`**${label}** `);
    expect(steps.length, title).toBeGreaterThan(0);
    // How many rows of usage there are is a matter of the year.
    const silent = steps.filter((step) => step.kind === 'run' && step.output === undefined);
    expect(silent.filter(({ text: typed }) => !typed.startsWith('countersign usage export'))).toEqual([]);
  }
  expect(runbooks.map(({ title }) => title)).toHaveLength(17);
});

test('what only Azure or a drill can run says so, and names scripts, hooks and variables that are there', async () => {
  const azure = runbooks.flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'azure'));
  const calls = await expectKnownCalls(
    azure.map(({ text }) => text.replace(/^countersign\b/gm, 'node src/cli/main.ts')),
  );
  expect(calls.length).toBeGreaterThan(20);
});

/** Made by the runbook's own command, before there is a service. */
const { rootKey } = JSON.parse((await runIn(folder, ['keys', 'create-root', '--out', 'root.pem', '--json'])).out) as {
  readonly rootKey: string;
};
const OFFER = 'contoso/gateway/standard';
const catalogueFile = join(folder, 'catalogue.json');
writeFileSync(
  catalogueFile,
  JSON.stringify({
    offers: [{ offer: OFFER, mode: 'licensed', lifetime: 'PT6H', keyChanges: 1 }],
    licences: [
      {
        ...{ id: 'fabrikam-2026', cloud: 'emulator', subscription: 'aaaaaaaa-0000-4000-8000-000000000001' },
        ...{ offer: OFFER, seats: 1, customer: { name: 'Fabrikam Residences', reference: 'C-4711' } },
      },
    ],
  }),
);
const stack = useStack({ catalogueFile, settings: { ROOT_KEY_FILE: '', ROOT_THUMBPRINTS: rootKey } });

/** The cloud after its CA has changed: under a root that is pinned. */
let moved: StartedEmulator;

beforeAll(async () => {
  const names = { root: 'Contoso Trust Root', secondRoot: 'Contoso Second Root', intermediate: 'Contoso Azure CA 02' };
  const authority = await createAuthority({ names, keys: runKeys('other') });
  moved = await startEmulator({ port: 0, vmFile: VMS, authority, rateLimit: Infinity });
  const root = { cloud: 'emulator', certificate: writePem(authority.root.der), newAnchor: true };
  expect((await operate(stack(), 'POST /trust/pins', { as: 'Admin', body: root })).status).toBe(201);
  writeFileSync(join(folder, 'new-ca.pem'), writePem(authority.intermediate.der));
  await bringFirstKeySet();
});
afterAll(async () => {
  await moved.close();
  rmSync(folder, { recursive: true, force: true });
});

async function bringFirstKeySet(): Promise<void> {
  const { serviceUrl, operatorTokens } = stack();
  const options = {
    env: { COUNTERSIGN_URL: serviceUrl, COUNTERSIGN_TOKEN: operatorTokens.Admin },
    now: Date.now() - 60_000,
  };
  const signing = ['--root', 'root.pem', '--keys', 'first.json', '--issuer', serviceUrl];
  for (const args of [
    ['status', '--out', 'first.json'],
    ['sign-set', ...signing, '--out', 'set-2026-11.jwt', '--yes'],
    ['upload', 'set-2026-11.jwt'],
  ])
    expect(await runIn(folder, ['keys', ...args], options)).toMatchObject({ code: 0 });
}

function bootVm(vm: string, { imdsUrl = stack().imdsUrl, key = createKey() } = {}): Promise<Answer> {
  const { serviceUrl: baseUrl } = stack();
  return boot({ baseUrl, issuer: baseUrl, imdsUrl, vm, key });
}

/** What the timers of the service do every few minutes. */
async function project(): Promise<void> {
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  await projectViews({ store, now: () => Date.now() + LAG }, () => undefined);
}

const second = createKey();

/** The newest documents of the cloud, before its CA is pinned and after: the evidence counts, and no plan was sold there. */
const codes = ['issuer_unknown', 'plan_unknown'];

/** What happens before somebody types the command that begins so. */
const BEFORE: Readonly<Record<string, () => Promise<void>>> = {
  'countersign trust issuers': async () => {
    expect((await bootVm('fleet-1', { imdsUrl: moved.url })).body['code']).toBe(codes.shift());
  },
  'countersign activations seats': async () => {
    expect((await bootVm('licensed-2')).status).toBe(200);
  },
  'countersign activations list': async () => {
    expect((await bootVm('second', { key: second })).status).toBe(200);
  },
  'countersign activations show': async () => {
    expect((await bootVm('second')).status).toBe(200);
    expect((await bootVm('second')).body['code']).toBe('key_changed');
  },
};

/** Columns are as wide as what stands in them. */
const squeeze = (text: string) => text.replace(/ {2,}/g, '  ');

test('the commands do what the runbooks say', async () => {
  const { serviceUrl: COUNTERSIGN_URL, operatorTokens } = stack();
  expect((await bootVm('licensed')).status).toBe(200);
  const refused = await bootVm('licensed-2');
  const bindings = new Bindings({
    ...{ AzurePublicCloud: 'emulator', 'https://licences.vendor.example': COUNTERSIGN_URL },
    '019aca5e-ab16-8cb6-a962-a4c014478cbd': String(refused.body['correlationId']),
  });
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const env = { PATH, HOME: folder, COUNTERSIGN_URL, COUNTERSIGN_TOKEN: operatorTokens.Admin };
  const terminal = new Terminal(folder, env);
  await terminal.run(`countersign() { node ${ROOT}/src/cli/main.ts "$@"; }`);
  for (const step of runbooks.flatMap(({ steps }) => steps)) {
    if (step.kind !== 'run') continue;
    for (const [command, happens] of Object.entries(BEFORE)) if (step.text.startsWith(command)) await happens();
    await project();
    const printed = await terminal.run(bindings.translate(step.text));
    if (step.output !== undefined) bindings.compare(squeeze(step.output), squeeze(printed), step.text);
  }
  await terminal.close();
});
