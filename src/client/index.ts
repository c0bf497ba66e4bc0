/**
 * `@countersign/client`: asks for a licence with the word of Azure, and keeps it. `checkLicence` is all that most programs
 * need.
 */
export { checkLicence } from './checkLicence.ts';
export { CLIENT_CODES } from './clientError.ts';
export { LICENCE_STATES } from './states.ts';

export type { ClientCode } from './clientError.ts';
export type { JwkSet } from './keySet.ts';
export type { LicenceCheck } from './outcome.ts';
export type { LicenceState } from './states.ts';
export type { Progress, ReportProgress } from './progress.ts';
export type { CheckOptions } from './settings.ts';
export type { Standing } from './standing.ts';
export type { Surroundings } from './surroundings.ts';
export type { Features, LicenceClaims } from '../contract/claims.ts';
export type { ProblemCode } from '../contract/codes.ts';
