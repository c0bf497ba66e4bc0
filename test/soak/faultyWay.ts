import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Transform } from 'node:stream';
import { onTestFinished } from 'vitest';

/** How the way to the store is: `cut` ends every connection, `slow` delays each piece of an answer. */
export type Way = 'open' | 'cut' | 'slow';

/** Milliseconds. */
const DELAY = 300;

export interface FaultyWay {
  readonly port: number;
  set(way: Way): void;
}

/**
 * Stands between a service and its store, as octets, until the test has finished.
 *
 * @param target the store's port at the time
 */
export async function openFaultyWay(target: () => number): Promise<FaultyWay> {
  let way: Way = 'open';
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    // Either side may end at any time: that is what this is for.
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
  };
  const delay = () =>
    new Transform({
      transform: (piece, _, done) => void setTimeout(done, way === 'slow' ? DELAY : 0, null, piece),
    });
  const server = createServer((incoming) => {
    keep(incoming);
    if (way === 'cut') {
      incoming.destroy();
      return;
    }
    const outgoing = connect(target(), '127.0.0.1');
    keep(outgoing);
    incoming.pipe(outgoing);
    outgoing.pipe(delay()).pipe(incoming);
    outgoing.on('close', () => incoming.destroy());
    incoming.on('close', () => outgoing.destroy());
  });
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => {
      way = next;
      if (next === 'cut') cut();
    },
  };
}
