import { formatInstant } from '../contract/instants.ts';
import type { Log } from '../http/edge.ts';
import { findRootTroubles } from '../tokens/keySets/rootTroubles.ts';
import type { KeySets, RootState } from '../tokens/keySets/keySets.ts';
import type { SigningKeys } from '../tokens/signingKeys.ts';

export type ProbeState = 'ok' | 'degraded' | 'failed';

/** One thing that the service needs, and what an operator has to know of it. */
export interface Probe {
  readonly state: ProbeState;
  readonly detail: string;
}

export interface RootProbeNeeds {
  readonly keySets: Pick<KeySets, 'read'>;
  readonly signingKeys: Pick<SigningKeys, 'readPublished'>;
  /** Seconds: the most from the issue of a licence to the end of its grace. */
  readonly licenceLife: number;
}

const NO_ROOT = 'no root key is set, which only a loopback issuer may do: clients trust the key set on first use';

/**
 * Whether clients that carry a root key get a key set that they believe. It is degraded where something has to be done
 * before the set ends, and failed where none is served.
 */
export async function probeRoot(needs: RootProbeNeeds, at: number, log: Log): Promise<Probe> {
  try {
    const roots = await needs.keySets.read(at);
    const [first] = roots;
    if (first === undefined) return { state: 'ok', detail: NO_ROOT };
    noteFailures(roots, log);
    const troubles = findRootTroubles(roots, {
      keys: await readSigningKeys(needs, at),
      life: needs.licenceLife,
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
async function readSigningKeys({ signingKeys }: RootProbeNeeds, at: number) {
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
