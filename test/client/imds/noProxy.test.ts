import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { onTestFinished, expect, test } from 'vitest';
import { ImdsStub } from '../support/imdsStub.ts';
import { VM_ID } from '../support/vectors.ts';

const MODULE = new URL('../../../src/client/adapters/requestImds.ts', import.meta.url).href;
const IMDS_PROGRAM = `
  const { requestImds } = await import('${MODULE}');
  const url = process.argv[1] + '/metadata/instance/compute/vmId?api-version=2021-01-01&format=text';
  console.log((await requestImds({ url, timeoutMs: 5000 })).text);
`;
const FETCH_PROGRAM = `console.log(await fetch(process.argv[1]).then(() => 'answered', () => 'failed'));`;

/** A proxy that counts who comes, and serves nobody. */
async function startTrap(): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => connections };
}

async function run(program: string, url: string, env: Record<string, string>): Promise<string> {
  const arguments_ = ['--input-type=module', '--eval', program, url];
  const { stdout } = await promisify(execFile)(process.execPath, arguments_, { env, timeout: 20_000 });
  return stdout.trim();
}

test('no environment sends a request to IMDS through a proxy', async () => {
  const stub = await ImdsStub.start();
  onTestFinished(() => stub.close());
  const trap = await startTrap();
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
  const env = { ...Object.fromEntries(names.map((name) => [name, trap.url])), NODE_USE_ENV_PROXY: '1' };
  expect(await run(IMDS_PROGRAM, stub.url, env)).toBe(VM_ID);
  expect(trap.connections()).toBe(0);
  // The same environment does work on `fetch`, so the lines above prove something.
  expect(await run(FETCH_PROGRAM, stub.url, env)).toBe('failed');
  expect(trap.connections()).toBeGreaterThan(0);
});
