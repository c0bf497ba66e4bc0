import * as z from 'zod';
import { formatNullable } from '../contract/instants.ts';
import type { SigningKey } from '../tokens/keySet.ts';
import { thumbprint } from '../tokens/publicJwk.ts';
import type { RootState } from '../tokens/keySets/keySets.ts';
import { findRootTroubles } from '../tokens/keySets/rootTroubles.ts';
import { NO_BODY } from './bodies.ts';
import { instantText } from '../contract/operators/records.ts';
import { signedSet, writeSignedSet } from './keySetEntry.ts';
import { NOTHING, defineRoute } from './route.ts';
import type { OperatorRoute } from './route.ts';

const publicKey = z
  .strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() })
  .meta({ id: 'PublicKey' });

const signingKey = z
  .strictObject({
    kid: z.string(),
    state: z.enum(['next', 'current', 'retired']),
    from: instantText.nullable().describe('When it begins to sign, where that is to come and known.'),
    until: instantText.nullable().describe('Until when it is published, where that is known.'),
    published: z.boolean().describe('Whether it is in a key set that is served: only then may it sign.'),
    publicKey,
  })
  .meta({ id: 'SigningKey' });

const rootKey = z
  .strictObject({
    thumbprint: z
      .string()
      .nullable()
      .describe('RFC 7638: what an image carries. null where its vault did not answer yet.'),
    source: z.enum(['setting', 'vault', 'upload']).describe('upload: it is offline, and key sets are uploaded.'),
    set: signedSet.nullable().describe('The key set that is served under it; null where there is none.'),
  })
  .meta({ id: 'RootKey' });

const keyReport = z
  .strictObject({
    signing: z.array(signingKey),
    publishedUntil: instantText
      .nullable()
      .describe('Nobody may keep the key set for longer; null where it cannot change.'),
    rootKeys: z.array(rootKey).describe('Those in force, the first one first.'),
    licenceLife: z.int().describe('LICENCE_LIFE_SECONDS.'),
    troubles: z.array(z.string()).describe('What to fix before it becomes an outage.'),
    challengeSecrets: z.array(z.strictObject({ kid: z.string(), use: z.enum(['sign_and_verify', 'verify']) })),
  })
  .meta({ id: 'KeyReport' });

const readKeys = defineRoute({
  ...{ name: 'readKeys', method: 'GET', path: '/keys', role: 'Reader' },
  summary: 'Root keys and their key sets, and where signing keys and challenge secrets stand in their rotation',
  ...{ params: NOTHING, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: keyReport },
  codes: [],
  handle: async ({ parts: { signingKeys, keySets, config }, change: { at } }) => {
    const { keys, goodUntil, troubles } = await signingKeys.readPublished(at);
    const roots = await keySets.read(at);
    const isPublished = publishedUnder(roots);
    const life = config.LICENCE_LIFE_SECONDS;
    const value = {
      signing: keys.map((key) => writeKey(key, isPublished)),
      publishedUntil: formatNullable(Number.isFinite(goodUntil) ? goodUntil : null),
      rootKeys: roots.map(writeRoot),
      licenceLife: life,
      troubles: [...troubles, ...findRootTroubles(roots, { keys, life, at })],
      challengeSecrets: config.CHALLENGE_SECRETS.map(({ kid }, index) => ({
        kid,
        use: index === 0 ? ('sign_and_verify' as const) : ('verify' as const),
      })),
    };
    return { value };
  },
});

export const KEY_ROUTES: readonly OperatorRoute[] = [readKeys];

/** Without a root key whatever the service has is published. */
function publishedUnder(roots: readonly RootState[]): (kid: string) => boolean {
  if (roots.length === 0) return () => true;
  const kids = new Set(roots.flatMap(({ set }) => set?.claims.keys.map(({ kid }) => kid) ?? []));
  return (kid) => kids.has(kid);
}

function writeKey(key: SigningKey, isPublished: (kid: string) => boolean): z.input<typeof signingKey> {
  const { kty, crv, x, y } = key.publicJwk;
  const kid = thumbprint(key.publicJwk);
  return {
    ...{ kid, state: key.state },
    from: key.state === 'next' ? formatNullable(key.from) : null,
    until: key.state === 'retired' ? formatNullable(key.until) : null,
    ...{ published: isPublished(kid), publicKey: { kty, crv, x, y } },
  };
}

function writeRoot({ thumbprint: name, source, set }: RootState): z.input<typeof rootKey> {
  return { thumbprint: name, source, set: set === null ? null : writeSignedSet(set) };
}
