import type { CheckFacts } from '../../contract/attestation.ts';
import type { Warn } from './liveTrust.ts';
import type { IssuerStore } from './unknownIssuer.ts';

type UnknownIssuerFacts = Extract<CheckFacts, { code: 'issuer_unknown' }>;

/** Writes down an issuer that no pin knows: how a change of Azure's CAs looks. Never fails. */
export type IssuerNotes = (issuer: UnknownIssuerFacts, at: number, log: Warn) => Promise<void>;

/** Milliseconds: strangers can send such documents, and this is the one row that they can cause. */
const INTERVAL = 60_000;

/** At most one write a minute, whatever the issuers. */
export function createIssuerNotes(store: Pick<IssuerStore, 'noteIssuer'>): IssuerNotes {
  let next = 0;
  return async ({ issuer, keyIdentifier, cloud }, at, log) => {
    if (at < next) return;
    // The form that operators look up: the name, and the key that tells two CAs of one name apart.
    const name = `"${issuer ?? ''}", key identifier ${keyIdentifier ?? 'none'}`;
    next = at + INTERVAL;
    try {
      await store.noteIssuer({ name, cloud, at });
    } catch (error) {
      log('warn', 'issuer_not_noted', { reason: error instanceof Error ? error.name : 'unknown' });
    }
  };
}
