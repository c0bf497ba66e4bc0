import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { operate, useStack } from '../../operators/useStack.ts';
import { MAIN } from './support/agentScene.ts';

/** The trip of the two files: the VM's agent writes and reads them, an operator of the real service turns one into the other. */

const folder = mkdtempSync(join(tmpdir(), 'countersign-by-file-'));
const catalogueFile = join(folder, 'catalogue.json');
const OFFER = 'contoso/gateway/standard';
writeFileSync(
  catalogueFile,
  JSON.stringify({
    offers: [{ offer: OFFER, mode: 'licensed', offline: true, offlineLifetime: 'P14D' }],
    licences: [
      {
        ...{ id: 'by-file', cloud: 'emulator', subscription: 'aaaaaaaa-0000-4000-8000-000000000001' },
        ...{ offer: OFFER, seats: 5 },
      },
    ],
  }),
);
const stack = useStack({ catalogueFile });

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function agent(...args: readonly string[]) {
  return agentWith({}, ...args);
}

async function agentWith(variables: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const { serviceUrl, imdsUrl, rootKeys } = stack();
  const env = {
    ...{ COUNTERSIGN_ISSUER: serviceUrl, COUNTERSIGN_PRODUCT: 'contoso/gateway', COUNTERSIGN_ONCE: 'true' },
    ...{ COUNTERSIGN_IMDS_URL: `${imdsUrl}/vms/licensed`, COUNTERSIGN_TRUST: JSON.stringify({ rootKeys }) },
    ...{ COUNTERSIGN_FOLDER: join(folder, 'state'), COUNTERSIGN_RUN_FOLDER: join(folder, 'run') },
    ...variables,
  };
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [code] = (await ended) as [number | null];
  return { code, stdout, stderr };
}

test('a request goes out as a file, and the licence comes back as one', async () => {
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  const written = await agent('request', '--out', 'request.json');
  expect(written).toMatchObject({ code: 0, stderr: '' });
  expect(written.stdout).toMatch(/^The request of the VM [0-9a-f-]{36} was written to request\.json\.\n$/);
  const request = readFileSync(join(folder, 'request.json'), 'utf8');
  const printed = await agent('request');
  expect(Object.keys(JSON.parse(printed.stdout) as object)).toEqual(Object.keys(JSON.parse(request) as object));
  const { status, text } = await operate(stack(), 'POST /offline-activations', { body: request });
  expect(status).toBe(200);
  writeFileSync(join(folder, 'licence.json'), text);
  const imported = await agent('import', 'licence.json');
  expect(imported).toMatchObject({ code: 0, stderr: '' });
  expect(imported.stdout).toMatch(/^The licence by-file is valid until \d{4}-/);
  expect((await agent('status')).code).toBe(0);
  expect(JSON.parse(readFileSync(licencePath(), 'utf8'))).toMatchObject({ byFile: true });
});

function licencePath(): string {
  const state = join(folder, 'state');
  return join(state, readdirSync(state).find((name) => name.length === 36) ?? '', 'licence.json');
}

test('the doctor misses no service where the licence came by file, until another VM has the folder', async () => {
  const cutOff = { COUNTERSIGN_PROXY: 'http://127.0.0.1:1' };
  const own = await agentWith(cutOff, 'doctor');
  expect(own.stdout).toMatch(
    /^  - {6}Licence service +not looked at: The licence came by file, and the service is not asked before \d{4}-\S+Z\.$/m,
  );
  expect(own).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was found.') as string });
  const { imdsUrl } = stack();
  const other = await agentWith({ ...cutOff, COUNTERSIGN_IMDS_URL: `${imdsUrl}/vms/fleet-1` }, 'doctor', '--json');
  const { findings } = JSON.parse(other.stdout) as { findings: readonly { readonly cause: string }[] };
  expect(findings.map(({ cause }) => cause)).toEqual(expect.arrayContaining(['service_proxy_unreachable', 'vm_other']));
});

test('a licence that was renewed online does not count as one by file', async () => {
  expect((await agent('check', '--renew')).code).toBe(0);
  expect(JSON.parse(readFileSync(licencePath(), 'utf8'))).not.toHaveProperty('byFile');
});

test('what cannot be read, written or believed is told with an exit code of its own', async () => {
  expect(await agent('import')).toMatchObject({ code: 64 });
  expect((await agent('import', 'gone.json')).stderr).toContain('gone.json cannot be read (ENOENT).');
  expect((await agent('request', '--out', 'gone/request.json')).stderr).toContain('cannot be written (ENOENT).');
  writeFileSync(join(folder, 'other.json'), '{"licence":"x","keySet":"y"}');
  const refused = await agent('import', 'other.json');
  expect(refused).toMatchObject({ code: 14, stdout: '' });
  expect(refused.stderr).toMatch(/^The licence was not imported \(\w+\)\. /);
  expect(existsSync(join(folder, 'gone'))).toBe(false);
});
