import { connect } from 'node:net';
import { replaceUnprintable } from '../../../../contract/plainText.ts';

/** What answers at IMDS's place, before HTTP makes sense of it. */
export interface ImdsHead {
  /** It speaks TLS where plain HTTP is expected. */
  readonly isTls: boolean;
  /** The status line, and the header lines that tell who answers. */
  readonly lines: readonly string[];
}

/** Milliseconds. */
const TIMEOUT = 4000;
/** Octets. */
const MAX_HEAD = 4096;
/** Characters. */
const MAX_LINE = 200;
const TELLING = /^(?:server|location|via|x-cache|content-type|proxy-authenticate|www-authenticate|x-squid-error):/i;
/** A record of TLS: its kind, and the major version. */
const TLS_KINDS = [0x14, 0x15, 0x16, 0x17];
const TLS_MAJOR = 3;

/** Asks once more, by hand: the client does not look at headers. Never rejects. */
export async function readImdsHead(base: string): Promise<ImdsHead> {
  const { hostname, port, host, pathname } = new URL(`${base}/metadata/versions`);
  const lines = [`GET ${pathname} HTTP/1.1`, `Host: ${host}`, 'Metadata: true', 'Connection: close', '', ''];
  const octets = await exchange({ host: hostname, port: Number(port === '' ? 80 : port) }, lines.join('\r\n'));
  const [kind, major] = octets;
  if (TLS_KINDS.includes(kind ?? 0) && major === TLS_MAJOR) return { isTls: true, lines: [] };
  const [status = '', ...headers] = octets.toString('latin1').split('\r\n\r\n', 1).join('').split('\r\n');
  const told = [status, ...headers.filter((line) => TELLING.test(line)).map(withoutQuery)];
  return { isTls: false, lines: told.map((line) => replaceUnprintable(line, () => '?').slice(0, MAX_LINE)) };
}

/** The query of a redirect can hold anything. */
function withoutQuery(line: string): string {
  return line.replace(/[?#].*/, '');
}

function exchange(place: { host: string; port: number }, request: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const end = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).subarray(0, MAX_HEAD));
    };
    const socket = connect(place, () => socket.write(request));
    // Of the whole exchange: what trickles in does not extend it.
    const timer = setTimeout(end, TIMEOUT);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (Buffer.concat(chunks).length >= MAX_HEAD || Buffer.concat(chunks).includes('\r\n\r\n')) end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      end();
    });
  });
}
