import { exportJWK, SignJWT } from 'jose';
import type { KeyRing } from '../authority/keys.ts';
import { refuseToken, selectIdentity, type ManagedIdentity } from './selectIdentity.ts';
import type { Reply } from '../protocol/reply.ts';
import { uuidOf, type Vm } from '../vms/vms.ts';

const DAY_SECONDS = 24 * 60 * 60;
const KEY_ID = 'emulator';
const TENANT = uuidOf('tenant');

interface TokenRequest {
  readonly vm: Vm;
  readonly query: URLSearchParams;
  /** The emulator's base URL; its `/identity` is the token's issuer. */
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Managed identities: tokens of an issuer that exists in the emulator alone, and its key set. */
export interface Identity {
  /** Answers `/metadata/identity/oauth2/token`. Throws a refusal. */
  readonly readToken: (request: TokenRequest) => Promise<Reply>;
  /** Answers `/metadata/identity/info`. */
  readonly readInfo: () => Reply;
  readonly readKeySet: () => Promise<Reply>;
}

export function createIdentity(keys: KeyRing): Identity {
  return {
    readToken: async ({ vm, query, url, at }) => {
      const resource = query.get('resource');
      if (resource === null || resource === '') throw refuseToken('Required query variable "resource" is missing');
      const now = Math.floor(at / 1000);
      const claims = {
        ...identityClaims(selectIdentity(vm, query)),
        iss: `${url}/identity`,
        aud: resource,
        iat: now,
        nbf: now,
        exp: now + DAY_SECONDS,
      };
      const { privateKey } = await keys('identity');
      const header = { alg: 'RS256', kid: KEY_ID, typ: 'JWT' };
      const token = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
      return { status: 200, body: tokenBody(token, claims) };
    },
    readInfo: () => ({ status: 200, body: { tenantId: TENANT } }),
    readKeySet: async () => {
      const jwk = await exportJWK((await keys('identity')).publicKey);
      return { status: 200, body: { keys: [{ ...jwk, kid: KEY_ID, alg: 'RS256', use: 'sig' }] } };
    },
  };
}

function identityClaims({ clientId, objectId, resourceId }: ManagedIdentity) {
  return { appid: clientId, oid: objectId, sub: objectId, tid: TENANT, xms_mirid: resourceId };
}

/** Numbers are text here too (How to use managed identities on a VM, "Get a token using HTTP"). */
function tokenBody(token: string, claims: { appid: string; aud: string; nbf: number; exp: number }) {
  const seconds = String(claims.exp - claims.nbf);
  return {
    access_token: token,
    client_id: claims.appid,
    expires_in: seconds,
    ext_expires_in: seconds,
    expires_on: String(claims.exp),
    not_before: String(claims.nbf),
    resource: claims.aud,
    token_type: 'Bearer',
  };
}
