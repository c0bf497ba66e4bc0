import { refuse, type Refusal } from './reply.ts';

/** What IMDS answers with when it answers nothing else: the article's statuses, and 403 of the Metadata Security Protocol. */
const ERRORS = {
  403: 'Forbidden. The Metadata Security Protocol does not allow this process to use IMDS',
  404: 'Not found',
  410: 'Gone. Try again later',
  429: 'Too many requests',
  500: 'Service error',
  503: 'Service unavailable',
} as const;

export type Status = keyof typeof ERRORS;

export const STATUSES = Object.keys(ERRORS).map(Number) as readonly Status[];

export function isStatus(status: number): status is Status {
  return Object.hasOwn(ERRORS, status);
}

export function refuseWith(status: Status): Refusal {
  return refuse(status, ERRORS[status]);
}
