import * as z from 'zod';
import { formatInstant } from '../contract/instants.ts';
import type { ServedSet } from '../tokens/keySets/keySets.ts';
import { instantText } from '../contract/operators/records.ts';

/** What a signed key set says, as answers have it. */
export const signedSet = z
  .strictObject({
    issuedAt: instantText,
    expiresAt: instantText,
    life: z.int().describe('Seconds: the most from the issue of a licence to the end of its grace.'),
    keys: z.array(z.string()).describe('The thumbprints of its keys.'),
  })
  .meta({ id: 'SignedKeySet' });

export function writeSignedSet({ claims }: ServedSet): z.input<typeof signedSet> {
  const { iat, exp, life, keys } = claims;
  return {
    ...{ issuedAt: formatInstant(iat * 1_000), expiresAt: formatInstant(exp * 1_000), life },
    keys: keys.map(({ kid }) => kid),
  };
}
