import type { LicenceCode } from '../contract/codes.ts';
import type { Activation, ChallengeMark } from './activation.ts';
import { isNewer } from './challengeOrder.ts';
import type { Entitlement, LicenceTimes } from '../catalogue/entitlement.ts';
import { judgeKey } from './keyChanges.ts';
import type { KeyHistory, KeyVerdict } from './keyChanges.ts';
import { extendLease } from './lease.ts';

/** What a VM came with. Times are milliseconds since the epoch. */
export interface ActivationRequest {
  readonly vmId: string;
  /** RFC 7638 thumbprint of the key that was proved, if any. */
  readonly jkt?: string | undefined;
  readonly challenge: ChallengeMark;
  /** `jti` of the licence that is to be issued. */
  readonly licenceJti: string;
  readonly region: string | null;
  readonly sku: string;
  /** The client's name and version, its own word. */
  readonly client?: string | undefined;
  /** A name of the machine for people, its own word. */
  readonly label?: string | undefined;
  readonly at: number;
  readonly times: LicenceTimes;
}

/** The VM's row as it will stand, but for its seat. */
export type Issue =
  | { readonly granted: true; readonly activation: Activation; readonly first: boolean; readonly keyChanged: boolean }
  | { readonly granted: false; readonly code: LicenceCode | 'challenge_replayed' };

/** Judges everything that rests on the VM's row alone. Pure; nothing is spent by a refusal. */
export function planIssue(known: Activation | null, entitlement: Entitlement, request: ActivationRequest): Issue {
  if (!isNewer(request.challenge, known?.challenge ?? null)) return { granted: false, code: 'challenge_replayed' };
  if (known?.blocked === true) return { granted: false, code: 'vm_blocked' };
  const key = keyVerdict(known, entitlement, request);
  if (!key.accepted) return { granted: false, code: 'key_changed' };
  return {
    granted: true,
    activation: nextRow(known, entitlement, request, key.history),
    first: (known?.challenge ?? null) === null,
    keyChanged: key.changed,
  };
}

function keyVerdict(known: Activation | null, entitlement: Entitlement, request: ActivationRequest): KeyVerdict {
  const use = { jkt: request.jkt ?? null, at: request.at, expiresAt: request.times.expiresAt };
  const history = known ?? { jkt: use.jkt, keyUntil: 0, keyChanges: [] };
  return judgeKey(history, use, entitlement.keyChanges);
}

function nextRow(
  known: Activation | null,
  entitlement: Entitlement,
  request: ActivationRequest,
  history: KeyHistory,
): Activation {
  // A row without a challenge is an operator's, made before the VM ever came.
  const seen = known?.challenge === null ? null : known;
  return {
    vmId: request.vmId,
    licenceId: entitlement.licenceId,
    seat: known?.seat ?? { kind: 'none' },
    ...history,
    challenge: request.challenge,
    licenceJti: request.licenceJti,
    leaseEnd: extendLease(known?.leaseEnd ?? 0, request.times),
    graceUntil: Math.max(known?.graceUntil ?? 0, request.times.graceUntil),
    region: request.region,
    sku: request.sku,
    client: request.client ?? null,
    label: request.label ?? null,
    firstSeen: seen?.firstSeen ?? request.at,
    lastSeen: Math.max(known?.lastSeen ?? 0, request.at),
    blocked: false,
  };
}
