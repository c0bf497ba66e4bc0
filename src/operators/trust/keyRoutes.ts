import { formatNullable } from '../../contract/instants.ts';
import type { SigningKey } from '../../tokens/keySet.ts';
import { thumbprint } from '../../tokens/publicJwk.ts';
import type { RootState } from '../../tokens/keySets/keySets.ts';
import { findRootTroubles } from '../../tokens/keySets/rootTroubles.ts';
import { NO_BODY } from '../edge/bodies.ts';
import { keyReport } from '../../contract/operators/keys.ts';
import type { KeyReportJson } from '../../contract/operators/keys.ts';
import { writeSignedSet } from './keySetRoutes.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';
import type { SigningKeys } from '../../tokens/signingKeys.ts';
import type { KeySets } from '../../tokens/keySets/keySets.ts';

export interface KeyNeeds {
  readonly signingKeys: SigningKeys;
  readonly keySets: KeySets;
  /** Seconds. */
  readonly licenceLife: number;
  /** The names of the challenge secrets; the first signs. */
  readonly challengeKids: readonly string[];
}

const defineRoute = routesThatNeed<KeyNeeds>();

const readKeys = defineRoute({
  ...{ name: 'readKeys', role: 'Reader' },
  summary: 'Root keys and their key sets, and where signing keys and challenge secrets stand in their rotation',
  ...{ params: NOTHING, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: keyReport },
  codes: [],
  handle: async ({ needs: { signingKeys, keySets, licenceLife: life, challengeKids }, change: { at } }) => {
    const { keys, goodUntil, troubles } = await signingKeys.readPublished(at);
    const roots = await keySets.read(at);
    const isPublished = publishedUnder(roots);
    const value = {
      signing: keys.map((key) => writeKey(key, isPublished)),
      publishedUntil: formatNullable(Number.isFinite(goodUntil) ? goodUntil : null),
      rootKeys: roots.map(writeRoot),
      licenceLife: life,
      troubles: [...troubles, ...findRootTroubles(roots, { keys, life, at })],
      challengeSecrets: challengeKids.map((kid, index) => ({
        kid,
        use: index === 0 ? ('sign_and_verify' as const) : ('verify' as const),
      })),
    };
    return { value };
  },
});

export const KEY_ROUTES: readonly OperatorRoute<KeyNeeds>[] = [readKeys];

/** Without a root key whatever the service has is published. */
function publishedUnder(roots: readonly RootState[]): (kid: string) => boolean {
  if (roots.length === 0) return () => true;
  const kids = new Set(roots.flatMap(({ set }) => set?.claims.keys.map(({ kid }) => kid) ?? []));
  return (kid) => kids.has(kid);
}

function writeKey(key: SigningKey, isPublished: (kid: string) => boolean): KeyReportJson['signing'][number] {
  const { kty, crv, x, y } = key.publicJwk;
  const kid = thumbprint(key.publicJwk);
  return {
    ...{ kid, state: key.state },
    from: key.state === 'next' ? formatNullable(key.from) : null,
    until: key.state === 'retired' ? formatNullable(key.until) : null,
    ...{ published: isPublished(kid), publicKey: { kty, crv, x, y } },
  };
}

function writeRoot({ thumbprint: name, source, set }: RootState): KeyReportJson['rootKeys'][number] {
  return { thumbprint: name, source, set: set === null ? null : writeSignedSet(set) };
}
