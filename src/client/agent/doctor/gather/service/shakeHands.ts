import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import * as tls from 'node:tls';
import { replaceUnprintable } from '../../../../../contract/plainText.ts';
import { defaultAuthorities, describeServer, openTunnel } from '../../../../adapters/serviceFetch.ts';
import { systemErrorCode } from '../../../../clientError.ts';
import { listCertificates } from '../../../../optionRules.ts';
import { NO_ANSWER, portOf } from './reach.ts';

/** What the other side presented before a word was said. */
export interface Handshake {
  /** Why the proxy opened no tunnel: `PROXY_STATUS_407`, or the system's code; null where it did, or there is no proxy. */
  readonly tunnel: string | null;
  /** Why the certificates are not believed, or what ended the handshake; null also without TLS. */
  readonly failed: string | null;
  /** From the server's own to the last that was presented. */
  readonly chain: readonly Presented[];
}

export interface Presented {
  readonly subject: string;
  readonly issuer: string;
  /** As OpenSSL writes it: `Nov 28 18:27:00 2026 GMT`. */
  readonly validFrom: string;
  readonly validTo: string;
  /** Names that it is for: `DNS:licences.contoso.com`. */
  readonly names: string;
}

export interface Way {
  readonly target: URL;
  readonly proxy: URL | undefined;
}

/** Milliseconds for the tunnel, and for the handshake. */
const TIMEOUT = 5000;
const MAX_CHAIN = 6;
/** Characters. */
const MAX_NAME = 300;

export async function shakeHands({ target, proxy }: Way, ca: unknown): Promise<Handshake> {
  try {
    const socket = await openWay({ target, proxy });
    const shaken = target.protocol === 'https:' ? await secure(socket, target, ca) : { failed: null, chain: [] };
    socket.destroy();
    return { tunnel: null, ...shaken };
  } catch (error) {
    return { tunnel: failureOf(error), failed: null, chain: [] };
  }
}

async function openWay({ target, proxy }: Way): Promise<Socket> {
  const signal = AbortSignal.timeout(TIMEOUT);
  if (proxy !== undefined) return openTunnel(proxy, target, signal);
  const socket = connect({ host: describeServer(target.hostname).host, port: portOf(target) });
  await once(socket, 'connect', { signal });
  return socket;
}

/** Whatever is presented is looked at; nothing is said to a server that is not believed. */
function secure(socket: Socket, { hostname }: URL, ca: unknown): Promise<Omit<Handshake, 'tunnel'>> {
  const own = listCertificates(ca);
  const options = { socket, ...describeServer(hostname), rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] };
  const trusted = own === undefined ? {} : { ca: [...defaultAuthorities(), ...own] };
  return new Promise((resolve) => {
    const secured = tls.connect({ ...options, ...trusted }, () => {
      const failed = secured.authorized ? null : codeOf(secured.authorizationError);
      resolve({ failed, chain: listChain(secured.getPeerCertificate(true)) });
      secured.destroy();
    });
    secured.setTimeout(TIMEOUT, () => {
      resolve({ failed: NO_ANSWER, chain: [] });
      secured.destroy();
    });
    secured.on('error', (error) => {
      resolve({ failed: failureOf(error), chain: [] });
    });
  });
}

/** Node gives a code, or an error that has one, whatever its types say. */
function codeOf(error: unknown): string {
  return typeof error === 'string' ? error : failureOf(error);
}

function failureOf(error: unknown): string {
  if (error instanceof Error && error.name === 'AbortError') return NO_ANSWER;
  return systemErrorCode(error) ?? 'EUNKNOWN';
}

/** A root names itself as its issuer; where it was not presented, there is none. */
function listChain(certificate: tls.DetailedPeerCertificate | undefined, length = 0): readonly Presented[] {
  if (certificate?.subject === undefined || length >= MAX_CHAIN) return [];
  const { subject, issuer, valid_from: validFrom, valid_to: validTo, subjectaltname: names = '' } = certificate;
  const presented = { subject: formatName(subject), issuer: formatName(issuer), validFrom, validTo, names: cut(names) };
  const above = certificate.issuerCertificate === certificate ? undefined : certificate.issuerCertificate;
  return [presented, ...listChain(above, length + 1)];
}

function formatName(name: object): string {
  const parts = Object.entries(name) as [string, unknown][];
  return cut(parts.map(([type, value]) => `${type}=${String(value)}`).join(', '));
}

function cut(text: string): string {
  return replaceUnprintable(text, () => '?').slice(0, MAX_NAME);
}
