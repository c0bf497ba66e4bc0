import * as z from 'zod';
import { formatInstant } from '../contract/instants.ts';
import { MAX_KEY_SET } from '../tokens/signedKeySet.ts';
import { RequestError } from '../http/requestError.ts';
import { parseJson, parseShape } from './bodies.ts';
import type { BodyForm } from './bodies.ts';
import { instantText } from '../contract/operators/records.ts';
import { signedSet, writeSignedSet } from './keySetEntry.ts';
import { NOTHING, defineRoute } from './route.ts';
import type { OperatorRoute } from './route.ts';

/* Key sets that a root key has signed elsewhere. */

const token = z.string().max(MAX_KEY_SET).describe('The signed key set: a compact JWS.');

const jsonForm = z.strictObject({ keySet: token });

/** The token as it is, as `countersign keys sign-set` writes it, or in JSON. */
const keySetBody: BodyForm<string> = {
  content: { 'application/jwk-set+jwt': token, 'application/json': jsonForm },
  largest: 2 * MAX_KEY_SET,
  parse: (mediaType, text) =>
    mediaType === 'application/json'
      ? parseShape(jsonForm, parseJson(text), 'The body').keySet.trim()
      : parseShape(token, text.trim(), 'The body'),
};

const uploadReport = z
  .strictObject({
    root: z.string().describe('RFC 7638 thumbprint of the root key that signed it.'),
    ...signedSet.shape,
    uploadedBy: z.string().describe('The object id of the operator in the directory.'),
    uploadedAt: instantText,
  })
  .meta({ id: 'UploadedKeySet' });

const putKeySet = defineRoute({
  ...{ name: 'putKeySet', method: 'PUT', path: '/keys/sets', role: 'Admin' },
  summary:
    'Uploads a key set that a root key of ROOT_THUMBPRINTS has signed; the newest one of each root is served, on every instance within 30 seconds',
  ...{ params: NOTHING, query: NOTHING, body: keySetBody, creates: true },
  answer: { mediaType: 'application/json', schema: uploadReport },
  codes: ['changed_meanwhile'],
  handle: async ({ parts: { uploads }, body, change }) => {
    if (uploads === null) {
      const detail =
        'This service takes no key sets: set ROOT_THUMBPRINTS to upload those of a root key that is offline.';
      throw new RequestError('request_malformed', detail);
    }
    const upload = await uploads.add(body, change);
    if (!upload.ok) {
      const code = upload.reason === 'older' ? 'changed_meanwhile' : 'request_malformed';
      throw new RequestError(code, `The key set was not taken. ${upload.detail}`);
    }
    const { root, set, isNew } = upload;
    const written = { uploadedBy: upload.change.by, uploadedAt: formatInstant(upload.change.at) };
    return { value: { root, ...writeSignedSet(set), ...written }, isNew };
  },
});

export const KEY_SET_ROUTES: readonly OperatorRoute[] = [putKeySet];
