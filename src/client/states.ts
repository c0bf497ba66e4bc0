import type { Standing } from './licence/standing.ts';

/** How a check ends. The same words in the library, in the agent and behind its exit codes. */
export const LICENCE_STATES = [
  /** A valid licence is at hand. */
  'licensed',
  /** The licence has expired and could not be renewed: the software may run until `graceUntil`. */
  'grace',
  /** A signed denial: stop. */
  'denied',
  /** No licence: the evidence or the plan was not accepted. */
  'refused',
  'not_in_azure',
  /** No licence: the service or IMDS did not answer, or not as itself. */
  'unreachable',
  /** No licence: something on this machine has to be set right. */
  'misconfigured',
] as const;

export type LicenceState = (typeof LICENCE_STATES)[number];

/** What is in hand: a licence, and where it stands by the time that counts. */
export type Hand = Standing | 'nothing';

/** What a check has found out. */
type FindingKind =
  /** IMDS names the VM of the licence, and nothing is due. */
  | 'confirmed'
  /** The service has issued a licence that passed every check. */
  | 'issued'
  /** A signed denial, or one that is kept. */
  | 'denied'
  /** Anything else. */
  | 'failed';

/** `own`: the state that belongs to the failure's code. */
type Outcome = 'licensed' | 'grace' | 'denied' | 'own';

const ALWAYS = <State extends Outcome>(state: State) =>
  ({ current: state, due: state, expired: state, ended: state, nothing: state }) as const;

/** All states there are: what is in hand decides what a failure means, and only a signed denial decides over that. */
export const STATES = {
  confirmed: ALWAYS('licensed'),
  issued: ALWAYS('licensed'),
  denied: ALWAYS('denied'),
  failed: { current: 'licensed', due: 'licensed', expired: 'grace', ended: 'own', nothing: 'own' },
} as const satisfies Readonly<Record<FindingKind, Readonly<Record<Hand, Outcome>>>>;
