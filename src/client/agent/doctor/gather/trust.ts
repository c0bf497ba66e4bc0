import { ClientError } from '../../../clientError.ts';
import { asObject } from '../../../members.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import type { Circumstances } from './circumstances.ts';

/** Whose keys count. */
export interface TrustEvidence {
  readonly kind: 'rootKeys' | 'keySet' | 'first-use';
  readonly issuer: string;
  /** Thumbprints, which are no secret. */
  readonly rootKeys: readonly string[];
  /** False where a shipped key set has no key. */
  readonly isUsable: boolean;
}

export function lookAtTrust({ agent }: Circumstances): TrustEvidence | NotLookedAt {
  const { session, configuration } = agent;
  if (!(session instanceof ClientError)) {
    const { issuer, trust } = session.settings;
    return { kind: trust.kind, issuer, rootKeys: trust.kind === 'rootKeys' ? trust.rootKeys : [], isUsable: true };
  }
  const isEmpty = session.code === 'shipped_key_set_unusable' && asObject(configuration.options['trust']) !== undefined;
  if (!isEmpty) return { notLookedAt: 'The configuration does not say whose keys count.' };
  return { kind: 'keySet', issuer: String(configuration.options['issuer']), rootKeys: [], isUsable: false };
}
