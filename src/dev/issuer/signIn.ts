import { hash, randomBytes } from 'node:crypto';
import { OPERATOR_ROLES } from '../../operators/access/roles.ts';
import type { OperatorRole } from '../../operators/access/roles.ts';
import { writeErrorPage, writeSignInPage } from './signInPage.ts';
import type { SignInReply, SignInRequest } from './signInPage.ts';

/** A code that was given out, and what its tokens are about. */
export interface Grant extends SignInRequest {
  readonly role: OperatorRole;
}

export interface SignInNeeds {
  readonly clientId: string;
  /** The addresses to come back to, to the letter. */
  readonly redirectUris: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly issueTokens: (grant: Grant) => Promise<Readonly<Record<string, unknown>>>;
}

export interface SignIn {
  /** `GET /authorize`: the page to choose a role on; with a role, `POST /authorize`: the way back with a code. */
  readonly authorize: (params: URLSearchParams, role: string | null) => SignInReply;
  /** `POST /token` */
  readonly redeem: (form: URLSearchParams) => Promise<SignInReply>;
}

/** Milliseconds: it is redeemed at once. */
const CODE_LIFE = 60_000;
/** More sign-ins are not under way on one machine. */
const MAX_CODES = 100;

const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };

interface KeptGrant extends Grant {
  readonly until: number;
}

/** Authorization code with PKCE, for one public client: whoever is on this machine is whom they say. */
export function createSignIn(needs: SignInNeeds): SignIn {
  const codes = new Map<string, KeptGrant>();
  return {
    authorize: (params, role) => {
      const request = readRequest(params, needs);
      if (typeof request === 'string') return writeErrorPage(request);
      if (role === null) return writeSignInPage(params, request);
      const known = OPERATOR_ROLES.find((one) => one === role);
      if (known === undefined) return writeErrorPage('There is no such role.');
      return redirect(request, keepCode(codes, { ...request, role: known }, needs.clock()));
    },
    redeem: async (form) => {
      const code = form.get('code') ?? '';
      const grant = codes.get(code);
      // Whatever comes of it, a code is good for one attempt.
      codes.delete(code);
      const problem = findTokenProblem(form, grant, needs);
      if (grant === undefined || problem !== null) return refuse(problem ?? 'invalid_grant');
      return { status: 200, headers: JSON_HEADERS, body: JSON.stringify(await needs.issueTokens(grant)) };
    },
  };
}

/** @returns what is wrong with it, for the person who sees the page: nobody is sent to an address that is not known */
function readRequest(params: URLSearchParams, { clientId, redirectUris }: SignInNeeds): SignInRequest | string {
  const read = (name: string) => (params.getAll(name).length === 1 ? (params.get(name) ?? '') : '');
  if (read('client_id') !== clientId) return 'The application is not the one that this directory knows.';
  const redirectUri = read('redirect_uri');
  if (!redirectUris.has(redirectUri)) return 'The address to come back to is not one that this directory knows.';
  if (read('response_type') !== 'code') return 'Only an authorization code can be asked for.';
  if (read('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(read('code_challenge')))
    return 'A code challenge (S256) is missing.';
  const scope = read('scope');
  if (!scope.split(' ').includes('openid')) return 'The scope “openid” is missing.';
  return { redirectUri, scope, state: read('state'), nonce: read('nonce'), codeChallenge: read('code_challenge') };
}

function keepCode(codes: Map<string, KeptGrant>, grant: Grant, at: number): string {
  const [oldest] = codes.keys();
  if (codes.size >= MAX_CODES && oldest !== undefined) codes.delete(oldest);
  const code = randomBytes(32).toString('base64url');
  codes.set(code, { ...grant, until: at + CODE_LIFE });
  return code;
}

function redirect({ redirectUri, state }: SignInRequest, code: string): SignInReply {
  const location = new URL(redirectUri);
  location.search = new URLSearchParams({ code, ...(state !== '' && { state }) }).toString();
  return { status: 303, headers: { Location: location.href, 'Cache-Control': 'no-store' }, body: '' };
}

/** @returns an error code of RFC 6749 section 5.2 */
function findTokenProblem(form: URLSearchParams, grant: KeptGrant | undefined, needs: SignInNeeds): string | null {
  if (form.get('grant_type') !== 'authorization_code') return 'unsupported_grant_type';
  if (form.get('client_id') !== needs.clientId) return 'invalid_client';
  if (grant === undefined || needs.clock() >= grant.until) return 'invalid_grant';
  if (form.get('redirect_uri') !== grant.redirectUri) return 'invalid_grant';
  const challenge = hash('sha256', form.get('code_verifier') ?? '', 'base64url');
  return challenge === grant.codeChallenge ? null : 'invalid_grant';
}

function refuse(error: string): SignInReply {
  return { status: 400, headers: JSON_HEADERS, body: JSON.stringify({ error }) };
}
