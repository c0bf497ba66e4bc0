/** How a check ends. The same words in the library, in the agent and behind its exit codes. */
export const LICENCE_STATES = [
  /** A valid licence is at hand. */
  'licensed',
  /** The licence has expired, and only an outage keeps it from being renewed: the software may run until `graceUntil`. */
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
