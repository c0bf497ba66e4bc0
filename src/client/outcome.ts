import { formatInstant } from '../contract/instants.ts';
import type { LicenceClaims } from '../contract/claims.ts';
import { MEANINGS } from './clientError.ts';
import type { ClientError } from './clientError.ts';
import type { ServiceProblem } from './problem.ts';
import type { LicenceState } from './states.ts';
import type { Standing } from './standing.ts';

/** The answer of `checkLicence`. */
export interface LicenceCheck {
  readonly state: LicenceState;
  /** The verified claims: there when the state is `licensed` or `grace`. */
  readonly licence?: LicenceClaims;
  /** What went wrong, also when a licence at hand made up for it: one of `CLIENT_CODES`, or the service's own code. */
  readonly code?: string;
  /** For people: what happened and what to do. */
  readonly reason: string;
  /** Names the request in the vendor's logs. */
  readonly correlationId?: string;
}

/** Why no new licence was had. */
export interface Trouble {
  readonly state: LicenceState;
  readonly code: string;
  readonly reason: string;
  readonly correlationId?: string;
}

export function troubleOfError(error: ClientError): Trouble {
  return { state: MEANINGS[error.code].state, code: error.code, reason: error.message };
}

/** Problems that starting again later may cure; they say nothing about the licence. */
const OUTAGE_CODES: readonly string[] = ['issuer_unknown', 'challenge_expired', 'challenge_replayed'];

export function troubleOfProblem(problem: ServiceProblem): Trouble {
  const outage = problem.status === 429 || problem.status >= 500 || OUTAGE_CODES.includes(problem.code);
  const { code, reason, correlationId } = problem;
  const trouble: Trouble = { state: outage ? 'unreachable' : 'refused', code, reason };
  return correlationId === undefined ? trouble : { ...trouble, correlationId };
}

export function licensed(licence: LicenceClaims, problem?: Trouble): LicenceCheck {
  const until = `The licence is valid until ${formatInstant(licence.exp * 1000)}.`;
  if (problem === undefined) return { state: 'licensed', licence, reason: until };
  return { ...problem, state: 'licensed', licence, reason: `${until} It could not be renewed: ${problem.reason}` };
}

/** A valid licence that could not be written to the disk. */
export function licensedUnkept(licence: LicenceClaims, error: ClientError): LicenceCheck {
  return { state: 'licensed', licence, code: error.code, reason: error.message };
}

export function denied(code: string, problem: ServiceProblem): LicenceCheck {
  const reason = `The service has signed that this VM has no licence: ${problem.reason}`;
  const check: LicenceCheck = { state: 'denied', code, reason };
  return problem.correlationId === undefined ? check : { ...check, correlationId: problem.correlationId };
}

/**
 * What is left when no new licence was had: the one at hand while it is valid, then its grace (which no unsigned refusal
 * ends), then the trouble itself.
 */
export function fallBack(
  held: { claims: LicenceClaims; standing: Standing } | undefined,
  trouble: Trouble,
): LicenceCheck {
  if (held === undefined) return trouble;
  const { claims, standing } = held;
  if (standing === 'current' || standing === 'due') return licensed(claims, trouble);
  if (standing !== 'expired') return trouble;
  const until = formatInstant(claims.licence.graceUntil * 1000);
  const reason = `The licence has expired; the software may run on until ${until}. It could not be renewed: ${trouble.reason}`;
  return { ...trouble, state: 'grace', licence: claims, reason };
}
