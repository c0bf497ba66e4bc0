import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TableClient } from '@azure/data-tables';
import { expect, onTestFinished, test } from 'vitest';

import { startAzurite } from '../../src/dev/azurite.ts';
import type { AzuriteOptions } from '../../src/dev/azurite.ts';

async function start(options: AzuriteOptions = {}) {
  const azurite = await startAzurite(options);
  onTestFinished(() => azurite.stop());
  return azurite;
}

function table(connectionString: string): TableClient {
  return TableClient.fromConnectionString(connectionString, 'things', { allowInsecureConnection: true });
}

/** An open connection to the port, or null where nothing listens. */
async function hold(port: number): Promise<Socket | null> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return socket.on('error', () => undefined).resume();
  } catch {
    return null;
  }
}

/** Resolves when the connection is closed, also by a reset. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', resolve);
  });
}

async function answers(port: number): Promise<boolean> {
  const socket = await hold(port);
  socket?.destroy();
  return socket !== null;
}

test('rows written to memory are read back, and the port is closed after the stop', async () => {
  const azurite = await start();
  const things = table(azurite.connectionString);
  await things.createTable();
  await things.createEntity({ partitionKey: 'p', rowKey: 'r', colour: 'green' });
  expect((await things.getEntity('p', 'r'))['colour']).toBe('green');

  await azurite.stop();
  expect(await answers(azurite.tablePort)).toBe(false);
});

test('rows written to a folder outlive the process', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'azurite-test-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const first = await start({ dataDir });
  await table(first.connectionString).createTable();
  await table(first.connectionString).createEntity({ partitionKey: 'p', rowKey: 'r', colour: 'green' });
  await first.stop();

  const second = await start({ dataDir });
  expect((await table(second.connectionString).getEntity('p', 'r'))['colour']).toBe('green');
});

test('a taken port is an error that names it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(startAzurite({ tablePort: port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`);
});

test('all three services have endpoints of their own', async () => {
  const lines: string[] = [];
  const azurite = await start({ services: 'all', log: (line) => lines.push(line) });
  const ports = [...azurite.connectionString.matchAll(/(\w+)Endpoint=http:\/\/127\.0\.0\.1:(\d+)\//g)];
  expect(ports.map((match) => match[1])).toEqual(['Blob', 'Queue', 'Table']);
  for (const match of ports) expect(await answers(Number(match[2]))).toBe(true);
  expect(lines.join('\n')).toContain('Table service is successfully listening');
});

test('a parent that is killed takes Azurite with it', async () => {
  const program = new URL('../../src/dev/azurite.ts', import.meta.url).href;
  const code = `const { startAzurite } = await import(${JSON.stringify(program)}); console.log((await startAzurite()).tablePort)`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', code]);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  const held = await hold(port);
  expect(held).not.toBeNull();

  parent.kill('SIGKILL');
  // Azurite closes its connections a moment before its port, so the first one after the kill may still be accepted.
  for (let open = held; open !== null; open = await hold(port)) await closed(open);
});
