import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { findFreePort } from '../../src/dev/freePort.ts';
import { startServiceOnFreePort } from '../../src/dev/serviceProcess.ts';
import type { ServiceProcessOptions } from '../../src/dev/serviceProcess.ts';
import { entryFile, httpFunction, writeApp } from './functionsHost/appFolder.ts';

/** An app with one function, a, which answers 200. */
function createApp(): (port: number) => ServiceProcessOptions {
  const root = writeApp({ 'functions/a.mjs': entryFile(httpFunction('a', '')) });
  return (port) => ({ port, root, env: {} });
}

async function takePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a port that another process took first is given up for another', async () => {
  const ports = [await takePort(), await takePort(), await findFreePort()];
  const service = await startServiceOnFreePort(createApp(), () => Promise.resolve(ports.shift() ?? 0));
  onTestFinished(() => service.stop());
  expect(ports).toEqual([]);
  expect((await fetch(`${service.url}/a`)).status).toBe(200);
});

test('after three ports that are taken the failure names the last', async () => {
  const port = await takePort();
  let chosen = 0;
  const started = startServiceOnFreePort(createApp(), () => {
    chosen += 1;
    return Promise.resolve(port);
  });
  await expect(started).rejects.toThrow(`The service did not start.\nPort ${port} of 127.0.0.1 is taken.`);
  expect(chosen).toBe(3);
});

test('another failure is not tried again', async () => {
  const root = writeApp({ 'functions/a.mjs': entryFile(httpFunction('a', `route: 'admin'`)) });
  let chosen = 0;
  const started = startServiceOnFreePort(
    (port) => ({ port, root, env: {} }),
    () => {
      chosen += 1;
      return findFreePort();
    },
  );
  await expect(started).rejects.toThrow('The Functions host cannot start');
  expect(chosen).toBe(1);
});
