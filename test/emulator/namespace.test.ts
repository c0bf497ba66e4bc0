import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runsPrograms } from '../support/programs.ts';
import { missingDotnet, runDotnet } from './dotnet/clients.ts';

/*
 * The emulator at the address of IMDS, in a network namespace of the test's own: clients that know no other address find
 * it there, and nothing outside sees it.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const NAME = `countersign-${process.pid}`;
const INSIDE = ['ip', 'netns', 'exec', NAME];
const URL = 'http://169.254.169.254';

function ip(...args: readonly string[]): string | null {
  const { error, status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? null : stderr.trim();
}

/** Why there is no namespace; null where there is one, with the address. */
function createNamespace(): string | null {
  if (!runsPrograms) return 'npm run check runs it';
  return (
    ip('netns', 'add', NAME) ??
    ip('-n', NAME, 'link', 'set', 'lo', 'up') ??
    ip('-n', NAME, 'address', 'add', '169.254.169.254/32', 'dev', 'lo')
  );
}

const absent = createNamespace();
// The reporter shows that tests are skipped, but not why.
if (absent !== null) process.stderr.write(`test/emulator/namespace.test.ts is skipped: ${absent}\n`);

const folder = mkdtempSync(join(tmpdir(), 'countersign-namespace-'));
const children: ReturnType<typeof spawn>[] = [];
afterAll(async () => {
  for (const child of children.filter(({ exitCode }) => exitCode === null)) {
    child.kill('SIGINT');
    await once(child, 'close');
  }
  if (runsPrograms) ip('netns', 'delete', NAME);
  rmSync(folder, { recursive: true });
});

function start(args: readonly string[]) {
  const [program = '', ...before] = INSIDE;
  const child = spawn(program, [...before, process.execPath, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  return { child, written };
}

/** What a program of a few lines prints, as JSON. */
async function runInside(source: string): Promise<unknown> {
  const { child, written } = start(['--input-type=module', '--eval', source]);
  const [code] = (await once(child, 'close')) as [number | null];
  expect({ code, stderr: written.stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(written.stdout);
}

let announced = '';

beforeAll(async () => {
  if (absent !== null) return;
  const bind = ['--bind', '169.254.169.254', '--force', '--rate-limit', '0', '--json'];
  const { child, written } = start([join(ROOT, 'src/cli/main.ts'), 'imds', ...bind]);
  while (!written.stdout.includes('\n')) {
    const [code] = await Promise.race([once(child, 'close'), once(child.stdout, 'data').then(() => [null])]);
    if (code !== null) throw new Error(`The emulator did not start: ${written.stderr}`);
  }
  announced = written.stdout;
});

test.skipIf(absent !== null)('it answers at the address and port of IMDS', async () => {
  expect(JSON.parse(announced)).toMatchObject({ url: URL });
  const path = '/metadata/instance/compute/vmId?api-version=2021-08-01&format=text';
  const source = `
    const answer = await fetch('${URL}${path}', { headers: { Metadata: 'true' } });
    console.log(JSON.stringify(await answer.text()));`;
  expect(await runInside(source)).toBe('02aab8a4-74ef-476e-8182-f6d2ba4166a6');
});

test.skipIf(absent !== null)('DefaultAzureCredential of @azure/identity finds it there', async () => {
  const source = `
    import { DefaultAzureCredential } from '@azure/identity';
    const found = await new DefaultAzureCredential().getToken('https://vault.azure.net/.default');
    console.log(JSON.stringify(found.token));`;
  const token = decodeJwt((await runInside(source)) as string);
  expect(token).toMatchObject({ iss: `${URL}/identity`, aud: 'https://vault.azure.net' });
});

const withoutDotnet = absent ?? missingDotnet();

test.skipIf(withoutDotnet !== null)('DefaultAzureCredential of .NET finds it there', async () => {
  const { code, stdout, stderr } = await runDotnet(['token'], { HOME: folder }, INSIDE);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { token } = JSON.parse(stdout) as { token: string };
  expect(decodeJwt(token)).toMatchObject({ iss: `${URL}/identity`, aud: 'https://vault.azure.net' });
});
