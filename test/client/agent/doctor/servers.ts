import { createServer, request as requestHttp } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { onTestFinished } from 'vitest';
import { issueCertificate } from '../../../../src/emulator/authority/issueCertificate.ts';
import { createKeyRing } from '../../../../src/emulator/authority/keys.ts';
import type { AgentScene } from '../support/agentScene.ts';

/** What stands between a VM and the licence service: all real, on loopback, gone when the test has finished. */

const DAY = 86_400_000;

async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  onTestFinished(() => {
    server.close();
    (server as Partial<ReturnType<typeof createServer>>).closeAllConnections?.();
  });
  return (server.address() as AddressInfo).port;
}

interface Certified {
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
  readonly name?: string;
}

/** Where the service itself listens, whatever stands before it now. */
const places = new WeakMap<AgentScene, string>();

/** Puts a TLS server before the service, which is then called by its name. @returns its certificate in PEM */
export async function putTlsBefore(
  scene: AgentScene,
  { from = -1, to = 1, name = 'localhost' }: Certified = {},
): Promise<string> {
  const { pem, keys } = await issueCertificate({
    subject: 'CN=Inspection of Contoso',
    keys: await createKeyRing()('service', 'p-256'),
    notBefore: Date.now() + from * DAY,
    notAfter: Date.now() + to * DAY,
    names: [{ type: 'dns', value: name }],
  });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const place = places.get(scene) ?? scene.service.issuer;
  places.set(scene, place);
  const port = await listen(createSecureServer({ cert: pem, key }, forwardTo(place)));
  scene.service.issuer = `https://localhost:${port}`;
  return pem;
}

function forwardTo(url: string): RequestListener {
  return (request, response) => {
    request.pipe(
      requestHttp(new URL(request.url ?? '', url), { method: request.method }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }),
    );
  };
}

/** An HTTP proxy that answers CONNECT with this status. @returns its URL */
export async function startProxy(status = 200): Promise<string> {
  const server = createServer((_, response) => response.writeHead(500).end());
  server.on('connect', (request, socket) => {
    socket.on('error', () => undefined);
    socket.write(`HTTP/1.1 ${status} x\r\n\r\n`);
    const { port, hostname } = new URL(`http://${request.url ?? ''}`);
    if (status !== 200) {
      socket.end();
      return;
    }
    const further = connect(Number(port), hostname).on('error', () => undefined);
    // So that the end of the client is seen after that of the server.
    further.on('close', () => socket.resume());
    socket.pipe(further).pipe(socket);
  });
  return `http://localhost:${await listen(server)}`;
}

/** A server that is no server of TLS. @returns its port */
export function startPlain(): Promise<number> {
  return listen(createTcpServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.6\r\n')));
}

/** A port that nobody listens at. */
export async function findFreePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server that accepts connections and says nothing. @returns its port */
export function startSilent(): Promise<number> {
  return listen(createTcpServer((socket) => socket.on('error', () => undefined).resume()));
}
