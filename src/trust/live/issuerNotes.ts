import type { Check } from '../../contract/attestation.ts';
import type { Warn } from './liveTrust.ts';
import type { IssuerStore } from './unknownIssuer.ts';

/** Writes down an issuer that no pin knows: how a change of Azure's CAs looks. Never fails. */
export type IssuerNotes = (checks: readonly Check[], at: number, log: Warn) => Promise<void>;

/** Milliseconds: strangers can send such documents, and this is the one row that they can cause. */
const INTERVAL = 60_000;

/** At most one write a minute, whatever the issuers. */
export function createIssuerNotes(store: Pick<IssuerStore, 'noteIssuer'>): IssuerNotes {
  let next = 0;
  return async (checks, at, log) => {
    const name = issuerName(checks);
    if (at < next || name === null) return;
    next = at + INTERVAL;
    try {
      await store.noteIssuer({ name, cloud: null, at });
    } catch (error) {
      log('warn', 'issuer_not_noted', { reason: error instanceof Error ? error.name : 'unknown' });
    }
  };
}

/** The verifier's words on the path: `…: "common name", key identifier HEX`. */
function issuerName(checks: readonly Check[]): string | null {
  const detail = checks.find(({ name, outcome }) => name === 'path' && outcome === 'failed')?.detail ?? '';
  const start = detail.indexOf(': "');
  return start < 0 ? null : detail.slice(start + 2);
}
