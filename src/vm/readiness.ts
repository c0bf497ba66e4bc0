import type { Log, UseCase } from '../http/edge.ts';
import { KeySetMissingError } from '../tokens/keySets/keySets.ts';
import type { Parts } from '../app/parts.ts';
import { probeRoot } from './probeRoot.ts';
import { replyJson } from '../http/problems.ts';

export type ProbeState = 'ok' | 'degraded' | 'failed';

/** One thing that the service needs, and what an operator has to know of it. */
export interface Probe {
  readonly state: ProbeState;
  readonly detail: string;
}

export interface Readiness {
  readonly state: ProbeState;
  readonly probedAt: string;
  readonly probes: Readonly<Record<'store' | 'signingKey' | 'root' | 'pins' | 'challengeSecret', Probe>>;
}

/** Milliseconds that an answer is kept: probes cost, and anybody may ask. */
const MAX_AGE = 10_000;

const RANK = { ok: 0, degraded: 1, failed: 2 } as const;

/** Probes what the service needs, at most once in ten seconds however often it is asked. */
export function createReadiness(parts: Parts, probePins: (at: number) => Probe): UseCase {
  let probed: { readonly at: number; readonly answer: Promise<Readiness> } | null = null;
  return async ({ log }) => {
    const at = parts.now();
    if (probed === null || at - probed.at >= MAX_AGE || at < probed.at) {
      probed = { at, answer: probeAll(parts, probePins, at, log) };
    }
    const readiness = await probed.answer;
    return replyJson(readiness.state === 'failed' ? 503 : 200, readiness);
  };
}

async function probeAll(parts: Parts, probePins: (at: number) => Probe, at: number, log: Log): Promise<Readiness> {
  const [store, signingKey, root] = await Promise.all([
    probeStore(parts, log),
    probeSigningKey(parts, at, log),
    probeRoot(parts, at, log),
  ]);
  const probes = { store, signingKey, root, pins: probePins(at), challengeSecret: probeChallengeSecret(parts, at) };
  const states = Object.values(probes).map(({ state }) => state);
  const [worst = 'failed'] = states.sort((left, right) => RANK[right] - RANK[left]);
  return { state: worst, probedAt: new Date(at).toISOString(), probes };
}

async function probeStore({ store }: Parts, log: Log): Promise<Probe> {
  try {
    if (await store.holdsAnOffer()) return { state: 'ok', detail: 'answers, and holds an offer' };
    return { state: 'failed', detail: 'answers, but holds no offer: was it emptied? Apply the catalogue again' };
  } catch (error) {
    log('error', 'store_probe_failed', { reason: nameOf(error) });
    return { state: 'failed', detail: 'does not answer: look at the storage account and the identity’s role on it' };
  }
}

async function probeSigningKey({ signingKeys }: Parts, at: number, log: Log): Promise<Probe> {
  try {
    const signer = await signingKeys.readSigner(at);
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
function probeChallengeSecret({ challenges }: Parts, at: number): Probe {
  const { challenge } = challenges.issue({ at });
  return challenges.check(challenge, at).ok
    ? { state: 'ok', detail: 'issues and takes challenges' }
    : { state: 'failed', detail: 'a challenge of its own is refused: look at CHALLENGE_SECRETS' };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
