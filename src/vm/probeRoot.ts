import { formatInstant } from '../contract/instants.ts';
import type { Log } from '../http/edge.ts';
import { findRootTroubles } from '../tokens/keySets/rootTroubles.ts';
import type { RootState } from '../tokens/keySets/keySets.ts';
import type { Parts } from '../app/parts.ts';
import type { Probe } from './readiness.ts';

type ProbedParts = Pick<Parts, 'keySets' | 'signingKeys' | 'config'>;

const NO_ROOT = 'no root key is set, which only a loopback issuer may do: clients trust the key set on first use';

/**
 * Whether clients that carry a root key get a key set that they believe. It is degraded where something has to be done
 * before the set ends, and failed where none is served.
 */
export async function probeRoot(parts: ProbedParts, at: number, log: Log): Promise<Probe> {
  try {
    const roots = await parts.keySets.read(at);
    const [first] = roots;
    if (first === undefined) return { state: 'ok', detail: NO_ROOT };
    noteFailures(roots, log);
    const troubles = findRootTroubles(roots, {
      keys: await readSigningKeys(parts, at),
      life: parts.config.LICENCE_LIFE_SECONDS,
      at,
    });
    const state = first.set === null ? 'failed' : troubles.length > 0 ? 'degraded' : 'ok';
    return { state, detail: troubles.length > 0 ? troubles.join('; ') : describe(roots) };
  } catch (error) {
    log('error', 'root_probe_failed', { reason: error instanceof Error ? error.message : 'unknown' });
    return { state: 'failed', detail: 'the signed key sets cannot be read: look at the store and the signing key' };
  }
}

/** Whether they can be read is what the probe of the signing key says. */
async function readSigningKeys({ signingKeys }: ProbedParts, at: number) {
  try {
    return (await signingKeys.readPublished(at)).keys;
  } catch {
    return [];
  }
}

function noteFailures(roots: readonly RootState[], log: Log): void {
  for (const { thumbprint, failure } of roots) {
    if (failure !== null) log('error', 'root_probe_failed', { root: thumbprint, reason: failure.message });
  }
}

function describe(roots: readonly RootState[]): string {
  return roots
    .map(({ thumbprint, set }) => {
      const end = set === null ? '' : formatInstant(set.claims.exp * 1_000);
      return `root key ${thumbprint ?? ''}, its key set ends on ${end}`;
    })
    .join('; ');
}
