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
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import type { Answer } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../../operators/useStack.ts';
import { runKeys } from '../../support/runKeys.ts';
import { Bindings } from '../support/bindings.ts';
import { readPageSteps } from '../support/pageSteps.ts';
import { Terminal } from '../support/terminal.ts';

/** docs/operator-day.md: its commands are typed as they stand there, and what it says of outputs is compared. */

const ROOT = resolve(import.meta.dirname, '../../..');
const steps = readPageSteps(readFileSync(join(ROOT, 'docs/operator-day.md'), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'countersign-day-'));
const SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000001';
const catalogueFile = join(folder, 'catalogue.json');
writeFileSync(
  catalogueFile,
  JSON.stringify({
    offers: [{ offer: 'contoso/gateway/standard', mode: 'licensed', lifetime: 'PT6H' }],
    licences: [
      {
        ...{ id: 'fabrikam-2026', cloud: 'emulator', subscription: SUBSCRIPTION, offer: 'contoso/gateway/standard' },
        ...{ seats: 1, customer: { name: 'Fabrikam Residences', reference: 'C-4711' } },
      },
    ],
  }),
);
const stack = useStack({ catalogueFile });

/** The cloud after its CA has changed: under a root that is pinned. */
let moved: StartedEmulator;

beforeAll(async () => {
  const names = { root: 'Contoso Trust Root', secondRoot: 'Contoso Second Root', intermediate: 'Contoso Azure CA 02' };
  const authority = await createAuthority({ names, keys: runKeys('other') });
  moved = await startEmulator({ port: 0, authority, rateLimit: Infinity });
  const root = { cloud: 'emulator', certificate: writePem(authority.root.der), newAnchor: true };
  expect((await operate(stack(), 'POST /trust/pins', { as: 'Admin', body: root })).status).toBe(201);
  writeFileSync(join(folder, 'new-ca.pem'), writePem(authority.intermediate.der));
});
afterAll(async () => {
  await moved.close();
  rmSync(folder, { recursive: true, force: true });
});

function bootVm(vm: string, imdsUrl = stack().imdsUrl): Promise<Answer> {
  const { serviceUrl: baseUrl } = stack();
  return boot({ baseUrl, issuer: baseUrl, imdsUrl, vm, key: createKey() });
}

/** What the timers of the service do every few minutes. */
async function project(): Promise<void> {
  const store = createTablesStore({ connection: stack(), tablePrefix: stack().tablePrefix });
  await projectViews({ store, now: () => Date.now() + LAG }, () => undefined);
}

function openTerminal(): Terminal {
  const { serviceUrl: COUNTERSIGN_URL, operatorTokens } = stack();
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  return new Terminal(folder, { PATH, HOME: folder, COUNTERSIGN_URL, COUNTERSIGN_TOKEN: operatorTokens.Admin });
}

/** Columns are as wide as what stands in them. */
const squeeze = (text: string) => text.replace(/ {2,}/g, '  ');

test('the commands of the page do what it says', async () => {
  expect((await bootVm('licensed')).status).toBe(200);
  const refused = await bootVm('licensed-2');
  expect((await bootVm('fleet-1', moved.url)).body['code']).toBe('issuer_unknown');
  await project();
  const terminal = openTerminal();
  await terminal.run(`countersign() { node ${ROOT}/src/cli/main.ts "$@"; }`);
  const bindings = new Bindings({
    AzurePublicCloud: 'emulator',
    '019aca5e-ab16-8cb6-a962-a4c014478cbd': String(refused.body['correlationId']),
  });
  for (const step of steps) {
    if (step.kind !== 'run') throw new Error(`This page has commands alone, and no ${step.kind}.`);
    const printed = await terminal.run(bindings.translate(step.text));
    if (step.output !== undefined) bindings.compare(squeeze(step.output), squeeze(printed), step.text);
    await project();
  }
  await terminal.close();
});
