import { formatInstant } from '../contract/instants.ts';
import type { Features } from '../contract/claims.ts';
import type { LicenceClaims } from './licence/licenceClaims.ts';
import type { Standing } from './licence/standing.ts';
import { STATES } from './states.ts';
import type { LicenceState } from './states.ts';

/** A licence for programs. Times are RFC 3339 UTC. */
export interface Licence {
  readonly id: string;
  /** What Azure attested, or the offer that was claimed. */
  readonly plan: { readonly publisher: string; readonly product: string; readonly name: string };
  /** The vendor's own settings. */
  readonly features: Features;
  readonly vmId: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** When the client renews it. */
  readonly renewAfter: string;
  /** How long the software may run on the expired licence while it cannot be renewed. */
  readonly graceUntil: string;
  /** True where the VM's seat is one beyond those that were bought. */
  readonly over?: boolean;
  /** The end of the subscription's trial; absent outside a trial. */
  readonly trialEndsAt?: string;
  /** `production` or `development`; absent in a trial and where the Marketplace alone licenses. */
  readonly class?: string;
  /** The signed licence itself (compact JWS). */
  readonly token: string;
}

/** What went wrong. */
export interface Trouble {
  /** One of `CLIENT_CODES`, or the service's own code. Stable. */
  readonly code: string;
  /** For people: what happened, what to do. */
  readonly reason: string;
  /** Names the request in the vendor's logs. */
  readonly correlationId?: string;
}

interface Untroubled {
  readonly code?: never;
  readonly reason?: never;
  readonly correlationId?: never;
}

interface Timing {
  /** RFC 3339 UTC: when the next check makes sense. `watch` keeps to it. */
  readonly nextCheckAt: string;
  /** RFC 3339 UTC: since when this client has answered with this state. */
  readonly since: string;
}

/** What a check answers, without its timing. With a `code`, `licensed` means: valid, but something needs attention. */
export type Result =
  | ({ readonly state: 'licensed'; readonly licence: Licence } & (Trouble | Untroubled))
  | ({ readonly state: 'grace'; readonly licence: Licence } & Trouble)
  | ({ readonly state: Exclude<LicenceState, 'licensed' | 'grace'>; readonly licence?: never } & Trouble);

/** What a check answers. */
export type Answer = Result & Timing;

/** Why there is no new licence, and the state that this is without one. */
export interface Failure extends Trouble {
  readonly state: Exclude<LicenceState, 'licensed' | 'grace' | 'denied'>;
  /** Milliseconds that the other side asked to wait. */
  readonly retryAfter?: number;
}

/** A licence in hand and where it stands. */
export interface HandOf {
  readonly token: string;
  readonly claims: LicenceClaims;
  readonly standing: Standing;
  /** Milliseconds since the epoch: the time that counts for it. */
  readonly at: number;
}

/** What a check has found out, with what belongs to it. */
export type Finding =
  /** `trouble`: the licence counts, and something else needs attention. */
  | { readonly kind: 'confirmed' | 'issued'; readonly hand: HandOf; readonly trouble?: Trouble }
  | { readonly kind: 'denied'; readonly denial: Trouble }
  | { readonly kind: 'failed'; readonly hand: HandOf | undefined; readonly failure: Failure };

/** The result of a check, by the table of states. */
export function resultOf(finding: Finding): Result {
  switch (finding.kind) {
    case 'confirmed':
    case 'issued': {
      const { hand, kind, trouble } = finding;
      return { state: STATES[kind][hand.standing], licence: flatten(hand), ...trouble };
    }
    case 'denied':
      return { state: STATES.denied.nothing, ...finding.denial };
    case 'failed':
      return fallBack(finding.hand, finding.failure);
  }
}

/** The rules of grace: no outage and no unsigned refusal ends a licence in hand before its time. */
function fallBack(hand: HandOf | undefined, failure: Failure): Result {
  const { state } = failure;
  const trouble = troubleOf(failure);
  if (hand === undefined) return { state, ...trouble };
  const outcome = STATES.failed[hand.standing];
  const explained = { ...trouble, reason: `${describe(hand)} ${trouble.reason}` };
  return outcome === 'own' ? { state, ...explained } : { state: outcome, licence: flatten(hand), ...explained };
}

/** What of a failure goes into an answer, whatever the state. */
export function troubleOf({ code, reason, correlationId }: Failure): Trouble {
  return correlationId === undefined ? { code, reason } : { code, reason, correlationId };
}

const SENTENCES: Readonly<Record<Standing, (expiry: string, grace: string) => string>> = {
  current: (expiry) => `The licence is valid until ${expiry}.`,
  due: (expiry) => `The licence is valid until ${expiry} and could not be renewed.`,
  expired: (expiry, grace) => `The licence expired at ${expiry}; the software may run until ${grace}.`,
  ended: (expiry, grace) => `The licence expired at ${expiry} and its grace ended at ${grace}.`,
};

function describe({ claims, standing }: HandOf): string {
  return SENTENCES[standing](instant(claims.exp), instant(claims.licence.graceUntil));
}

/** A licence for programs. */
export function flatten({ token, claims }: Pick<HandOf, 'token' | 'claims'>): Licence {
  const { azure, iat, exp, licence } = claims;
  const { id, plan, features, renewAfter, graceUntil, over, trialEndsAt, class: kind } = licence;
  return {
    ...{ id, plan, features, vmId: azure.vmId },
    ...{ issuedAt: instant(iat), expiresAt: instant(exp) },
    ...{ renewAfter: instant(renewAfter), graceUntil: instant(graceUntil) },
    ...(over === undefined ? {} : { over }),
    ...(trialEndsAt === undefined ? {} : { trialEndsAt: instant(trialEndsAt) }),
    ...(kind === undefined ? {} : { class: kind }),
    token,
  };
}

function instant(seconds: number): string {
  return formatInstant(seconds * 1000);
}
