import type { Activation } from './activation.ts';
import { CLOCK_SKEW } from '../contract/clocks.ts';

export type KeyHistory = Pick<Activation, 'jkt' | 'keyUntil' | 'keyChanges'>;

/** The licence that is to be issued: under which key, when, until when. */
export interface KeyUse {
  readonly jkt: string | null;
  readonly at: number;
  readonly expiresAt: number;
}

export type KeyVerdict =
  { readonly accepted: true; readonly history: KeyHistory; readonly changed: boolean } | { readonly accepted: false };

/**
 * Judges the key of a licence. Another key than the last one is a change if a licence under the last one has not
 * expired; going back to an earlier key is a change too, and so is no key after one. A change counts until the last
 * licence under the key before it has expired by every instance's clock. So a VM holds live licences for at most `allowed` + 1 keys.
 */
export function judgeKey(history: KeyHistory, use: KeyUse, allowed: number): KeyVerdict {
  const counting = history.keyChanges.filter((change) => change.until + CLOCK_SKEW > use.at);
  if (use.jkt === history.jkt) {
    const keyUntil = Math.max(history.keyUntil, use.expiresAt);
    return { accepted: true, history: { jkt: use.jkt, keyUntil, keyChanges: counting }, changed: false };
  }
  const next = { jkt: use.jkt, keyUntil: use.expiresAt };
  if (history.keyUntil + CLOCK_SKEW <= use.at) {
    return { accepted: true, history: { ...next, keyChanges: counting }, changed: false };
  }
  if (counting.length >= allowed) return { accepted: false };
  const change = { from: history.jkt, at: use.at, until: history.keyUntil };
  return { accepted: true, history: { ...next, keyChanges: [...counting, change] }, changed: true };
}

/** Whether any other key than the last one would be refused now. */
export function isKeySettled(history: KeyHistory, at: number, allowed: number): boolean {
  // No thumbprint is empty, and how long the licence would live does not matter to whether it is given.
  return !judgeKey(history, { jkt: '', at, expiresAt: at }, allowed).accepted;
}
