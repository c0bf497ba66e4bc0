/** Paths below the issuer. A proof's `aud` is the issuer followed by the path that it is sent to. */
export const ENDPOINTS = {
  challenges: '/v1/challenges',
  licences: '/v1/licences',
  releases: '/v1/releases',
  jwks: '/.well-known/jwks.json',
  signedJwks: '/.well-known/jwks.jwt',
  discovery: '/.well-known/countersign',
} as const;
