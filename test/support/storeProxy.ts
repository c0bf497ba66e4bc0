import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

/**
 * What goes wrong with one request of the store's client.
 *
 * `refuse`: the connection ends before the store hears of it. `hang`: no answer. `lost`: the store does it, and the
 * connection ends without the answer. `half`: the store does it, and half of the answer comes. A status: the store's own
 * refusal, which it does not execute. `kill`: before the store hears of it, or after it has done it, this is called, and
 * the connection ends. `none`: nothing goes wrong with this one.
 */
export type StoreFault =
  'refuse' | 'hang' | 'lost' | 'half' | 'none' | { readonly status: number; readonly code: string } | Kill;

interface Kill {
  readonly when: 'before' | 'after';
  readonly kill: () => void;
}

export interface StoreProxy {
  readonly connectionString: string;
  /** Of each request that came, in order: `GET table()`, `GET table(row)`, `PUT table(row)`, `POST table`, `POST $batch`. */
  readonly requests: string[];
  /** The next requests that match fail, one fault each. */
  fail(on: RegExp, ...faults: readonly StoreFault[]): void;
  /** Nothing fails any more. Returns how many faults were left. */
  recover(): number;
}

/**
 * Stands between the store's client and Azurite until the test has finished. Signatures do not cover host and port.
 *
 * @param onHang called for each request that gets no answer, so that the test can let the client's time pass
 */
export async function startStoreProxy(
  connectionString: string,
  tablePrefix = '',
  onHang: () => void = () => undefined,
): Promise<StoreProxy> {
  const { port: target = '' } = /127\.0\.0\.1:(?<port>\d+)\//.exec(connectionString)?.groups ?? {};
  const requests: string[] = [];
  let faults: { readonly on: RegExp; readonly fault: StoreFault }[] = [];
  const server = createServer((incoming, outgoing) => {
    const name = describeRequest(incoming, tablePrefix);
    requests.push(name);
    const next = faults.find(({ on }) => on.test(name));
    faults = faults.filter((one) => one !== next);
    void pass(incoming, outgoing, { port: Number(target), fault: next?.fault, onHang });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    connectionString: connectionString.replace(`127.0.0.1:${target}/`, `127.0.0.1:${port}/`),
    requests,
    fail: (on, ...more) => void faults.push(...more.map((fault) => ({ on, fault }))),
    recover: () => {
      const left = faults.length;
      faults = [];
      return left;
    },
  };
}

/** `/account/prefixactivations(PartitionKey=…)` becomes `activations(row)`. */
function describeRequest({ method = '', url = '' }: IncomingMessage, tablePrefix: string): string {
  const [, , path = ''] = url.split('?')[0]?.split('/') ?? [];
  const name = path.replace(/\(.+\)$/, '(row)');
  return `${method} ${name.startsWith(tablePrefix) ? name.slice(tablePrefix.length) : name}`;
}

interface Way {
  readonly port: number;
  readonly fault: StoreFault | undefined;
  readonly onHang: () => void;
}

async function pass(incoming: IncomingMessage, outgoing: ServerResponse, { port, fault, onHang }: Way): Promise<void> {
  const body = Buffer.concat((await incoming.toArray()) as Buffer[]);
  if (fault === 'hang') {
    onHang();
    return;
  }
  const kill = typeof fault === 'object' && 'kill' in fault ? fault : null;
  if (fault === 'refuse' || kill?.when === 'before') {
    kill?.kill();
    incoming.socket.destroy();
    return;
  }
  if (typeof fault === 'object' && 'status' in fault) {
    const error = { 'odata.error': { code: fault.code, message: { lang: 'en-US', value: 'by the test' } } };
    outgoing.writeHead(fault.status, { 'content-type': 'application/json' }).end(JSON.stringify(error));
    return;
  }
  const { method = 'GET', url = '/', headers } = incoming;
  const answered = sendRequest({ host: '127.0.0.1', port, method, path: url, headers }).end(body);
  const [answer] = (await once(answered, 'response')) as [IncomingMessage];
  const octets = Buffer.concat((await answer.toArray()) as Buffer[]);
  if (fault === 'lost' || kill !== null) {
    kill?.kill();
    incoming.socket.destroy();
    return;
  }
  const { 'transfer-encoding': chunked, ...rest } = answer.headers;
  const length = chunked === undefined ? {} : { 'content-length': octets.length };
  outgoing.writeHead(answer.statusCode ?? 500, { ...rest, ...length });
  if (fault !== 'half') {
    outgoing.end(octets);
    return;
  }
  outgoing.write(octets.subarray(0, octets.length >> 1));
  outgoing.flushHeaders();
  setImmediate(() => incoming.socket.destroy());
}
