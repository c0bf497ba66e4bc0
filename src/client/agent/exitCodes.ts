import type { LicenceState } from '../states.ts';

/** What the process ends with. Scripts and units compare these: they never change. */
export const EXIT: Readonly<Record<LicenceState, number>> = {
  licensed: 0,
  grace: 0,
  denied: 10,
  refused: 11,
  not_in_azure: 12,
  unreachable: 13,
  misconfigured: 14,
};

/** `check --strict` in grace. */
export const EXIT_STRICT_GRACE = 9;
/** The command line cannot be understood (EX_USAGE of sysexits.h). */
export const EXIT_USAGE = 64;
/** A fault of the agent (EX_SOFTWARE of sysexits.h). */
export const EXIT_FAULT = 70;
