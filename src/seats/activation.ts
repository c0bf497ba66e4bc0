import type { DayHours } from '../contract/dayHours.ts';

/** A challenge's place in the order in which challenges were issued: time in milliseconds, then `jti`. */
export interface ChallengeMark {
  readonly ms: number;
  readonly jti: string;
}

/**
 * `numbered`: one of the pool's counted seats. `uncounted`: given while seats were unlimited. `none`: it was given to
 * another VM when the lease had ended.
 */
export type Seat =
  { readonly kind: 'numbered'; readonly number: number } | { readonly kind: 'uncounted' } | { readonly kind: 'none' };

/** A key that was replaced while a licence under it had not expired. */
interface KeyChange {
  /** RFC 7638 thumbprint of the earlier key; `null` if licences were not bound to one. */
  readonly from: string | null;
  readonly at: number;
  /** `exp` of the last licence under the earlier key: until then the change counts. */
  readonly until: number;
}

/** One VM in one pool of seats. Times are milliseconds since the epoch. */
export interface Activation {
  /** Lower-case UUID. */
  readonly vmId: string;
  /** Of the subscription that the VM was in at the last issue. */
  readonly cloud: string;
  readonly subscriptionId: string;
  /** The licence as it was named at the last issue. */
  readonly licenceId: string;
  /** The name of the offer at the last issue, `publisher/product/plan`; empty if the VM never came. */
  readonly offer: string;
  readonly seat: Seat;
  /** RFC 7638 thumbprint of the key that the newest licence is bound to. */
  readonly jkt: string | null;
  /** The latest `exp` of a licence issued under that key. */
  readonly keyUntil: number;
  readonly keyChanges: readonly KeyChange[];
  /** The newest challenge for which a licence was issued; `null` if there was none yet. */
  readonly challenge: ChallengeMark | null;
  /**
   * `jti` of the newest licence or, after it was given back, the id of that release. A write is known by it as one's own:
   * two requests may carry the same challenge, but not this.
   */
  readonly licenceJti: string | null;
  /** The newest licence of this pool: its issue and its `exp`. 0 if there was none yet. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** What the ledger says of the newest day that it has for this VM; `null` if it has none yet. */
  readonly counted: DayHours | null;
  /** Since when the VM's seat is beyond those that were bought; `null` if it is not. */
  readonly overSince: number | null;
  /** The name of the pool that the VM has gone on in: this row is not renewed any more. `null` while it is the VM's newest. */
  readonly movedTo: string | null;
  /** How often the VM had passed to another pool when it came to this one. */
  readonly moves: number;
  readonly leaseEnd: number;
  /** The latest `graceUntil` of a licence issued to this VM: until then its software may run. 0 if there was none yet. */
  readonly graceUntil: number;
  readonly region: string | null;
  readonly sku: string;
  /** The client's name and version, its own word. */
  readonly client: string | null;
  /** A name of the machine for people, its own word. Nothing is decided on it, and no other row has it. */
  readonly label: string | null;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly blocked: boolean;
}
