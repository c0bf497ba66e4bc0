import * as z from 'zod';

import { instantText } from './records.ts';

/** What a signed key set says, as answers have it. */
export const signedSet = z
  .strictObject({
    issuedAt: instantText,
    expiresAt: instantText,
    life: z.int().describe('Seconds: the most from the issue of a licence to the end of its grace.'),
    keys: z.array(z.string()).describe('The thumbprints of its keys.'),
  })
  .meta({ id: 'SignedKeySet' });

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

export const keyReport = z
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

export const uploadReport = z
  .strictObject({
    root: z.string().describe('RFC 7638 thumbprint of the root key that signed it.'),
    ...signedSet.shape,
    uploadedBy: z.string().describe('The object id of the operator in the directory.'),
    uploadedAt: instantText,
  })
  .meta({ id: 'UploadedKeySet' });

export type KeyReportJson = z.input<typeof keyReport>;
export type SignedSetJson = z.input<typeof signedSet>;
export type UploadReportJson = z.input<typeof uploadReport>;
