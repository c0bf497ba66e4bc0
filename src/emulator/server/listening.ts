import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A port that is open. Requests wait until there is somebody to answer them. */
export interface Listening {
  /** Without a trailing slash. */
  readonly url: string;
  readonly answerWith: (listener: RequestListener) => void;
  /** Closes the port, ends its connections, and opens it again; what it is already it stays. */
  readonly setOpen: (isOpen: boolean) => void;
  /** Ends open connections as well. */
  readonly close: () => Promise<void>;
}

/**
 * @param port 0 takes any free one
 * @throws the system's own error, such as EADDRINUSE for a port that is taken
 */
export async function listenOn(port: number, host: string): Promise<Listening> {
  let settle: (listener: RequestListener) => void = () => undefined;
  const listener = new Promise<RequestListener>((resolve) => (settle = resolve));
  const server = createServer((request, response) => {
    void listener.then((answer) => {
      answer(request, response);
    });
  });
  await open(server, port, host);
  const { port: taken } = server.address() as AddressInfo;
  const url = `http://${hostPart(host)}${portPart(taken)}`;
  const setOpen = (isOpen: boolean) => {
    if (isOpen === server.listening) return;
    if (isOpen) server.listen(taken, host);
    else void close(server);
  };
  return { url, answerWith: settle, setOpen, close: () => (server.listening ? close(server) : Promise.resolve()) };
}

/** Where every address of the machine is open, this machine's own is told. */
const TOLD: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function hostPart(host: string): string {
  // A zone, as in fe80::1%eth0, has no place in a URL.
  const [address = ''] = (TOLD[host] ?? host).split('%');
  return address.includes(':') ? `[${address}]` : address;
}

/** As URLs leave out the port that is theirs anyway. */
function portPart(port: number): string {
  return port === 80 ? '' : `:${port}`;
}

function open(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => {
      if (error) reject(error);
      else resolve();
    });
    server.closeAllConnections();
  });
}
