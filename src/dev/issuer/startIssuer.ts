import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import { LOOPBACK } from '../freePort.ts';
import { createKeyRing } from '../../emulator/authority/keys.ts';
import type { KeyPair, KeyRing } from '../../emulator/authority/keys.ts';
import { accessTokenClaims } from './accessToken.ts';
import type { TokenRequest } from './accessToken.ts';
import { createListener } from './listener.ts';
import { issuePersonTokens } from './personTokens.ts';
import { createSignIn } from './signIn.ts';

/** Entra gives tokens for 60 to 90 minutes; whoever tries things out should not have to come back for another. */
const LIFETIME = 12 * 60 * 60;

export interface IssuerOptions {
  /** On 127.0.0.1; 0 (the default) for one that is free. */
  readonly port?: number;
  /** Milliseconds since the epoch; the computer's clock by default. */
  readonly clock?: () => number;
  /** Where signing keys come from, by the labels `directory 1`, `directory 2` and so on; the issuer makes its own by default. */
  readonly keys?: KeyRing;
}

/**
 * A stand-in for Entra ID on this machine: discovery, key set, access tokens and signing in, in one tenant, for one audience
 * and one application, which has the same id.
 */
export interface LocalIssuer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly tenant: string;
  readonly audience: string;
  /** The service's settings that make it take this issuer's tokens. */
  readonly settings: Readonly<Record<'ENTRA_TENANT' | 'ENTRA_AUDIENCE' | 'ENTRA_ISSUER', string>>;
  readonly issueToken: (request: TokenRequest) => Promise<string>;
  /** An address that people may come back to after they have signed in, to the letter. */
  readonly allowRedirect: (uri: string) => void;
  /** Signs with another key from now on; the earlier ones stay in the key set. */
  readonly rotateKey: () => Promise<void>;
  /** How often the key set was asked for. */
  readonly keySetRequests: () => number;
  readonly close: () => Promise<void>;
}

interface SigningKey {
  readonly kid: string;
  readonly publicJwk: JWK;
  readonly privateKey: KeyPair['privateKey'];
}

/** @throws the system's own error, such as EADDRINUSE for a port that is taken */
export async function startIssuer(options: IssuerOptions = {}): Promise<LocalIssuer> {
  const { port = 0, clock = Date.now, keys: ring = createKeyRing() } = options;
  const keys = [await createKey(ring, 1)];
  const [tenant, audience] = [randomUUID(), randomUUID()];
  const server = createServer();
  await listen(server, port);
  const url = `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  const issuer = `${url}/${tenant}/v2.0`;
  const redirectUris = new Set<string>();
  const facts = { issuer, tenant, audience };
  const signIn = createSignIn({
    ...{ clientId: audience, redirectUris, clock },
    issueTokens: (grant) => issuePersonTokens((claims) => sign(keys, claims), grant, { ...facts, at: clock() }),
  });
  const keySetPath = `/${tenant}/discovery/v2.0/keys`;
  let keySetRequests = 0;
  const pages = new Map<string, () => unknown>([
    [`/${tenant}/v2.0/.well-known/openid-configuration`, () => describeIssuer(url, tenant, issuer)],
    [
      keySetPath,
      () => {
        keySetRequests += 1;
        return { keys: keys.map(({ publicJwk }) => publicJwk) };
      },
    ],
  ]);
  server.on('request', createListener({ pages, signIn, redirectUris }));
  return {
    ...{ url, tenant, audience },
    settings: { ENTRA_TENANT: tenant, ENTRA_AUDIENCE: audience, ENTRA_ISSUER: issuer },
    issueToken: (request) => sign(keys, accessTokenClaims(request, { ...facts, lifetime: LIFETIME, at: clock() })),
    allowRedirect: (uri) => void redirectUris.add(uri),
    rotateKey: async () => void keys.push(await createKey(ring, keys.length + 1)),
    keySetRequests: () => keySetRequests,
    close: () => close(server),
  };
}

/** OpenID Connect Discovery 1.0 section 3. */
function describeIssuer(url: string, tenant: string, issuer: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/${tenant}/discovery/v2.0/keys`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

async function createKey(ring: KeyRing, number: number): Promise<SigningKey> {
  const { publicKey, privateKey } = await ring(`directory ${number}`);
  const kid = randomUUID();
  return { kid, publicJwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' }, privateKey };
}

/** Entra's keys in the set carry no `alg`; the header does. */
function sign(keys: readonly SigningKey[], claims: JWTPayload): Promise<string> {
  const key = keys.at(-1);
  if (key === undefined) throw new Error('The issuer has no key.');
  return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: key.kid }).sign(key.privateKey);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
