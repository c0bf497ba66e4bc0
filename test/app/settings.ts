import { generateKeyPairSync, randomBytes } from 'node:crypto';

const createPem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Where nothing listens: a store that is down. Nobody but the system may have port 1. */
export const STORE_THAT_IS_DOWN =
  'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=c2VjcmV0LW9mLXRoZS1zdG9yZQ==;' +
  'TableEndpoint=http://127.0.0.1:1/devstoreaccount1';

export const SIGNING_KEY = createPem();
export const ROOT_KEY = createPem();

/** Settings of a service that may start, in the form of an environment. */
export const GOOD_SETTINGS = {
  ISSUER: 'https://licences.contoso.com',
  TABLES_CONNECTION_STRING: STORE_THAT_IS_DOWN,
  SIGNING_KEY,
  ROOT_KEY,
  CHALLENGE_SECRETS: `first:${randomBytes(32).toString('base64url')}`,
} as const;
