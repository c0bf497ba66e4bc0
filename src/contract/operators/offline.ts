import * as z from 'zod';
import type { OfflineLicence } from '../wire.ts';
import { absentAsNull, documentSchema, token, wishes } from './evidence.ts';

const MAX_ROOT_KEYS = 8;
const thumbprint = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** The file that a VM without a way out has written. */
export const offlineRequestSchema = z
  .object({
    document: documentSchema.describe('The attested document, whose nonce names the VM’s key.'),
    proof: token.describe('A compact JWS by that key.'),
    ...wishes,
    rootKeys: absentAsNull(z.array(thumbprint).min(1).max(MAX_ROOT_KEYS)).describe(
      'RFC 7638 thumbprints of the root keys that the VM believes: the key set comes under the first that is in force.',
    ),
  })
  .meta({ id: 'OfflineRequest' });

export type OfflineRequestBody = z.output<typeof offlineRequestSchema>;

/** The file that goes back to the VM. */
export const offlineLicenceSchema: z.ZodType<OfflineLicence> = z
  .strictObject({
    licence: z.string().describe('A compact JWS.'),
    keySet: z.string().describe('The signed key set that the licence verifies under: a compact JWS.'),
  })
  .meta({ id: 'OfflineLicence' });
