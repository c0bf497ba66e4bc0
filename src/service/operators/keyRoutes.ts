import * as z from 'zod';
import type { SigningKey } from '../../tokens/keySet.ts';
import { thumbprint } from '../../tokens/publicJwk.ts';
import { NO_BODY } from './bodies.ts';
import { formatNullable, instant } from './entries.ts';
import { NOTHING, defineRoute } from './route.ts';
import type { OperatorRoute } from './route.ts';

const signingKey = z
  .strictObject({
    kid: z.string(),
    state: z.enum(['next', 'current', 'retired']),
    from: instant.nullable().describe('When it begins to sign, where that is to come and known.'),
    until: instant.nullable().describe('Until when it is published, where that is known.'),
  })
  .meta({ id: 'SigningKey' });

const keyReport = z
  .strictObject({
    signing: z.array(signingKey),
    publishedUntil: instant.nullable().describe('Nobody may keep the key set for longer; null where it cannot change.'),
    troubles: z.array(z.string()).describe('What to mend before it becomes an outage.'),
    challengeSecrets: z.array(z.strictObject({ kid: z.string(), use: z.enum(['sign_and_verify', 'verify']) })),
  })
  .meta({ id: 'KeyReport' });

const readKeys = defineRoute({
  ...{ name: 'readKeys', method: 'GET', path: '/keys', role: 'Reader' },
  summary: 'Where signing keys and challenge secrets stand in their rotation',
  ...{ params: NOTHING, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: keyReport },
  codes: [],
  handle: async ({ parts: { signingKeys, config }, change: { at } }) => {
    const { keys, goodUntil, troubles } = await signingKeys.readPublished(at);
    const value = {
      signing: keys.map(writeKey),
      publishedUntil: formatNullable(Number.isFinite(goodUntil) ? goodUntil : null),
      troubles: [...troubles],
      challengeSecrets: config.CHALLENGE_SECRETS.map(({ kid }, index) => ({
        kid,
        use: index === 0 ? ('sign_and_verify' as const) : ('verify' as const),
      })),
    };
    return { value };
  },
});

export const KEY_ROUTES: readonly OperatorRoute[] = [readKeys];

function writeKey(key: SigningKey): z.input<typeof signingKey> {
  return {
    kid: thumbprint(key.publicJwk),
    state: key.state,
    from: key.state === 'next' ? formatNullable(key.from) : null,
    until: key.state === 'retired' ? formatNullable(key.until) : null,
  };
}
