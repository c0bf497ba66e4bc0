import type { ChallengeMark } from './activation.ts';

/** Whether a challenge was issued after the newest one honoured: by time, then by `jti`. The same one is not newer. */
export function isNewer(challenge: ChallengeMark, newest: ChallengeMark | null): boolean {
  if (newest === null || challenge.ms > newest.ms) return true;
  return challenge.ms === newest.ms && challenge.jti > newest.jti;
}
