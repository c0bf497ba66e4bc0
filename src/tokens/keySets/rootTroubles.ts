import { formatInstant } from '../../contract/instants.ts';
import type { SigningKey } from '../keySet.ts';
import { thumbprint } from '../publicJwk.ts';
import { KeySetMissingError } from './keySets.ts';
import type { RootState, ServedSet } from './keySets.ts';

/** Milliseconds before the end of a set at which somebody should look. */
const WARN_BEFORE_END = 10 * 24 * 60 * 60 * 1_000;

const LOOK = 'look at the key and the identity’s role on it';
const SIGN =
  'write the keys with countersign keys status --out FILE, sign them with countersign keys sign-set, and send the set with countersign keys upload';

export interface TroubleFacts {
  /** The signing keys of the service. */
  readonly keys: readonly SigningKey[];
  /** Seconds: LICENCE_LIFE_SECONDS. */
  readonly life: number;
  readonly at: number;
}

/** What an operator should fix about the root keys and their sets: what happened, then what to do. */
export function findRootTroubles(roots: readonly RootState[], facts: TroubleFacts): string[] {
  return roots.flatMap((root) => [
    ...describeFailure(root),
    ...(root.set === null ? [] : describeSet(root, root.set, facts)),
  ]);
}

/** Messages of the vault's and the store's client are for the log. */
function describeFailure({ thumbprint: name, source, set, failure }: RootState): string[] {
  const root = `root key ${name ?? 'that was not read yet'}`;
  if (failure instanceof KeySetMissingError) return [`${root}: ${failure.message}`];
  if (source !== 'upload' && (set === null || failure !== null)) return [`${root} does not sign: ${LOOK}`];
  return failure === null
    ? []
    : [`${root}: the store does not answer, and the last key set is served: look at the storage account`];
}

function describeSet(root: RootState, { claims }: ServedSet, { keys, life, at }: TroubleFacts): string[] {
  const isUpload = root.source === 'upload';
  const name = `the key set under root key ${root.thumbprint ?? ''}`;
  const troubles: string[] = [];
  if (claims.exp * 1_000 - at < WARN_BEFORE_END) {
    const toDo = isUpload ? SIGN : LOOK;
    troubles.push(`${name} ends on ${formatInstant(claims.exp * 1_000)}: ${toDo}`);
  }
  if (claims.life < life) {
    const toDo = `licences are cut short; sign a set with --life ${life}`;
    troubles.push(`${name} has a life of ${claims.life} seconds, and LICENCE_LIFE_SECONDS is ${life}: ${toDo}`);
  }
  const served = new Set(claims.keys.map(({ kid }) => kid));
  const missing = keys.filter((key) => key.state !== 'retired' && !served.has(thumbprint(key.publicJwk)));
  if (isUpload && missing.length > 0) {
    const kids = missing.map((key) => thumbprint(key.publicJwk)).join(', ');
    troubles.push(`${name} does not have the signing key ${kids}, which therefore does not sign: ${SIGN}`);
  }
  return troubles;
}
