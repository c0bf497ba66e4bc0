import { createHash, randomBytes } from 'node:crypto';

import type { SubscriptionKey } from './holding.ts';

/** One subscription that a code attaches. */
export interface ClaimUse extends SubscriptionKey {
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
  /** Whether the licence was written: then the use is over. */
  readonly done: boolean;
}

/** A code that attaches subscriptions to a licence. The code itself is not kept. Times are milliseconds since the epoch. */
export interface ClaimCode {
  /** Made of a digest of the code: whoever has the code has the id, and not the other way round. */
  readonly id: string;
  /** Of the licence. */
  readonly licenceId: string;
  readonly uses: number;
  readonly used: readonly ClaimUse[];
  readonly until: number | null;
  readonly note: string;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** Letters and digits that people do not take for one another (Crockford's base 32). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const OCTETS = 16;
const GROUP = 5;

/** A new code: 128 random bits as 26 characters in groups, `K7D2X-…`. */
export function createCode(random: (octets: number) => Uint8Array = randomBytes): string {
  let bits = BigInt(`0x${Buffer.from(random(OCTETS)).toString('hex')}`);
  let text = '';
  for (let length = 0; length < 26; length += 1) {
    text = (ALPHABET[Number(bits & 31n)] ?? '') + text;
    bits >>= 5n;
  }
  return text.match(new RegExp(`.{1,${GROUP}}`, 'g'))?.join('-') ?? text;
}

const CODE = /^[0-9A-Z]{26}$/;

/** The id of a code as somebody typed it; `null` for what is no code. */
export function claimIdOf(code: string): string | null {
  const text = code.replace(/[\s-]/g, '').toUpperCase().replace(/[IL]/g, '1').replace(/O/g, '0');
  if (!CODE.test(text)) return null;
  return createHash('sha256').update(`countersign-claim\n${text}`).digest('hex').slice(0, 32);
}

/** How long a use that was begun and not ended can be gone on with: its request was cut short. */
const UNFINISHED = 10 * 60_000;

/** What a use of a code leads to; `null` where it cannot be used. */
export function planUse(claim: ClaimCode, { cloud, subscriptionId }: SubscriptionKey, at: number): ClaimCode | null {
  const own = claim.used.find((use) => use.cloud === cloud && use.subscriptionId === subscriptionId);
  if (own !== undefined) return !own.done && at < own.at + UNFINISHED ? claim : null;
  if (claim.until !== null && at >= claim.until) return null;
  if (claim.used.length >= claim.uses) return null;
  return { ...claim, used: [...claim.used, { cloud, subscriptionId, at, done: false }] };
}

/** The code with one use ended. */
export function endUse(claim: ClaimCode, { cloud, subscriptionId }: SubscriptionKey): ClaimCode {
  const isOwn = (use: ClaimUse) => use.cloud === cloud && use.subscriptionId === subscriptionId;
  return { ...claim, used: claim.used.map((use) => (isOwn(use) ? { ...use, done: true } : use)) };
}
