import type { RestoreMark, RestoreMarkStore } from '../catalogue/restoreMark.ts';
import type { CatalogueStore } from '../catalogue/store.ts';
import type { DecisionStore } from '../decisions/store.ts';
import type { Log, UseCase } from '../http/edge.ts';
import type { Challenges } from '../tokens/challenges.ts';
import { KeySetMissingError } from '../tokens/keySets/keySets.ts';
import type { KeySets } from '../tokens/keySets/keySets.ts';
import { probeRoot } from './probeRoot.ts';
import type { Probe, ProbeState, RootProbeNeeds } from './probeRoot.ts';
import { replyJson } from '../http/problems.ts';

export interface Readiness {
  readonly state: ProbeState;
  readonly probedAt: string;
  readonly probes: Readonly<Record<'store' | 'signingKey' | 'root' | 'pins' | 'challengeSecret', Probe>>;
}

export interface ReadinessNeeds extends RootProbeNeeds {
  readonly store: Pick<CatalogueStore, 'holdsAnOffer'> &
    Pick<DecisionStore, 'holdsADecision'> &
    Pick<RestoreMarkStore, 'readRestoreMark'>;
  readonly keySets: Pick<KeySets, 'read' | 'readSigner'>;
  readonly challenges: Challenges;
  /** @param at milliseconds since the epoch */
  readonly probePins: (at: number, log: Log) => Promise<Probe>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Milliseconds that an answer is kept: probes cost, and anybody may ask. */
const MAX_AGE = 10_000;

const RANK = { ok: 0, degraded: 1, failed: 2 } as const;

export type ReadReadiness = (log: Log) => Promise<Readiness>;

/** Probes what the service needs at most once in ten seconds, however often it is asked. */
export function createReadReadiness(needs: ReadinessNeeds): ReadReadiness {
  let probed: { readonly at: number; readonly answer: Promise<Readiness> } | null = null;
  return (log) => {
    const at = needs.now();
    if (probed === null || at - probed.at >= MAX_AGE || at < probed.at) {
      probed = { at, answer: probeAll(needs, at, log) };
    }
    return probed.answer;
  };
}

/** `GET /readyz` */
export function answerReadiness({ readReadiness }: { readonly readReadiness: ReadReadiness }): UseCase {
  return async ({ log }) => {
    const readiness = await readReadiness(log);
    return replyJson(readiness.state === 'failed' ? 503 : 200, readiness);
  };
}

async function probeAll(needs: ReadinessNeeds, at: number, log: Log): Promise<Readiness> {
  const [store, signingKey, root, pins] = await Promise.all([
    probeStore(needs, log),
    probeSigningKey(needs, at, log),
    probeRoot(needs, at, log),
    needs.probePins(at, log),
  ]);
  const probes = { store, signingKey, root, pins, challengeSecret: probeChallengeSecret(needs, at) };
  const states = Object.values(probes).map(({ state }) => state);
  const [worst = 'failed'] = states.sort((left, right) => RANK[right] - RANK[left]);
  return { state: worst, probedAt: new Date(at).toISOString(), probes };
}

async function probeStore({ store }: ReadinessNeeds, log: Log): Promise<Probe> {
  try {
    const [holdsAnOffer, restored] = await Promise.all([store.holdsAnOffer(), store.readRestoreMark()]);
    const unconfirmed = restored === null ? null : probeRestored(restored.value);
    if (unconfirmed !== null) return unconfirmed;
    if (holdsAnOffer) return { state: 'ok', detail: 'answers, and holds an offer' };
    // A decision shows that the store was in use before. Without one this is a first deployment.
    if (await store.holdsADecision()) return EMPTIED;
    return { state: 'degraded', detail: 'answers, but holds no offer yet: apply the catalogue' };
  } catch (error) {
    log('error', 'store_probe_failed', { reason: nameOf(error) });
    return { state: 'failed', detail: 'does not answer: look at the storage account and the identity’s role on it' };
  }
}

/** Somebody has to go on with it: until then no refusal is signed. */
function probeRestored({ finishedAt, confirmedAt }: RestoreMark): Probe | null {
  if (finishedAt === null)
    return {
      state: 'degraded',
      detail: 'is being restored: if that stopped, run countersign restore with the same file',
    };
  if (confirmedAt !== null) return null;
  return {
    state: 'degraded',
    detail: 'was restored, and no denial is signed: look at what was restored, then run countersign restore confirm',
  };
}

const EMPTIED: Probe = {
  state: 'failed',
  detail: 'answers, but holds no offer any more: restore it from a backup, or apply the catalogue again',
};

async function probeSigningKey({ keySets, signingKeys }: ReadinessNeeds, at: number, log: Log): Promise<Probe> {
  try {
    const signer = await keySets.readSigner(at);
    await signer.sign(Buffer.from('readiness'));
    const { troubles } = await signingKeys.readPublished(at);
    const detail = [`signs, kid ${signer.kid}`, ...troubles].join('; ');
    return { state: troubles.length === 0 ? 'ok' : 'degraded', detail };
  } catch (error) {
    log('error', 'signing_probe_failed', { reason: nameOf(error) });
    if (error instanceof KeySetMissingError)
      return { state: 'failed', detail: 'may not sign: no signed key set is served' };
    return { state: 'failed', detail: 'does not sign: look at the key and the identity’s role on it' };
  }
}

/** A challenge that this instance issues must be one that it takes. */
function probeChallengeSecret({ challenges }: ReadinessNeeds, at: number): Probe {
  const { challenge } = challenges.issue({ at });
  return challenges.check(challenge, at).ok
    ? { state: 'ok', detail: 'issues and takes challenges' }
    : { state: 'failed', detail: 'a challenge of its own is refused: look at CHALLENGE_SECRETS' };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
