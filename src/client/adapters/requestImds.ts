import { readBounded } from '../../contract/readBounded.ts';
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { ImdsReply, ImdsRequest } from '../adapters.ts';
import { systemErrorCode } from '../clientError.ts';

/** Octets. The longest answer that is asked for, the attested document, stays far below it. */
const MAX_ANSWER = 256 * 1024;

const REFUSED = ['ECONNREFUSED'];
const NO_ROUTE = [
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EACCES',
  'EPERM',
];

/**
 * Uses node:http with an agent of its own: the environment may tell `fetch` and the global agent to use a proxy, and the
 * answer would then describe the proxy's machine.
 */
export async function requestImds({ url, timeoutMs, signal }: ImdsRequest): Promise<ImdsReply> {
  const agent = new Agent({ keepAlive: false });
  const timeout = AbortSignal.timeout(Math.max(0, Math.ceil(timeoutMs)));
  let began = false;
  try {
    const response = await send(url, agent, signal === undefined ? timeout : AbortSignal.any([timeout, signal]));
    began = true;
    return { kind: 'answer', status: response.statusCode ?? 0, text: await readText(response) };
  } catch (error) {
    if (began && !timeout.aborted) return { kind: 'cut' };
    return { kind: timeout.aborted ? 'silent' : kindOf(systemErrorCode(error) ?? '') };
  } finally {
    agent.destroy();
  }
}

/** A firewall of the machine itself refuses with EACCES or EPERM: the packet never left. */
function kindOf(code: string): 'refused' | 'no_route' | 'silent' | 'cut' {
  if (REFUSED.includes(code)) return 'refused';
  // Node's parser of HTTP: something answered, and not in HTTP.
  if (code.startsWith('HPE_')) return 'cut';
  return NO_ROUTE.includes(code) ? 'no_route' : 'silent';
}

function send(url: string, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent, signal, headers: { Metadata: 'true' } }, resolve).on('error', reject);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const octets = await readBounded(response, MAX_ANSWER);
  if (octets === null) throw new RangeError('The answer is too long.');
  return octets.toString('utf8');
}
