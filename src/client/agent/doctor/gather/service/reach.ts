import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { describeServer } from '../../../../adapters/serviceFetch.ts';
import { systemErrorCode } from '../../../../clientError.ts';

/** How far a connection came. */
export interface Reached {
  readonly host: string;
  readonly port: number;
  /** What the name stands for. */
  readonly addresses: readonly string[];
  /** The step that failed, and the system's code. */
  readonly failed: { readonly step: 'name' | 'connection'; readonly code: string } | null;
}

/** Milliseconds. */
const NAME_TIMEOUT = 10_000;
const CONNECTION_TIMEOUT = 5000;
export const NO_ANSWER = 'ETIMEDOUT';

export async function reach(url: URL): Promise<Reached> {
  const { host } = describeServer(url.hostname);
  const place = { host, port: portOf(url) };
  const found = await within(NAME_TIMEOUT, lookup(host, { all: true }));
  if ('code' in found) return { ...place, addresses: [], failed: { step: 'name', code: found.code } };
  const addresses = found.value.map(({ address }) => address);
  const code = await connectTo(place);
  return { ...place, addresses, failed: code === null ? null : { step: 'connection', code } };
}

export function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** @returns the system's code; null where it was connected */
function connectTo(place: { readonly host: string; readonly port: number }): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(place);
    const end = (code: string | null) => () => {
      socket.destroy();
      resolve(code);
    };
    socket.setTimeout(CONNECTION_TIMEOUT, end(NO_ANSWER));
    socket.on('connect', end(null));
    socket.on('error', (error) => {
      end(systemErrorCode(error) ?? 'EUNKNOWN')();
    });
  });
}

/** The value, or why there is none: the name server of a cut-off network is waited for no longer. */
async function within<Value>(
  milliseconds: number,
  made: Promise<Value>,
): Promise<{ readonly value: Value } | { readonly code: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ code: string }>((resolve) => {
    timer = setTimeout(resolve, milliseconds, { code: NO_ANSWER });
  });
  const settled = made.then(
    (value) => ({ value }),
    (error: unknown) => ({ code: systemErrorCode(error) ?? 'EUNKNOWN' }),
  );
  const first = await Promise.race([settled, late]);
  clearTimeout(timer);
  return first;
}
