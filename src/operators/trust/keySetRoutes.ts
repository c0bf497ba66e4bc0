import * as z from 'zod';
import { formatInstant } from '../../contract/instants.ts';
import { MAX_KEY_SET } from '../../tokens/signedKeySet.ts';
import { RequestError } from '../../http/requestError.ts';
import { parseJson, parseShape } from '../edge/bodies.ts';
import type { BodyForm } from '../edge/bodies.ts';
import { uploadReport } from '../../contract/operators/keys.ts';
import type { SignedSetJson } from '../../contract/operators/keys.ts';
import type { ServedSet } from '../../tokens/keySets/keySets.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { OperatorRoute } from '../edge/route.ts';
import type { UploadedKeySets } from '../../tokens/keySets/uploadedKeySets.ts';

export interface KeySetNeeds {
  /** Null where the service signs its key sets itself. */
  readonly uploads: UploadedKeySets | null;
}

const defineRoute = routesThatNeed<KeySetNeeds>();

/* Key sets that a root key has signed elsewhere. */

const token = z.string().max(MAX_KEY_SET).describe('The signed key set: a compact JWS.');

const jsonForm = z.strictObject({ keySet: token });

/** The token as it is, as `countersign keys sign-set` writes it, or in JSON. */
const keySetBody: BodyForm<string> = {
  content: { 'application/jwk-set+jwt': token, 'application/json': jsonForm },
  largest: 2 * MAX_KEY_SET,
  *parse(mediaType, text) {
    if (mediaType !== 'application/json') return parseShape(token, text.trim(), 'The body');
    return parseShape(jsonForm, yield* parseJson(text), 'The body').keySet.trim();
  },
};

const putKeySet = defineRoute({
  ...{ name: 'putKeySet', role: 'Admin' },
  summary:
    'Uploads a key set that a root key of ROOT_THUMBPRINTS has signed; the newest one of each root is served, on every instance within 30 seconds',
  ...{ params: NOTHING, query: NOTHING, body: keySetBody, creates: true },
  answer: { mediaType: 'application/json', schema: uploadReport },
  codes: ['changed_meanwhile'],
  handle: async ({ needs: { uploads }, body, change, record }) => {
    if (uploads === null) {
      const detail =
        'This service takes no key sets: set ROOT_THUMBPRINTS to upload those of a root key that is offline.';
      throw new RequestError('request_malformed', detail);
    }
    const upload = await uploads.add(body, change, ({ root, set, before, version }) =>
      record({
        ...{ kind: 'keyset', key: root, version },
        ...{ old: before && writeSignedSet(before), new: writeSignedSet(set) },
      }),
    );
    if (!upload.ok) {
      const code = upload.reason === 'older' ? 'changed_meanwhile' : 'request_malformed';
      throw new RequestError(code, `The key set was not taken. ${upload.detail}`);
    }
    const { root, set, isNew } = upload;
    const written = { uploadedBy: upload.change.by, uploadedAt: formatInstant(upload.change.at) };
    return { value: { root, ...writeSignedSet(set), ...written }, isNew };
  },
});

export const KEY_SET_ROUTES: readonly OperatorRoute<KeySetNeeds>[] = [putKeySet];

export function writeSignedSet({ claims }: ServedSet): SignedSetJson {
  const { iat, exp, life, keys } = claims;
  return {
    ...{ issuedAt: formatInstant(iat * 1_000), expiresAt: formatInstant(exp * 1_000), life },
    keys: keys.map(({ kid }) => kid),
  };
}
