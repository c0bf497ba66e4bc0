import * as oauth from 'oauth4webapi';
import type { ConsoleConfig } from '../../contract/consolePages.ts';
import { isLoopback } from '../../contract/loopback.ts';
import { readOperator } from './operator.ts';
import type { Operator } from './operator.ts';
import { checkReturnPath } from './returnPath.ts';

/** It lives in memory alone: with the page it is gone. */
export interface Session {
  readonly accessToken: string;
  readonly operator: Operator;
}

/** Somebody could not be signed in; the message says why and what to do. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
}

/** What must outlive the way to the directory and back; deleted before it is used. */
interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly path: string;
}

const STORED = 'countersign.signIn';

export async function readConfig(home: string): Promise<ConsoleConfig> {
  const answer = await fetch(`${home}config.json`);
  if (!answer.ok) throw new SignInError(`The service answered ${answer.status} when asked how to sign in. Try again.`);
  return (await answer.json()) as ConsoleConfig;
}

/** Leaves the page for the directory's. @param path where to come back to in the end */
export async function beginSignIn(config: ConsoleConfig, home: string, path: string): Promise<void> {
  const server = await discover(config);
  if (server.authorization_endpoint === undefined) throw new SignInError('The directory names no page to sign in on.');
  const pending = {
    ...{ state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce() },
    ...{ verifier: oauth.generateRandomCodeVerifier(), path },
  };
  sessionStorage.setItem(STORED, JSON.stringify(pending));
  const address = new URL(server.authorization_endpoint);
  address.search = new URLSearchParams({
    ...{ client_id: config.clientId, redirect_uri: home, response_type: 'code' },
    scope: `openid profile ${config.scope}`,
    ...{ state: pending.state, nonce: pending.nonce, code_challenge_method: 'S256' },
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
  }).toString();
  location.assign(address);
}

export interface SignedIn {
  readonly session: Session;
  /** Where to go on, within the console. */
  readonly path: string;
}

/**
 * Ends signing in, on the way back from the directory.
 *
 * @returns null where this page was not opened from there
 * @throws {SignInError}
 */
export async function completeSignIn(config: ConsoleConfig, home: string, address: URL): Promise<SignedIn | null> {
  if (!address.searchParams.has('state')) return null;
  const pending = takePending();
  if (pending === null) return null;
  const server = await discover(config);
  const client: oauth.Client = { client_id: config.clientId };
  try {
    const params = oauth.validateAuthResponse(server, client, address, pending.state);
    const answer = await oauth.authorizationCodeGrantRequest(
      ...([server, client, oauth.None(), params, home, pending.verifier] as const),
      optionsOf(config),
    );
    const rules = { expectedNonce: pending.nonce, requireIdToken: true };
    const { access_token: accessToken } = await oauth.processAuthorizationCodeResponse(server, client, answer, rules);
    return {
      session: { accessToken, operator: readOperator(accessToken) },
      path: checkReturnPath(pending.path, home),
    };
  } catch (error) {
    throw new SignInError(describe(error));
  }
}

function takePending(): Pending | null {
  const text = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  return text === null ? null : (JSON.parse(text) as Pending);
}

async function discover(config: ConsoleConfig): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(config.authority);
  try {
    const answer = await oauth.discoveryRequest(issuer, optionsOf(config));
    return await oauth.processDiscoveryResponse(issuer, answer);
  } catch {
    throw new SignInError(`The directory ${issuer.origin} does not answer. Check your network, then try again.`);
  }
}

/** A directory without TLS is one of this machine: the service refuses any other. */
function optionsOf({ authority }: ConsoleConfig) {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the library marks it so that it stands out
  return isLoopback(authority) ? { [oauth.allowInsecureRequests]: true } : {};
}

function describe(error: unknown): string {
  if (error instanceof oauth.AuthorizationResponseError)
    return `The directory did not sign you in: ${error.error_description ?? error.error}. Sign in again.`;
  if (error instanceof oauth.ResponseBodyError)
    return `The directory gave no token: ${error.error_description ?? error.error}. Sign in again.`;
  return 'What came back from the directory does not belong to this page. Sign in again.';
}
